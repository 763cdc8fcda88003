import type { InterfaceState } from '../../usb/backend.js';
import { className } from '../../usb/device-class.js';
import { formatEndpoint, hex2, parentPath } from '../../usb/format.js';
import { type AlternateSetting, activeConfiguration, directionOf } from '../../usb/model.js';
import { sanitize } from '../terminal/sanitize.js';
import { type DeviceDetails, interfaceState } from './details.js';

/** A line of the tree of hubs and devices. */
export interface Branch {
  readonly device: DeviceDetails;
  /** The branch that is drawn before the device. */
  readonly prefix: string;
  /** The prefix of further lines about the device. */
  readonly below: string;
}

const UNICODE = { child: '├─ ', lastChild: '└─ ', passing: '│  ', nothing: '   ' };
const ASCII = { child: '|- ', lastChild: '`- ', passing: '|  ', nothing: '   ' };

/**
 * Arranges the selected devices below their hubs. A device whose hub is not listed is placed below the
 * nearest listed hub above it, or at the top.
 *
 * @param devices all devices, in the order of siblings
 */
export function deviceTree(
  devices: readonly DeviceDetails[],
  isSelected: (device: DeviceDetails) => boolean,
  unicode: boolean,
): Branch[] {
  const marks = unicode ? UNICODE : ASCII;
  const known = new Set(devices.map(({ info }) => info.path));
  const hubOf = (path: string): string | undefined => {
    let hub = parentPath(path);
    while (hub !== undefined && !known.has(hub)) {
      hub = parentPath(hub);
    }
    return hub;
  };
  const shown = new Set<string>();
  for (const { info } of devices.filter(isSelected)) {
    for (let path: string | undefined = info.path; path !== undefined; path = hubOf(path)) {
      shown.add(path);
    }
  }
  const children = new Map<string | undefined, DeviceDetails[]>();
  for (const device of devices.filter(({ info }) => shown.has(info.path))) {
    const hub = hubOf(device.info.path);
    const siblings = children.get(hub) ?? [];
    siblings.push(device);
    children.set(hub, siblings);
  }
  return (children.get(undefined) ?? []).flatMap((device) => grow(device, '', ''));

  function grow(device: DeviceDetails, prefix: string, trunk: string): Branch[] {
    const own = children.get(device.info.path) ?? [];
    const below = trunk + (own.length > 0 ? marks.passing : marks.nothing);
    return [
      { device, prefix, below },
      ...own.flatMap((child, i) => {
        const last = i === own.length - 1;
        return grow(
          child,
          trunk + (last ? marks.lastChild : marks.child),
          trunk + (last ? marks.nothing : marks.passing),
        );
      }),
    ];
  }
}

/** Formats the interfaces and endpoints of the active configuration, one per line. */
export function interfaceLines(device: DeviceDetails): string[] {
  const { info } = device;
  const active = activeConfiguration(info);
  if (active === undefined) {
    return ['not configured'];
  }
  return active.settings.flatMap((setting) => [
    interfaceLine(setting, interfaceState(device, setting.interfaceNumber)),
    ...setting.endpoints.map(
      ({ address, type, maxPacketSize }) =>
        `  endpoint ${formatEndpoint(address)}: ${type} ${directionOf(address).toUpperCase()}, ` +
        `${maxPacketSize} bytes`,
    ),
  ]);
}

function interfaceLine(setting: AlternateSetting, state: InterfaceState | undefined): string {
  const { interfaceNumber, alternateSetting } = setting;
  const alternate = alternateSetting === 0 ? '' : ` alt ${alternateSetting}`;
  const codes = [setting.interfaceClass, setting.interfaceSubClass, setting.interfaceProtocol].map(
    hex2,
  );
  const facts = [
    `${className(setting.interfaceClass) ?? 'class'} ${codes.join('/')}`,
    state?.name === undefined ? '' : `"${sanitize(state.name)}"`,
    state?.driver === undefined ? '' : `driver ${sanitize(state.driver)}`,
    ...(state?.nodes ?? []).map((text) => sanitize(text)),
  ];
  return `interface ${interfaceNumber}${alternate}: ${facts.filter((fact) => fact !== '').join(', ')}`;
}
