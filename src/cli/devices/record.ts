import type { DescriptorBytes, InterfaceState } from '../../usb/backend.js';
import {
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  ENDPOINT_FIELDS,
  type Field,
  INTERFACE_FIELDS,
  sizeOf,
} from '../../usb/descriptors/fields.js';
import {
  type ConfigurationNode,
  type Decoded,
  type EndpointNode,
  parseDescriptorTree,
  type SettingNode,
} from '../../usb/descriptors/tree.js';
import { className } from '../../usb/device-class.js';
import { formatEndpoint, hex2, hex4, parentPath } from '../../usb/format.js';
import {
  activeConfiguration,
  type DeviceInfo,
  directionOf,
  type EndpointDescriptor,
} from '../../usb/model.js';
import { usbVersion } from '../terminal/format.js';
import { activeNode, type DeviceDetails, driversOf, interfaceState } from './details.js';
import { endpointFacts } from './fields.js';
import type { EndpointRef } from './suggested-command.js';

/** The identity and the place of a device, as in every JSON object that names one. */
export function identityRecord(device: DeviceInfo): Record<string, unknown> {
  return {
    path: device.path,
    bus: device.bus,
    address: device.address,
    vid: hex4(device.vid),
    pid: hex4(device.pid),
    speed_mbps: device.speed ?? null,
    manufacturer: device.manufacturer ?? null,
    product: device.product ?? null,
    serial: device.serial ?? null,
  };
}

/** A device in the format of schema/list.schema.json. */
export function deviceRecord(device: DeviceDetails) {
  const { info, state, known, name, maxSpeed } = device;
  const active = activeConfiguration(info);
  return {
    ...identityRecord(info),
    name: name || null,
    vendor_name: known.vendor ?? null,
    product_name: known.product ?? null,
    max_speed_mbps: maxSpeed ?? null,
    cancel_keeps_data: info.cancelKeepsData,
    usb_version: info.isPartial ? null : usbVersion(info.usbVersion),
    class: hex2(info.deviceClass),
    subclass: hex2(info.deviceSubClass),
    protocol: hex2(info.deviceProtocol),
    class_name: className(info.deviceClass) ?? null,
    hub: parentPath(info.path) ?? null,
    accessible: state.accessible ?? null,
    node: state.node ?? null,
    drivers: driversOf(state),
    active_configuration: info.configurationValue ?? null,
    interfaces: (active?.settings ?? []).map((setting) => ({
      number: setting.interfaceNumber,
      alternate_setting: setting.alternateSetting,
      class: hex2(setting.interfaceClass),
      subclass: hex2(setting.interfaceSubClass),
      protocol: hex2(setting.interfaceProtocol),
      ...stateRecord(setting.interfaceClass, interfaceState(device, setting.interfaceNumber)),
      endpoints: setting.endpoints.map(endpointSummary),
    })),
  };
}

function endpointSummary({ address, type, maxPacketSize }: EndpointDescriptor) {
  return {
    address: formatEndpoint(address),
    direction: directionOf(address),
    type,
    max_packet_size: maxPacketSize,
  };
}

/** The properties of an interface that are not in its descriptor. */
function stateRecord(classCode: number, state: InterfaceState | undefined) {
  return {
    class_name: className(classCode) ?? null,
    name: state?.name ?? null,
    driver: state?.driver ?? null,
    nodes: state?.nodes ?? [],
  };
}

/** Returns the command that moves data through an endpoint; undefined if there is none. */
export type CommandFor = (place: EndpointRef) => string | undefined;

/** A device and its descriptors in the format of schema/info.schema.json. */
export function infoRecord(
  device: DeviceDetails,
  { descriptors, bos }: DescriptorBytes,
  commandFor: CommandFor,
) {
  const tree = parseDescriptorTree(descriptors);
  const active = activeNode(tree, device.info);
  return {
    schema: 'usbxfer.info/1',
    device: deviceRecord(device),
    descriptor: tree.device === undefined ? null : decoded(tree.device, DEVICE_FIELDS),
    configurations: tree.configurations.map((node) =>
      configurationRecord(node, node === active ? device : undefined, commandFor),
    ),
    others: tree.others.map(hex),
    undecoded: hex(tree.undecoded),
    bos: bos === undefined ? null : hex(bos),
  };
}

/** @param device undefined unless the configuration is active */
function configurationRecord(
  node: ConfigurationNode,
  device: DeviceDetails | undefined,
  commandFor: CommandFor,
) {
  return {
    active: device !== undefined,
    ...decoded(node, CONFIGURATION_FIELDS),
    associations: node.associations,
    interfaces: node.settings.map((setting) =>
      interfaceRecord(setting, device, (place) =>
        commandFor(
          device === undefined
            ? { configuration: node.fields.bConfigurationValue, ...place }
            : place,
        ),
      ),
    ),
    others: node.others.map(hex),
  };
}

/** @param device undefined unless the interface belongs to the active configuration */
function interfaceRecord(
  node: SettingNode,
  device: DeviceDetails | undefined,
  commandFor: CommandFor,
) {
  const { bInterfaceNumber, bAlternateSetting, bInterfaceClass } = node.fields;
  return {
    ...decoded(node, INTERFACE_FIELDS),
    ...stateRecord(bInterfaceClass, device && interfaceState(device, bInterfaceNumber)),
    endpoints: node.endpoints.map((endpoint) => {
      const place = {
        interfaceNumber: bInterfaceNumber,
        alternateSetting: bAlternateSetting,
        address: endpoint.fields.bEndpointAddress,
      };
      return endpointRecord(endpoint, commandFor(place));
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

/** The fields of a descriptor, and the bytes after them. */
function decoded<Fields extends object>(
  { fields, bytes }: Decoded<Fields>,
  known: readonly Field[],
) {
  return { ...fields, more: hex(bytes.subarray(sizeOf(known))) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
