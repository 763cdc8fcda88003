import type { Device } from '../backend.js';
import { MAX_CONTROL_DATA, requestTypeOf } from '../control.js';

/** GET_DESCRIPTOR (USB 2.0 §9.4.3), the type of the BOS descriptor, and the size of its header. */
const GET_DESCRIPTOR = 6;
const BOS = 0x0f;
const HEADER_LENGTH = 5;

/** How long the device may take to respond, in milliseconds. */
const TIMEOUT = 1000;

/**
 * Asks a device for its BOS descriptor with all capabilities (USB 3.2 §9.6.2).
 *
 * @returns undefined if it has none
 * @throws UsbError as `Device.control`
 */
export async function requestBos(device: Device): Promise<Uint8Array | undefined> {
  const header = await request(device, HEADER_LENGTH);
  if (header.length < HEADER_LENGTH || header[1] !== BOS) {
    return undefined;
  }
  const totalLength = header.readUInt16LE(2);
  return request(device, Math.min(Math.max(totalLength, HEADER_LENGTH), MAX_CONTROL_DATA));
}

async function request(device: Device, length: number): Promise<Buffer> {
  const requestType = requestTypeOf('in', 'standard', 'device');
  const setup = { requestType, request: GET_DESCRIPTOR, value: BOS << 8, index: 0 };
  const data = Buffer.alloc(length);
  return data.subarray(0, await device.control(setup, data, TIMEOUT));
}
