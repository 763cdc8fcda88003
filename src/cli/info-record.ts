import type { DescriptorBytes } from '../usb/backend.js';
import {
  bytesOf,
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  ENDPOINT_FIELDS,
  type Field,
  INTERFACE_FIELDS,
} from '../usb/descriptor-fields.js';
import {
  type ConfigurationNode,
  type Decoded,
  type EndpointNode,
  parseDescriptorTree,
  type SettingNode,
} from '../usb/descriptor-tree.js';
import { className } from '../usb/device-class.js';
import { deviceRecord } from './device-record.js';
import type { Place } from './endpoint-command.js';
import { endpointFacts } from './endpoint-facts.js';
import type { ListedDevice } from './listed-device.js';

const SCHEMA = 'usbxfer.info/1';

/** What makes the command that moves data through an endpoint; undefined where there is none. */
export type CommandFor = (place: Place) => string | undefined;

/** One device in full for scripts, as schema/info.schema.json describes it. */
export function infoRecord(
  device: ListedDevice,
  { descriptors, bos }: DescriptorBytes,
  commandFor: CommandFor,
) {
  const tree = parseDescriptorTree(descriptors);
  return {
    schema: SCHEMA,
    device: deviceRecord(device),
    descriptor: tree.device === undefined ? null : decoded(tree.device, DEVICE_FIELDS),
    configurations: tree.configurations.map((node) =>
      configurationRecord(node, device, commandFor),
    ),
    others: tree.others.map(hex),
    undecoded: hex(tree.undecoded),
    bos: bos === undefined ? null : hex(bos),
  };
}

function configurationRecord(
  node: ConfigurationNode,
  device: ListedDevice,
  commandFor: CommandFor,
) {
  const active = node.fields.bConfigurationValue === device.info.activeConfiguration;
  return {
    active,
    ...decoded(node, CONFIGURATION_FIELDS),
    associations: node.associations,
    interfaces: node.settings.map((setting) =>
      interfaceRecord(setting, active ? device : undefined, commandFor),
    ),
    others: node.others.map(hex),
  };
}

/** @param device the device, when the interface is of its active configuration */
function interfaceRecord(
  node: SettingNode,
  device: ListedDevice | undefined,
  commandFor: CommandFor,
) {
  const { bInterfaceNumber, bAlternateSetting, bInterfaceClass } = node.fields;
  const state = device?.state.interfaces.find(
    ({ interfaceNumber }) => interfaceNumber === bInterfaceNumber,
  );
  return {
    ...decoded(node, INTERFACE_FIELDS),
    class_name: className(bInterfaceClass) ?? null,
    name: state?.name ?? null,
    driver: state?.driver ?? null,
    nodes: state?.nodes ?? [],
    endpoints: node.endpoints.map((endpoint) => {
      const place = {
        interfaceNumber: bInterfaceNumber,
        alternateSetting: bAlternateSetting,
        address: endpoint.fields.bEndpointAddress,
      };
      return endpointRecord(endpoint, device === undefined ? undefined : commandFor(place));
    }),
    others: node.others.map(hex),
  };
}

function endpointRecord(node: EndpointNode, command: string | undefined) {
  const { direction, type, maxPacketSize, mult, maxBurst, maxStreams } = endpointFacts(node);
  return {
    ...decoded(node, ENDPOINT_FIELDS),
    direction,
    type,
    max_packet_size: maxPacketSize,
    mult,
    max_burst: maxBurst ?? null,
    max_streams: maxStreams ?? null,
    companion: node.companion ?? null,
    isochronous_companion: node.isochronousCompanion ?? null,
    command: command ?? null,
    others: node.others.map(hex),
  };
}

/** The fields by their names, and what bytes the descriptor has behind them. */
function decoded<Fields extends object>(
  { fields, bytes }: Decoded<Fields>,
  known: readonly Field[],
) {
  return { ...fields, more: hex(bytes.subarray(bytesOf(known))) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
