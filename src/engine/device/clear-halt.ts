import type { Backend, ClaimOptions, Device } from '../../usb/backend.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { openEndpoint } from './open.js';

/** GET_STATUS of an endpoint (USB 2.0 §9.4.5): two bytes, in which bit 0 is the halt. */
const GET_ENDPOINT_STATUS = { requestType: 0x82, request: 0, value: 0 } as const;
const STATUS_LENGTH = 2;

/** How long a device may take for its response, in milliseconds. */
const STATUS_TIMEOUT = 1000;

/**
 * Clears the halt of an endpoint and resets its data toggle, whether it is halted or not.
 *
 * @returns whether it was halted; undefined if the device does not say
 * @throws UsbError as `Backend.open`, `Device.claim` and `Endpoint.clearHalt`; the device is closed then
 */
export async function clearHalt(
  backend: Backend,
  info: DeviceInfo,
  location: EndpointLocation,
  options?: ClaimOptions,
): Promise<boolean | undefined> {
  const { device, endpoint, close } = await openEndpoint(backend, info, location, options);
  let wasHalted: boolean | undefined;
  try {
    wasHalted = await isHalted(device, endpoint.address);
    await endpoint.clearHalt();
  } catch (error) {
    await close().catch(() => {}); // the first failure is the one to report
    throw error;
  }
  await close();
  return wasHalted;
}

async function isHalted(device: Device, index: number): Promise<boolean | undefined> {
  const status = Buffer.alloc(STATUS_LENGTH);
  const length = await device
    .control({ ...GET_ENDPOINT_STATUS, index }, status, STATUS_TIMEOUT)
    .catch(() => 0); // some devices refuse it; clearing the halt shows any other failure
  return length < STATUS_LENGTH ? undefined : (status.readUInt16LE() & 1) === 1;
}
