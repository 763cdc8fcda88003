import type { DescriptorBytes } from '../../../usb/backend.js';
import { requestTypeOf } from '../../../usb/control.js';
import { DEVICE_FIELDS, decodeFields, sizeOf } from '../../../usb/descriptors/fields.js';
import { parseConfigurations } from '../../../usb/descriptors/tree.js';
import { UsbError } from '../../../usb/errors.js';
import type { DeviceInfo } from '../../../usb/model.js';
import type { Connection } from './connection.js';
import { sendControl } from './control.js';

/** bDescriptorType (USB 2.0 table 9-5, USB 3.2 table 9-6). */
const DEVICE = 1;
const CONFIGURATION = 2;
const STRING = 3;
const BOS = 0x0f;

/** Bytes of the head of a configuration and of a BOS descriptor, which has the length of the whole. */
const HEAD_LENGTH = 9;

/** The maximum length of a string descriptor (USB 2.0 §9.6.7). */
const MAX_STRING_LENGTH = 255;

/** The minimum bcdUSB of a device with a BOS descriptor (USB 3.2 §9.6.1). */
const USB_2_1 = 0x0201;

/** Milliseconds that a device may take for a descriptor. */
const TIMEOUT = 5000;

/** What the list of a server lacks. */
export interface KnownDevice
  extends Pick<
    DeviceInfo,
    'usbVersion' | 'manufacturer' | 'product' | 'serial' | 'configurations'
  > {
  readonly bytes: DescriptorBytes;
}

/**
 * Asks a device for its descriptors and strings.
 *
 * @throws UsbError if it does not send its device descriptor or a configuration
 */
export async function readDescriptors(connection: Connection): Promise<KnownDevice> {
  const device = await descriptor(connection, DEVICE, 0, sizeOf(DEVICE_FIELDS));
  const fields = decodeFields(DEVICE_FIELDS, device);
  if (fields === undefined) {
    throw new UsbError('io', 'the device sent a device descriptor that is too short');
  }
  const configurations: Buffer[] = [];
  for (let index = 0; index < fields.bNumConfigurations; index++) {
    configurations.push(await whole(connection, CONFIGURATION, index));
  }
  const bos =
    fields.bcdUSB >= USB_2_1 ? await whole(connection, BOS, 0).catch(ignoreStall) : undefined;
  const language = await languageOf(connection, fields);
  const text = (index: number) => readString(connection, index, language);
  return {
    usbVersion: fields.bcdUSB,
    manufacturer: await text(fields.iManufacturer),
    product: await text(fields.iProduct),
    serial: await text(fields.iSerialNumber),
    configurations: parseConfigurations(Buffer.concat(configurations)),
    bytes: { descriptors: Buffer.concat([device, ...configurations]), bos },
  };
}

/** Reads a descriptor that starts with its total length in bytes 2 and 3. */
async function whole(connection: Connection, type: number, index: number): Promise<Buffer> {
  const head = await descriptor(connection, type, index, HEAD_LENGTH);
  const total = head.length < 4 ? 0 : head.readUInt16LE(2);
  return total <= head.length ? head : descriptor(connection, type, index, total);
}

async function descriptor(
  connection: Connection,
  type: number,
  index: number,
  length: number,
  language = 0,
): Promise<Buffer> {
  const data = Buffer.alloc(length);
  const requestType = requestTypeOf('in', 'standard', 'device');
  const request = { requestType, request: 6, value: (type << 8) | index, index: language };
  return data.subarray(0, await sendControl(connection, request, data, TIMEOUT));
}

/** The first language of the strings; undefined if the device has none. */
async function languageOf(
  connection: Connection,
  fields: { readonly iManufacturer: number; iProduct: number; iSerialNumber: number },
): Promise<number | undefined> {
  if (fields.iManufacturer + fields.iProduct + fields.iSerialNumber === 0) {
    return undefined;
  }
  const table = await descriptor(connection, STRING, 0, MAX_STRING_LENGTH).catch(ignoreStall);
  return table === undefined || table.length < 4 ? undefined : table.readUInt16LE(2);
}

async function readString(
  connection: Connection,
  index: number,
  language: number | undefined,
): Promise<string | undefined> {
  if (index === 0 || language === undefined) {
    return undefined;
  }
  const length = MAX_STRING_LENGTH;
  const bytes = await descriptor(connection, STRING, index, length, language).catch(ignoreStall);
  const end = Math.min(bytes?.[0] ?? 0, bytes?.length ?? 0);
  return bytes?.[1] === STRING ? bytes.toString('utf16le', 2, end) : undefined;
}

/** A device may lack strings and the BOS descriptor, or fail to send them. */
function ignoreStall(error: unknown): undefined {
  if (!(error instanceof UsbError) || error.code === 'no-device') {
    throw error;
  }
}
