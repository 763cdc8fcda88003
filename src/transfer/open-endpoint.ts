import type {
  Backend,
  ClaimOptions,
  Device,
  DeviceInfo,
  Endpoint,
  Interface,
} from '../usb/backend.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';
import { releaseAndClose } from './release-and-close.js';

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
