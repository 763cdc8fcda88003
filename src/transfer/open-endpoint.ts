import type { Backend, ClaimOptions, Device, DeviceInfo, Endpoint } from '../usb/backend.js';
import { UsbError } from '../usb/errors.js';
import type { EndpointLocation } from '../usb/locate-endpoint.js';

/** An endpoint that can be used now, of a device that was opened for it alone. */
export interface OpenEndpoint {
  readonly endpoint: Endpoint;
  readonly device: Device;

  /**
   * Releases the interface and closes the device. A device that is gone has nothing left to
   * release: that is no failure.
   *
   * @throws UsbError
   */
  close(): Promise<void>;
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
  const { interfaceNumber, alternateSetting } = location;
  const device = await backend.open(info);
  try {
    const claimed = await device.claim(interfaceNumber, alternateSetting, options);
    const close = async () => {
      try {
        await claimed.release();
      } catch (error) {
        if (!(error instanceof UsbError && error.code === 'no-device')) {
          throw error;
        }
      } finally {
        await device.close();
      }
    };
    try {
      return { endpoint: claimed.endpoint(location.endpoint.address), device, close };
    } catch (error) {
      await close();
      throw error;
    }
  } catch (error) {
    await device.close();
    throw error;
  }
}
