import type { DeviceInfo } from '../usb/backend.js';
import { directionOf, type EndpointDescriptor } from '../usb/descriptors.js';
import { className } from '../usb/device-class.js';
import type { DeviceState } from '../usb/device-state.js';
import { parentPath } from '../usb/port-path.js';
import { endpointName, hex2, usbVersion } from './format.js';
import { identityRecord } from './identity-record.js';
import { driversOf, type ListedDevice } from './listed-device.js';

/** A device for scripts, as schema/list.schema.json describes it. */
export function deviceRecord({ info, state, known, name, maxSpeed }: ListedDevice) {
  return {
    ...identityRecord(info),
    name: name || null,
    vendor_name: known.vendor ?? null,
    product_name: known.product ?? null,
    max_speed_mbps: maxSpeed ?? null,
    usb_version: usbVersion(info.usbVersion),
    class: hex2(info.deviceClass),
    subclass: hex2(info.deviceSubClass),
    protocol: hex2(info.deviceProtocol),
    class_name: className(info.deviceClass) ?? null,
    hub: parentPath(info.path) ?? null,
    accessible: state.accessible ?? null,
    node: state.node ?? null,
    drivers: driversOf(state),
    active_configuration: info.activeConfiguration ?? null,
    interfaces: interfaceRecords(info, state),
  };
}

/** One for each alternate setting in the active configuration. */
function interfaceRecords(info: DeviceInfo, state: DeviceState) {
  const active = info.configurations.find(({ value }) => value === info.activeConfiguration);
  return (active?.settings ?? []).map((setting) => {
    const own = state.interfaces.find(
      ({ interfaceNumber }) => interfaceNumber === setting.interfaceNumber,
    );
    return {
      number: setting.interfaceNumber,
      alternate_setting: setting.alternateSetting,
      class: hex2(setting.interfaceClass),
      subclass: hex2(setting.interfaceSubClass),
      protocol: hex2(setting.interfaceProtocol),
      class_name: className(setting.interfaceClass) ?? null,
      name: own?.name ?? null,
      driver: own?.driver ?? null,
      nodes: own?.nodes ?? [],
      endpoints: setting.endpoints.map(endpointRecord),
    };
  });
}

function endpointRecord({ address, type, maxPacketSize }: EndpointDescriptor) {
  return {
    address: endpointName(address),
    direction: directionOf(address),
    type,
    max_packet_size: maxPacketSize,
  };
}
