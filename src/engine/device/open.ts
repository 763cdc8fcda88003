import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, ClaimOptions, Device, Endpoint, Interface } from '../../usb/backend.js';
import { type ControlRequest, interfaceToClaim } from '../../usb/control.js';
import { UsbError } from '../../usb/errors.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';

/** An interface that can be used now, of a device that was opened for it alone. */
export interface OpenInterface {
  readonly device: Device;
  readonly claimed: Interface;

  /**
   * Releases the interface and closes the device. A device that is gone has nothing left to
   * release: that is no failure.
   *
   * @throws UsbError
   */
  close(): Promise<void>;
}

/** An endpoint of such an interface. */
export interface OpenEndpoint extends Omit<OpenInterface, 'claimed'> {
  readonly endpoint: Endpoint;
}

/**
 * Opens a device and claims one of its interfaces.
 *
 * @throws UsbError; whatever was opened by then is closed again
 */
export async function openInterface(
  backend: Backend,
  info: DeviceInfo,
  { interfaceNumber, alternateSetting }: Omit<EndpointLocation, 'endpoint'>,
  options?: ClaimOptions,
): Promise<OpenInterface> {
  const device = await backend.open(info);
  try {
    const claimed = await device.claim(interfaceNumber, alternateSetting, options);
    return { device, claimed, close: () => releaseAndClose(device, claimed) };
  } catch (error) {
    await device.close();
    throw error;
  }
}

/**
 * Opens a device and claims the interface of an endpoint.
 *
 * @throws UsbError; whatever was opened by then is closed again
 */
export async function openEndpoint(
  backend: Backend,
  info: DeviceInfo,
  location: EndpointLocation,
  options?: ClaimOptions,
): Promise<OpenEndpoint> {
  const { device, claimed, close } = await openInterface(backend, info, location, options);
  try {
    return { endpoint: claimed.endpoint(location.endpoint.address), device, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A device that was opened for a control request. */
export interface OpenRecipient {
  readonly device: Device;

  /**
   * Releases what was claimed and closes the device. A device that is gone has nothing left to
   * release: that is no failure.
   *
   * @throws UsbError
   */
  close(): Promise<void>;
}

/**
 * Opens a device, and claims the interface that a request is for, if it takes that.
 *
 * @throws UsbError; whatever was opened by then is closed again
 */
export async function openRecipient(
  backend: Backend,
  info: DeviceInfo,
  request: ControlRequest,
  options?: ClaimOptions,
): Promise<OpenRecipient> {
  const number = interfaceToClaim(info, request);
  const device = await backend.open(info);
  if (number === undefined) {
    return { device, close: () => device.close() };
  }
  try {
    // 0 is in force already: nothing is sent to the device.
    const claimed = await device.claim(number, 0, options);
    return { device, close: () => releaseAndClose(device, claimed) };
  } catch (error) {
    await device.close();
    throw error;
  }
}

/** How long a device that has just appeared may take until it can be opened, in milliseconds. */
const GRACE = 5000;
const POLL = 100;

/**
 * Opens what has just been plugged in: libusb hears of a device, and udev sets its rights, a little
 * after the kernel shows it.
 *
 * @param open tries it
 * @param stopped ends the trying
 * @throws what `open` threw last
 */
export async function openWhenReady<Opened>(
  open: () => Promise<Opened>,
  stopped: AbortSignal,
): Promise<Opened> {
  const until = performance.now() + GRACE;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (performance.now() >= until || stopped.aborted) {
        throw error;
      }
      await sleep(POLL);
    }
  }
}

/**
 * Releases an interface and closes its device, whatever comes of the first. A device that is gone has
 * nothing left to release: that is no failure.
 *
 * @throws UsbError
 */
export async function releaseAndClose(device: Device, claimed: Interface): Promise<void> {
  try {
    await claimed.release();
  } catch (error) {
    if (!(error instanceof UsbError && error.code === 'no-device')) {
      throw error;
    }
  } finally {
    await device.close();
  }
}
