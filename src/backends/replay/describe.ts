import { DEVICE_FIELDS, type DeviceFields, decodeFields } from '../../usb/descriptors/fields.js';
import { parseConfigurations } from '../../usb/descriptors/tree.js';
import type { Configuration, EndpointDescriptor, TransferType } from '../../usb/model.js';
import type { Gadget } from '../simulation/gadget/gadget.js';
import type { DeviceFile } from './device-file.js';
import type { RecordedDevice, RecordedEndpoint } from './recording.js';

/** A device of a recording, as the host sees it. */
export interface Description {
  readonly info: Gadget['descriptors'];
  /** The descriptors; undefined if they must be made from `info`. */
  readonly bytes: Uint8Array | undefined;
  /** Whether the endpoints are those that were used, because no descriptors are known. */
  readonly isMadeUp: boolean;
}

/** wMaxPacketSize of an endpoint whose descriptor is unknown, in bytes. */
const PACKET_SIZES: Readonly<Record<TransferType, number>> = {
  control: 64,
  isochronous: 1024,
  bulk: 512,
  interrupt: 64,
};

const USB_2 = 0x0200;
const VENDOR_SPECIFIC = 0xff;

/**
 * Describes a device by its recorded descriptors, or by those of a device file, or by the endpoints that
 * were used.
 */
export function describeDevice(device: RecordedDevice, file: DeviceFile | undefined): Description {
  const { descriptors } = device;
  const recorded = Buffer.concat(
    descriptors.device === undefined ? [] : [descriptors.device, ...descriptors.configurations],
  );
  const bytes = file?.descriptors ?? recorded;
  const fields = decodeFields(DEVICE_FIELDS, bytes);
  const known = fields === undefined ? [] : parseConfigurations(bytes.subarray(fields.bLength));
  const isMadeUp = known.length === 0;
  const configurations = isMadeUp ? [configurationOf(device)] : known;
  const string = (index = 0) => descriptors.string(index);
  const selected = descriptors.selected ?? file?.configurationValue;
  const isSelected = configurations.some(({ value }) => value === selected);
  return {
    info: {
      ...idsOf(fields),
      speed: file?.speed,
      manufacturer: string(fields?.iManufacturer) ?? file?.manufacturer,
      product: string(fields?.iProduct) ?? file?.product,
      serial: string(fields?.iSerialNumber) ?? file?.serial,
      configurations,
      configurationValue: isSelected ? selected : configurations[0]?.value,
    },
    bytes: isMadeUp ? undefined : bytes,
    isMadeUp,
  };
}

/** Returns the descriptor of an endpoint, from any configuration; made up if there is none. */
export function describeEndpoint(
  { configurations }: Pick<Gadget['descriptors'], 'configurations'>,
  { address, type }: Pick<RecordedEndpoint, 'address' | 'type'>,
): EndpointDescriptor {
  const known = configurations
    .flatMap(({ settings }) => settings.flatMap(({ endpoints }) => endpoints))
    .find((endpoint) => endpoint.address === address && endpoint.maxPacketSize > 0);
  return { address, type, maxPacketSize: known?.maxPacketSize ?? PACKET_SIZES[type] };
}

/** Returns the endpoints that were used, and those that only the descriptors have, each once. */
export function endpointsOf(
  { configurations }: Pick<Gadget['descriptors'], 'configurations'>,
  { endpoints: used }: RecordedDevice,
): Pick<RecordedEndpoint, 'address' | 'type'>[] {
  const described = configurations
    .flatMap(({ settings }) => settings.flatMap(({ endpoints }) => endpoints))
    .filter(({ address }) => !used.has(address));
  const unused = new Map(described.map((endpoint) => [endpoint.address, endpoint]));
  return [...used.values(), ...unused.values()];
}

/** A configuration with one interface that has these endpoints. */
export function configurationWith(endpoints: readonly EndpointDescriptor[]): Configuration {
  const setting = {
    ...{ interfaceNumber: 0, alternateSetting: 0 },
    ...{ interfaceClass: VENDOR_SPECIFIC, interfaceSubClass: 0, interfaceProtocol: 0 },
    endpoints,
  };
  return { value: 1, settings: [setting] };
}

function configurationOf({ endpoints }: RecordedDevice): Configuration {
  const used = [...endpoints.values()].filter(({ type }) => type !== 'control');
  return configurationWith(used.map((one) => describeEndpoint({ configurations: [] }, one)));
}

function idsOf(fields: DeviceFields | undefined) {
  return {
    vid: fields?.idVendor ?? 0,
    pid: fields?.idProduct ?? 0,
    usbVersion: fields?.bcdUSB ?? USB_2,
    deviceClass: fields?.bDeviceClass ?? 0,
    deviceSubClass: fields?.bDeviceSubClass ?? 0,
    deviceProtocol: fields?.bDeviceProtocol ?? 0,
  };
}
