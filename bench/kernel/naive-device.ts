import { writeSync } from 'node:fs';
import { type Device, findByIds, InEndpoint } from 'usb';

/** A device that is open, the way node-usb's examples do it, and what to read from it. */
export interface NaiveDevice {
  readonly device: Device;
  readonly endpoint: InEndpoint;
  /** Bytes to read. */
  readonly bytes: number;
}

/** Opens the device of the command line `VID PID ENDPOINT BYTES`, all but BYTES hexadecimal. */
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

/** Writes all of it to stdout. */
export function writeAll(data: Buffer): void {
  for (let offset = 0; offset < data.length; ) offset += writeSync(1, data, offset);
}

/** Closes the device, and prints what `pool` prints, too. */
export function finish({ device, bytes }: NaiveDevice, seconds: number): void {
  device.interface(0).release((error) => {
    if (error) throw error;
    device.close();
    process.stderr.write(`${JSON.stringify({ bytes_written: bytes, seconds })}\n`);
  });
}
