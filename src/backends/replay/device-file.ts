import { DEVICE_FIELDS, decodeFields, sizeOf } from '../../usb/descriptors/fields.js';
import type { RecordedDevice } from './recording.js';

/** A USB device in a file of `umockdev-record`. Untrusted. */
export interface DeviceFile {
  readonly bus: number | undefined;
  readonly address: number | undefined;
  /** The device descriptor, then the configurations. */
  readonly descriptors: Buffer;
  /** Mbit/s. */
  readonly speed: number | undefined;
  readonly configurationValue: number | undefined;
  readonly manufacturer: string | undefined;
  readonly product: string | undefined;
  readonly serial: string | undefined;
}

/** A line: its kind, such as `A` for an attribute, its name, and its value. */
const LINE = /^([A-Z]): ?([^=]*)=?(.*)$/;

/**
 * Returns the USB devices in the text of a file of `umockdev-record`: a block of lines for each device, of
 * which those count whose device file has descriptors.
 */
export function parseDeviceFile(text: string): DeviceFile[] {
  return text
    .split(/\r?\n\s*\r?\n/)
    .map(parseDevice)
    .filter((device) => device !== undefined);
}

/**
 * Returns the device of a file that was recorded: with the same IDs, or with the same bus and address if
 * the recording does not have its IDs.
 */
export function findRecorded(
  files: readonly DeviceFile[],
  { bus, addresses, descriptors }: RecordedDevice,
): DeviceFile | undefined {
  const ids = idsIn(descriptors.device);
  return files.find((file) =>
    ids === undefined
      ? file.bus === bus && addresses.includes(file.address ?? 0)
      : idsIn(file.descriptors) === ids,
  );
}

function parseDevice(block: string): DeviceFile | undefined {
  const lines = block.split(/\r?\n/).map((line) => LINE.exec(line)?.slice(1) ?? []);
  const value = (kind: string, name: string): string | undefined =>
    lines.find(([lineKind, lineName]) => lineKind === kind && lineName === name)?.[2];
  const number = (kind: string, name: string): number | undefined => {
    const digits = /^\s*(\d{1,6}(?:\.\d)?)\s*$/.exec(value(kind, name) ?? '')?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const [, , hex = ''] = lines.find(([kind, , text]) => kind === 'N' && text) ?? [];
  const descriptors = Buffer.from(hex, 'hex');
  return descriptors.length < sizeOf(DEVICE_FIELDS)
    ? undefined
    : {
        bus: number('E', 'BUSNUM'),
        address: number('E', 'DEVNUM'),
        descriptors,
        speed: number('A', 'speed'),
        configurationValue: number('A', 'bConfigurationValue'),
        manufacturer: value('A', 'manufacturer'),
        product: value('A', 'product'),
        serial: value('A', 'serial'),
      };
}

function idsIn(bytes: Uint8Array | undefined): string | undefined {
  const fields = bytes && decodeFields(DEVICE_FIELDS, bytes);
  return fields && `${fields.idVendor}:${fields.idProduct}`;
}
