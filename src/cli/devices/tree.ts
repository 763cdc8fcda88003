import type { InterfaceState } from '../../usb/backend.js';
import { className } from '../../usb/device-class.js';
import { parentPath } from '../../usb/format.js';
import { type AlternateSetting, directionOf } from '../../usb/model.js';
import { endpointName, hex2 } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import type { DeviceDetails } from './details.js';

/** A device in the tree of hubs and ports. */
export interface Branch {
  readonly device: DeviceDetails;
  /** What is drawn before it. */
  readonly prefix: string;
  /** What is drawn before further lines about it. */
  readonly below: string;
}

const UNICODE = { child: '├─ ', lastChild: '└─ ', passing: '│  ', nothing: '   ' };
const ASCII = { child: '|- ', lastChild: '`- ', passing: '|  ', nothing: '   ' };

/**
 * The tree of the devices that are meant and of the hubs above them. A device whose hub is not known
 * hangs on the next hub above that is, or stands for itself.
 *
 * @param devices all devices; their order is that of siblings
 */
export function deviceTree(
  devices: readonly DeviceDetails[],
  isMeant: (device: DeviceDetails) => boolean,
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
  for (const { info } of devices.filter(isMeant)) {
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
    const on = children.get(device.info.path) ?? [];
    const below = trunk + (on.length > 0 ? marks.passing : marks.nothing);
    return [
      { device, prefix, below },
      ...on.flatMap((child, i) => {
        const last = i === on.length - 1;
        return grow(
          child,
          trunk + (last ? marks.lastChild : marks.child),
          trunk + (last ? marks.nothing : marks.passing),
        );
      }),
    ];
  }
}

/** The interfaces and endpoints of a device's active configuration, one a line, for a terminal. */
export function interfaceLines({ info, state }: DeviceDetails): string[] {
  const active = info.configurations.find(({ value }) => value === info.activeConfiguration);
  if (active === undefined) {
    return ['not configured'];
  }
  return active.settings.flatMap((setting) => {
    const own = state.interfaces.find(
      ({ interfaceNumber }) => interfaceNumber === setting.interfaceNumber,
    );
    return [
      interfaceLine(setting, own),
      ...setting.endpoints.map(
        ({ address, type, maxPacketSize }) =>
          `  endpoint ${endpointName(address)}: ${type} ${directionOf(address).toUpperCase()}, ` +
          `${maxPacketSize} bytes`,
      ),
    ];
  });
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
