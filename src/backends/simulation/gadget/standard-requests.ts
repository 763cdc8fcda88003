import type { ControlRequest } from '../../../usb/control.js';
import { DEVICE_FIELDS, decodeFields } from '../../../usb/descriptors/fields.js';
import { DESCRIPTOR_TYPE } from '../../../usb/descriptors/tree.js';
import { type DeviceInfo, interfaceNumbers } from '../../../usb/model.js';
import type { Attachment } from '../bus/port.js';

/** bmRequestType of standard requests by direction and recipient (USB 2.0 table 9-2). */
const FROM_DEVICE = 0x80;
const FROM_INTERFACE = 0x81;
const FROM_ENDPOINT = 0x82;

/** bRequest (USB 2.0 table 9-4). */
const GET_STATUS = 0;
const GET_DESCRIPTOR = 6;
const GET_CONFIGURATION = 8;
const GET_INTERFACE = 10;

/** The size of a device descriptor in bytes. */
const DEVICE_LENGTH = 18;

/**
 * Handles the standard requests that simulated devices support (USB 2.0 §9.4), except for those of
 * `hostRequestOf`.
 *
 * @returns the number of bytes moved; undefined for a stall
 */
export function handleStandardRequest(
  device: Attachment,
  request: ControlRequest,
  data: Buffer,
): number | undefined {
  const response = respond(device, request);
  return response === undefined ? undefined : Buffer.from(response).copy(data);
}

function respond(
  device: Attachment,
  { requestType, request, value, index }: ControlRequest,
): ArrayLike<number> | undefined {
  const { info } = device;
  switch ((requestType << 8) | request) {
    case (FROM_DEVICE << 8) | GET_DESCRIPTOR:
      return descriptor(device, value >> 8, value & 0xff);
    case (FROM_DEVICE << 8) | GET_CONFIGURATION:
      return [info.configurationValue ?? 0];
    case (FROM_DEVICE << 8) | GET_STATUS:
      return [0, 0]; // bus-powered, remote wakeup disabled
    case (FROM_INTERFACE << 8) | GET_STATUS:
      return interfaceNumbers(info).includes(index) ? [0, 0] : undefined;
    case (FROM_INTERFACE << 8) | GET_INTERFACE:
      return interfaceNumbers(info).includes(index) ? [device.claimed.get(index) ?? 0] : undefined;
    case (FROM_ENDPOINT << 8) | GET_STATUS:
      return endpointStatus(device, index);
    default:
      return undefined;
  }
}

function descriptor(
  { info, descriptors: bytes }: Attachment,
  type: number,
  index: number,
): Uint8Array | undefined {
  if (type === DESCRIPTOR_TYPE.device) {
    return index === 0 ? bytes.subarray(0, DEVICE_LENGTH) : undefined;
  }
  if (type === DESCRIPTOR_TYPE.string) {
    return stringDescriptor(bytes, info, index);
  }
  return type === DESCRIPTOR_TYPE.configuration
    ? configuration(bytes.subarray(DEVICE_LENGTH), index)
    : undefined;
}

/** The only language of the strings: US English (USB 2.0 §9.6.7). */
const LANGUAGE = 0x0409;

/** Returns the string with an index of the device descriptor; that with index 0 has the languages. */
function stringDescriptor(
  bytes: Uint8Array,
  { manufacturer, product, serial }: DeviceInfo,
  index: number,
): Uint8Array | undefined {
  const { iManufacturer, iProduct, iSerialNumber } = decodeFields(DEVICE_FIELDS, bytes) ?? {};
  const strings = new Map([
    [iSerialNumber, serial],
    [iProduct, product],
    [iManufacturer, manufacturer],
    [0, String.fromCharCode(LANGUAGE)],
  ]);
  const text = strings.get(index);
  if (text === undefined) {
    return undefined;
  }
  const content = Buffer.from(text, 'utf16le').subarray(0, MAX_STRING_LENGTH);
  return Buffer.from([content.length + 2, DESCRIPTOR_TYPE.string, ...content]);
}

/** The maximum number of bytes of a string without its header. */
const MAX_STRING_LENGTH = 252;

/** Returns a complete configuration; bytes 2 and 3 of each contain its length, wTotalLength. */
function configuration(bytes: Uint8Array, index: number): Uint8Array | undefined {
  const [, , low = 0, high = 0] = bytes;
  const length = low | (high << 8);
  if (length === 0) {
    return undefined;
  }
  return index === 0 ? bytes.subarray(0, length) : configuration(bytes.subarray(length), index - 1);
}

/** Returns the status of an endpoint; bit 0 is set while it is halted. */
function endpointStatus({ pipes }: Attachment, address: number): number[] | undefined {
  const pipe = pipes.get(address);
  return pipe === undefined ? undefined : [pipe.halted ? 1 : 0, 0];
}
