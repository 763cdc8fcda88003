import type { DescriptorBytes } from '../../usb/backend.js';
import {
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  ENDPOINT_FIELDS,
  type Field,
  INTERFACE_FIELDS,
  sizeOf,
} from '../../usb/descriptors/fields.js';
import {
  type Decoded,
  type EndpointNode,
  parseDescriptorTree,
  type SettingNode,
} from '../../usb/descriptors/tree.js';
import { formatEndpoint, hex2, ids } from '../../usb/format.js';
import { type DeviceInfo, isHub } from '../../usb/model.js';
import { CANCEL_LOSES_DATA } from '../report/words.js';
import { busAddress, signallingRate } from '../terminal/format.js';
import { escapeUnsafe } from '../terminal/sanitize.js';
import type { Paint } from '../terminal/style.js';
import { table } from '../terminal/table.js';
import { activeNode, type DeviceDetails, driversOf, interfaceState } from './details.js';
import { endpointFacts, type FieldContext, fieldLines } from './fields.js';
import type { CommandFor } from './record.js';

/** Formats everything that is known about a device as text. */
export function infoText(
  device: DeviceDetails,
  { descriptors, bos }: DescriptorBytes,
  commandFor: CommandFor,
  paint: Paint,
): string {
  const tree = parseDescriptorTree(descriptors);
  const { info, name } = device;
  const activeOne = activeNode(tree, info);
  const heading = (text: string) => paint('bold', text);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', heading(title), ...indent(lines)];
  return [
    heading(`${ids(info)} ${escapeUnsafe(name)}`.trimEnd()),
    ...indent(overview(device)),
    ...section(
      'Device descriptor',
      tree.device === undefined ? [] : descriptorLines(tree.device, DEVICE_FIELDS, { device }),
    ),
    ...indent(otherLines(tree.others)),
    ...tree.configurations.flatMap((node) => {
      const value = node.fields.bConfigurationValue;
      const active = node === activeOne;
      return section(`Configuration ${value}${active ? ' (active)' : ''}`, [
        ...descriptorLines(node, CONFIGURATION_FIELDS, { device }),
        ...node.associations.flatMap((fields) => [
          '',
          ...block('Interface association', fieldLines(fields, { device })),
        ]),
        ...otherLines(node.others),
        ...node.settings.flatMap((setting) => settingLines(setting, active, value)),
      ]);
    }),
    ...section('Undecoded', hexLines(tree.undecoded)),
    ...section('BOS descriptor', hexLines(bos)),
  ].join('\n');

  function settingLines(node: SettingNode, active: boolean, configuration: number): string[] {
    const { bInterfaceNumber, bAlternateSetting } = node.fields;
    const state = active ? interfaceState(device, bInterfaceNumber) : undefined;
    return section(`Interface ${bInterfaceNumber}, alternate setting ${bAlternateSetting}`, [
      ...facts([
        ['name', state?.name],
        ['driver', state?.driver],
        ['files', state?.nodes.join(', ')],
      ]),
      ...descriptorLines(node, INTERFACE_FIELDS, { device }),
      ...otherLines(node.others),
      ...node.endpoints.flatMap((endpoint) => {
        const address = endpoint.fields.bEndpointAddress;
        const command = commandFor({
          configuration: active ? undefined : configuration,
          interfaceNumber: bInterfaceNumber,
          alternateSetting: bAlternateSetting,
          address,
        });
        return endpointLines(endpoint, device, command);
      }),
    ]);
  }
}

function endpointLines(
  node: EndpointNode,
  device: DeviceDetails,
  command: string | undefined,
): string[] {
  const endpoint = endpointFacts(node);
  const context: FieldContext = { device, endpoint };
  const { companion, isochronousCompanion } = node;
  return [
    '',
    ...block(
      `Endpoint ${node.fields.bEndpointAddress & 0x0f} ${endpoint.direction.toUpperCase()}, ${endpoint.type}`,
      [
        ...descriptorLines(node, ENDPOINT_FIELDS, context),
        ...(companion ? block('SuperSpeed companion', fieldLines(companion, context)) : []),
        ...(isochronousCompanion
          ? block('SuperSpeedPlus isochronous companion', fieldLines(isochronousCompanion, context))
          : []),
        ...otherLines(node.others),
        ...(command === undefined ? [] : [command]),
      ],
    ),
  ];
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
    ['configurations', configurationsText(info)],
    ['link', info.cancelKeepsData ? undefined : CANCEL_LOSES_DATA],
    ['drivers', driversOf(state).join(', ')],
    ['file', state.node],
    ['access', accessText(device)],
  ]);
}

/** Says which of several configurations has which endpoints, and which one is active. */
function configurationsText({ configurations, configurationValue }: DeviceInfo): string {
  if (configurations.length <= 1) {
    return '';
  }
  return configurations
    .map(({ value, settings }) => {
      const addresses = settings.flatMap(({ endpoints }) =>
        endpoints.map(({ address }) => address),
      );
      const shown = [...new Set(addresses)].map(formatEndpoint).join(', ') || 'no endpoints';
      return `${value}${value === configurationValue ? ' (active)' : ''}: ${shown}`;
    })
    .join('; ');
}

/** Formats labels and values in two columns. Skips unknown values. */
function facts(rows: readonly (readonly [label: string, value: string | undefined])[]): string[] {
  return table(rows.flatMap(([label, value]) => (value ? [[label, escapeUnsafe(value)]] : [])));
}

function speedText({ info: { speed }, maxSpeed }: DeviceDetails): string | undefined {
  if (speed === undefined) {
    return maxSpeed === undefined
      ? undefined
      : `up to ${signallingRate(maxSpeed)}, as reported by the device`;
  }
  const actual = signallingRate(speed);
  return maxSpeed === undefined || maxSpeed <= speed
    ? actual
    : `${actual}; the device supports ${signallingRate(maxSpeed)}, but the port, the cable or a ` +
        'hub does not';
}

function accessText({ info, state: { accessible } }: DeviceDetails): string | undefined {
  if (accessible !== false) {
    return accessible ? 'yes' : undefined;
  }
  return isHub(info) ? 'no' : `no; see usbxfer doctor --path ${info.path}`;
}

/** The fields of a descriptor, and the bytes after them. */
function descriptorLines(
  { fields, bytes }: Decoded<Readonly<Record<string, number>>>,
  known: readonly Field[],
  context: FieldContext,
): string[] {
  const extra = hexLines(bytes.subarray(sizeOf(known)));
  return [...fieldLines(fields, context), ...extra.map((line) => `more bytes: ${line}`)];
}

function otherLines(descriptors: readonly Uint8Array[]): string[] {
  return descriptors.flatMap((bytes) =>
    hexLines(bytes).map((line) => `descriptor of type 0x${hex2(bytes[1] ?? 0)}: ${line}`),
  );
}

/** Bytes in one line; no line for none. */
function hexLines(bytes: Uint8Array = new Uint8Array()): string[] {
  return bytes.length === 0 ? [] : [[...bytes].map(hex2).join(' ')];
}

function block(title: string, lines: readonly string[]): string[] {
  return [title, ...indent(lines)];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
