import { writeSync } from 'node:fs';
import { type Device, findByIds, InEndpoint } from 'usb';

/** An open device, opened as in node-usb's examples, and what to read from it. */
export interface NaiveDevice {
  readonly device: Device;
  readonly endpoint: InEndpoint;
  /** Bytes to read. */
  readonly bytes: number;
}

/** Opens the device given as `VID PID ENDPOINT BYTES`; all but BYTES are hexadecimal. */
export function openNaively(): NaiveDevice {
  const [, , vid = '', pid = '', address = '', bytes] = process.argv;
  const device = findByIds(Number.parseInt(vid, 16), Number.parseInt(pid, 16));
  if (device === undefined) throw new Error('no such device');
  device.open();
  const usbInterface = device.interface(0);
  usbInterface.claim();
  const endpoint = usbInterface.endpoint(Number.parseInt(address, 16));
  if (!(endpoint instanceof InEndpoint)) throw new Error('no such IN endpoint');
  return { device, endpoint, bytes: Number(bytes) };
}

/** Writes the whole buffer to stdout. */
export function writeAll(data: Buffer): void {
  for (let offset = 0; offset < data.length; ) offset += writeSync(1, data, offset);
}

/** Closes the device and prints the same report as `pool`. */
export function finish({ device, bytes }: NaiveDevice, seconds: number): void {
  device.interface(0).release((error) => {
    if (error) throw error;
    device.close();
    process.stderr.write(`${JSON.stringify({ bytes_written: bytes, seconds })}\n`);
  });
}
