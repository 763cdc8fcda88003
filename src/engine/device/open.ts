import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, ClaimOptions, Device, Endpoint, Interface } from '../../usb/backend.js';
import { type ControlRequest, interfaceToClaim } from '../../usb/control.js';
import { caught, UsbError } from '../../usb/errors.js';
import type { EndpointLocation, EndpointPair } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { POLL_INTERVAL } from './presence.js';

/** How to claim an interface, and what to do with its endpoints before the first transfer. */
export interface OpenOptions extends ClaimOptions {
  /** Whether to clear the halt of each endpoint, which a previous program may have left. */
  readonly clearHalt?: boolean | undefined;
}

/** An open device. */
export interface OpenDevice {
  readonly device: Device;

  /**
   * Releases the interface, if one was claimed, and closes the device. Succeeds if the device is gone:
   * there is nothing to release.
   *
   * @throws UsbError
   */
  close(): Promise<void>;
}

/** A device, and an endpoint of the interface that was claimed. */
export interface OpenEndpoint extends OpenDevice {
  readonly endpoint: Endpoint;
}

/** A device, and an IN and an OUT endpoint of the interface that was claimed. */
interface OpenEndpointPair extends OpenDevice {
  readonly in: Endpoint;
  readonly out: Endpoint;
}

/**
 * Opens a device and claims the interface of an endpoint.
 *
 * @throws UsbError; the device is closed then
 */
export function openEndpoint(
  backend: Backend,
  info: DeviceInfo,
  location: EndpointLocation,
  options?: OpenOptions,
): Promise<OpenEndpoint> {
  return openAndClaim(backend, info, location, options, (claimed) => ({
    endpoint: claimed.endpoint(location.endpoint.address),
  }));
}

/**
 * Opens a device and claims the interface of two endpoints.
 *
 * @throws UsbError; the device is closed then
 */
export function openEndpointPair(
  backend: Backend,
  info: DeviceInfo,
  pair: EndpointPair,
  options?: OpenOptions,
): Promise<OpenEndpointPair> {
  return openAndClaim(backend, info, pair.in, options, (claimed) => ({
    in: claimed.endpoint(pair.in.endpoint.address),
    out: claimed.endpoint(pair.out.endpoint.address),
  }));
}

/**
 * Opens a device for a control request, and claims the interface that the request needs, if any.
 *
 * @throws UsbError; the device is closed then
 */
export async function openRecipient(
  backend: Backend,
  info: DeviceInfo,
  request: ControlRequest,
  options?: ClaimOptions,
): Promise<OpenDevice> {
  const interfaceNumber = interfaceToClaim(info, request);
  if (interfaceNumber === undefined) {
    const device = await backend.open(info);
    return { device, close: () => device.close() };
  }
  // Alternate setting 0 is the current one: claiming it sends nothing to the device.
  const setting = { interfaceNumber, alternateSetting: 0 };
  return openAndClaim(backend, info, setting, options, () => ({}));
}

async function openAndClaim<Endpoints extends Readonly<Record<string, Endpoint>>>(
  backend: Backend,
  info: DeviceInfo,
  { interfaceNumber, alternateSetting }: Omit<EndpointLocation, 'endpoint'>,
  options: OpenOptions | undefined,
  endpointsOf: (claimed: Interface) => Endpoints,
): Promise<OpenDevice & Endpoints> {
  const device = await backend.open(info);
  let claimed: Interface | undefined;
  const close = () => releaseAndClose(device, claimed);
  try {
    claimed = await device.claim(interfaceNumber, alternateSetting, options);
    const endpoints = endpointsOf(claimed);
    for (const endpoint of options?.clearHalt ? Object.values(endpoints) : []) {
      await endpoint.clearHalt();
    }
    return { device, close, ...endpoints };
  } catch (error) {
    await caught(close()); // the first failure is reported
    throw error;
  }
}

async function releaseAndClose(device: Device, claimed: Interface | undefined): Promise<void> {
  try {
    await claimed?.release();
  } catch (error) {
    const isGone = error instanceof UsbError && error.code === 'no-device';
    if (!isGone && (await device.loss()) === undefined) {
      throw error;
    }
  } finally {
    await device.close();
  }
}

/** How long a device that was just plugged in may take until it can be opened, in milliseconds. */
const OPEN_TIMEOUT = 5000;

/**
 * Opens a device that was just plugged in, retrying for up to 5 s: libusb learns of a device, and udev
 * sets its permissions, shortly after the kernel shows it.
 *
 * @param open makes one attempt
 * @param stopped ends the attempts
 * @throws the last error of `open`
 */
export async function openWhenReady<Opened>(
  open: () => Promise<Opened>,
  stopped: AbortSignal,
): Promise<Opened> {
  const until = performance.now() + OPEN_TIMEOUT;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (performance.now() >= until || stopped.aborted) {
        throw error;
      }
      await sleep(POLL_INTERVAL);
    }
  }
}
