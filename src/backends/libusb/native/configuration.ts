import type { ConfigurationOptions } from '../../../usb/backend.js';
import { caught, UsbError } from '../../../usb/errors.js';
import { type DeviceInfo, findConfiguration, interfaceNumbers } from '../../../usb/model.js';
import { DetachedDriver } from './detached-driver.js';
import { promisifyNative, runAll, withUndo } from './errors.js';
import type { Handle } from './interface.js';

/** The value that makes libusb deconfigure a device: 0 may be a configuration of a faulty device. */
const UNCONFIGURED = -1;

/** What was replaced by another configuration, to be restored. */
export class ReplacedConfiguration {
  readonly #before: DeviceInfo;
  readonly #drivers: readonly DetachedDriver[];

  private constructor(before: DeviceInfo, drivers: readonly DetachedDriver[]) {
    this.#before = before;
    this.#drivers = drivers;
  }

  /**
   * Selects a configuration. The kernel binds drivers to its interfaces. No interface may be claimed.
   *
   * @param handle `info` must have the active configuration
   * @param value bConfigurationValue, or 0 for none
   * @throws UsbError as `Device.selectConfiguration`
   */
  static async replace(
    handle: Handle,
    value: number,
    { detachDriver = false }: ConfigurationOptions,
  ): Promise<ReplacedConfiguration> {
    const { info } = handle;
    const drivers = detachDriver ? await detachAll(handle) : [];
    try {
      await select(handle, value);
    } catch (error) {
      const failure = error instanceof UsbError ? explain(handle, error) : error;
      throw await withUndo(failure, reattachAll(drivers));
    }
    const replaced = new ReplacedConfiguration(info, drivers);
    if (value === info.configurationValue) {
      await reattachAll(drivers); // the interfaces were reset, and are the same
    }
    return replaced;
  }

  /**
   * Selects the former configuration, and waits until its drivers are bound again. Detaches the
   * drivers that the kernel bound to the current one.
   *
   * @param handle `info` must have the active configuration
   * @throws UsbError `no-device` if the device is gone
   */
  async restore(handle: Handle): Promise<void> {
    const { configurationValue } = this.#before;
    if (handle.info.configurationValue !== configurationValue) {
      await detachAll(handle);
      await select(handle, configurationValue ?? UNCONFIGURED);
    }
    await reattachAll(this.#drivers);
  }
}

/** Returns the active configuration as the system knows it now; undefined if there is none. */
export function activeValue({ native }: Pick<Handle, 'native'>): number | undefined {
  return native.configDescriptor?.bConfigurationValue;
}

/** @throws UsbError `not-found` unless the device has the configuration; 0 may be none */
export function checkConfiguration(info: DeviceInfo, value: number, isPermanent: boolean): void {
  if (!(isPermanent && value === 0)) {
    findConfiguration(info, value);
  }
}

/** Detaches the drivers of all interfaces. If one cannot be detached, reattaches the others. */
async function detachAll(handle: Handle): Promise<DetachedDriver[]> {
  const detached: DetachedDriver[] = [];
  try {
    for (const number of interfaceNumbers(handle.info)) {
      const driver = DetachedDriver.detach(handle, number);
      if (driver !== undefined) {
        detached.push(driver);
      }
    }
    return detached;
  } catch (error) {
    throw await withUndo(error, reattachAll(detached));
  }
}

function reattachAll(drivers: readonly DetachedDriver[]): Promise<void> {
  return runAll(drivers.map((driver) => () => driver.reattach()));
}

function select({ native }: Handle, value: number): Promise<void> {
  const what = value === UNCONFIGURED ? 'deconfigure the device' : `select configuration ${value}`;
  return promisifyNative(`cannot ${what}`, (done) => native.__setConfiguration(value, done));
}

/**
 * Explains why a configuration could not be selected. If the device is busy, names who holds an
 * interface. libusb has no name for the errors of a device that refuses the request, or of a bus
 * without the power or the bandwidth for it.
 */
function explain({ platform, info }: Handle, failure: UsbError): UsbError {
  const { code, message, cause } = failure;
  if (code === 'busy') {
    const held = interfaceNumbers(info).find(
      (number) => platform.driverOf(info, number) !== undefined,
    );
    return held === undefined ? failure : platform.claimError(info, held, cause);
  }
  return code === 'other'
    ? new UsbError('io', `${message}: the device or the bus refuses the request`, { cause })
    : failure;
}

/** Restores a configuration; a device that is gone needs none. */
export async function restoreIfPresent(
  replaced: ReplacedConfiguration | undefined,
  handle: Handle,
): Promise<Error | undefined> {
  const error = replaced && (await caught(replaced.restore(handle)));
  return error instanceof UsbError && error.code === 'no-device' ? undefined : error;
}
