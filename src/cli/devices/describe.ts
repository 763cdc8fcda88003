import type { DescriptorBytes } from '../../usb/backend.js';
import {
  bytesOf,
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  ENDPOINT_FIELDS,
  type Field,
  INTERFACE_FIELDS,
} from '../../usb/descriptors/fields.js';
import {
  type ConfigurationNode,
  type Decoded,
  type EndpointNode,
  parseDescriptorTree,
  type SettingNode,
} from '../../usb/descriptors/tree.js';
import { isHub } from '../../usb/device-class.js';
import { busAddress, ids, signallingRate } from '../terminal/format.js';
import { escapeUnsafe } from '../terminal/sanitize.js';
import type { Paint } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { type DeviceDetails, driversOf } from './details.js';
import { endpointFacts, fieldLines } from './fields.js';
import type { CommandFor } from './record.js';

/** One device in full, for a person. */
export function infoText(
  device: DeviceDetails,
  { descriptors, bos }: DescriptorBytes,
  commandFor: CommandFor,
  paint: Paint,
): string {
  const tree = parseDescriptorTree(descriptors);
  const { info, name } = device;
  return [
    paint('bold', `${ids(info)} ${escapeUnsafe(name)}`.trimEnd()),
    ...indent(overview(device)),
    ...(tree.device === undefined
      ? []
      : section('Device descriptor', descriptorLines(tree.device, DEVICE_FIELDS, device))),
    ...indent(otherLines(tree.others)),
    ...tree.configurations.flatMap(configurationSection),
    ...bytesSection('Undecoded', tree.undecoded),
    ...bytesSection('BOS descriptor', bos ?? new Uint8Array()),
  ].join('\n');

  function section(title: string, lines: readonly string[]): string[] {
    return ['', paint('bold', title), ...indent(lines)];
  }

  function bytesSection(title: string, bytes: Uint8Array): string[] {
    return bytes.length === 0 ? [] : section(title, [hex(bytes)]);
  }

  function configurationSection(node: ConfigurationNode): string[] {
    const value = node.fields.bConfigurationValue;
    const active = value === info.activeConfiguration;
    return section(`Configuration ${value}${active ? ' (active)' : ''}`, [
      ...descriptorLines(node, CONFIGURATION_FIELDS, device),
      ...node.associations.flatMap((fields) => [
        '',
        'Interface association',
        ...indent(fieldLines(fields, { device })),
      ]),
      ...otherLines(node.others),
      ...node.settings.flatMap((setting) => settingLines(setting, active)),
    ]);
  }

  function settingLines(node: SettingNode, active: boolean): string[] {
    const { bInterfaceNumber, bAlternateSetting } = node.fields;
    const state = active
      ? device.state.interfaces.find(({ interfaceNumber }) => interfaceNumber === bInterfaceNumber)
      : undefined;
    return [
      '',
      paint('bold', `Interface ${bInterfaceNumber}, alternate setting ${bAlternateSetting}`),
      ...indent([
        ...facts([
          ['name', state?.name],
          ['driver', state?.driver],
          ['files', state?.nodes.join(', ')],
        ]),
        ...descriptorLines(node, INTERFACE_FIELDS, device),
        ...otherLines(node.others),
        ...node.endpoints.flatMap((endpoint) => endpointLines(endpoint, node, active)),
      ]),
    ];
  }

  function endpointLines(node: EndpointNode, { fields }: SettingNode, active: boolean): string[] {
    const { direction, type } = endpointFacts(node);
    const address = node.fields.bEndpointAddress;
    const command = active
      ? commandFor({
          interfaceNumber: fields.bInterfaceNumber,
          alternateSetting: fields.bAlternateSetting,
          address,
        })
      : undefined;
    return [
      '',
      `Endpoint ${address & 0x0f} ${direction.toUpperCase()}, ${type}`,
      ...indent([
        ...descriptorLines(node, ENDPOINT_FIELDS, device, node),
        ...(node.companion === undefined
          ? []
          : ['SuperSpeed companion', ...indent(fieldLines(node.companion, { device, node }))]),
        ...(node.isochronousCompanion === undefined
          ? []
          : [
              'SuperSpeedPlus isochronous companion',
              ...indent(fieldLines(node.isochronousCompanion, { device, node })),
            ]),
        ...otherLines(node.others),
        ...(command === undefined ? [] : [command]),
      ]),
    ];
  }
}

function overview(device: DeviceDetails): string[] {
  const { info, state, known } = device;
  return facts([
    ['path', info.path],
    ['bus:address', busAddress(info)],
    ['manufacturer', info.manufacturer],
    ['product', info.product],
    ['serial', info.serial],
    ['usb.ids', [known.vendor, known.product].filter(Boolean).join(', ')],
    ['speed', speedText(device)],
    ['drivers', driversOf(state).join(', ')],
    ['file', state.node],
    ['access', accessText(device)],
  ]);
}

/** Labels and what they say, as far as it is known. */
function facts(rows: readonly (readonly [label: string, text: string | undefined])[]): string[] {
  return table(rows.flatMap(([label, text]) => (text ? [[label, escapeUnsafe(text)]] : [])));
}

function speedText({ info: { speed }, maxSpeed }: DeviceDetails): string | undefined {
  if (speed === undefined) {
    return maxSpeed === undefined
      ? undefined
      : `up to ${signallingRate(maxSpeed)}, as the device says`;
  }
  return maxSpeed === undefined || maxSpeed <= speed
    ? signallingRate(speed)
    : `${signallingRate(speed)}; the device can do ${signallingRate(maxSpeed)}: the port, the ` +
        'cable or a hub between cannot';
}

function accessText({ info, state: { accessible } }: DeviceDetails): string | undefined {
  if (accessible === undefined) {
    return undefined;
  }
  const advice = isHub(info) ? '' : `; see usbxfer doctor --path ${info.path}`;
  return accessible ? 'yes' : `no${advice}`;
}

/** The fields of a descriptor, and what it has behind them. */
function descriptorLines(
  { fields, bytes }: Decoded<Readonly<Record<string, number>>>,
  known: readonly Field[],
  device: DeviceDetails,
  node?: EndpointNode,
): string[] {
  const more = bytes.subarray(bytesOf(known));
  return [
    ...fieldLines(fields, { device, node }),
    ...(more.length === 0 ? [] : [`more bytes: ${hex(more)}`]),
  ];
}

function otherLines(descriptors: readonly Uint8Array[]): string[] {
  return descriptors.map((bytes) => {
    const type = (bytes[1] ?? 0).toString(16).padStart(2, '0');
    return `descriptor of type 0x${type}: ${hex(bytes)}`;
  });
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
