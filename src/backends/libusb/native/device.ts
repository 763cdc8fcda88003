import type {
  ClaimOptions,
  ConfigurationOptions,
  Device,
  DeviceLoss,
  Interface,
} from '../../../usb/backend.js';
import { carryOut } from '../../../usb/carry-out.js';
import type { ControlRequest } from '../../../usb/control.js';
import { UsbError } from '../../../usb/errors.js';
import { type DeviceInfo, findSetting } from '../../../usb/model.js';
import {
  checkConfigurable,
  checkControlData,
  checkOpen,
  checkReset,
} from '../../../usb/preconditions.js';
import type { Platform } from '../platform.js';
import {
  activeValue,
  checkConfiguration,
  ReplacedConfiguration,
  restoreIfPresent,
} from './configuration.js';
import { Contexts } from './contexts.js';
import { sendControl } from './control.js';
import { operationError, promisifyNative } from './errors.js';
import { type Handle, LibusbInterface } from './interface.js';
import { loadNodeUsb, type NativeDevice, type NodeUsb } from './node-usb.js';

const contexts = new Contexts();

/** A device opened through libusb. */
export class LibusbDevice implements Device {
  /** Its `info` has the active configuration. */
  #handle: Handle & { readonly platform: Platform };
  /** The configuration that `close` selects again. */
  #replaced: ReplacedConfiguration | undefined;
  #claimed: readonly LibusbInterface[] = [];
  #open = true;

  private constructor(usb: NodeUsb, native: NativeDevice, info: DeviceInfo, platform: Platform) {
    this.#handle = { usb, native, info, platform };
  }

  /**
   * Opens a device.
   *
   * @param load another way to load node-usb, for tests
   * @throws UsbError as `Backend.open`
   */
  static async open(
    info: DeviceInfo,
    platform: Platform,
    load = loadNodeUsb,
  ): Promise<LibusbDevice> {
    platform.checkBeforeOpen(info);
    const loaded = await load();
    const found = contexts.find(loaded, info, platform.presenceOf(info));
    if (found === undefined) {
      throw platform.unlistedError(info);
    }
    const { usb, native } = found;
    // node-usb has one object with one handle for each device: a second open would share that handle,
    // and the first close would close it for both.
    if (native.interfaces !== undefined) {
      throw new UsbError('busy', `the device at ${info.path} is open already`);
    }
    try {
      native.open();
    } catch (error) {
      throw platform.openError(info, error);
    }
    return new LibusbDevice(usb, native, info, platform);
  }

  get info(): DeviceInfo {
    return this.#handle.info;
  }

  async selectConfiguration(value: number, options: ConfigurationOptions = {}): Promise<void> {
    const { isPermanent = false } = options;
    checkOpen(this.#open);
    checkConfigurable(this.#stillClaimed[0]?.interfaceNumber);
    checkConfiguration(this.info, value, isPermanent);
    const active = activeValue(this.#handle);
    this.#noteConfiguration(active);
    if (value === active && !isPermanent) {
      return;
    }
    const replaced = await ReplacedConfiguration.replace(this.#handle, value, options);
    this.#replaced = isPermanent ? undefined : (this.#replaced ?? replaced);
    this.#noteConfiguration(value);
  }

  #noteConfiguration(value: number | undefined): void {
    const info = { ...this.info, configurationValue: value === 0 ? undefined : value };
    this.#handle = { ...this.#handle, info };
  }

  async claim(
    interfaceNumber: number,
    alternateSetting: number,
    options: ClaimOptions = {},
  ): Promise<Interface> {
    checkOpen(this.#open);
    const setting = findSetting(this.info, interfaceNumber, alternateSetting);
    const claimed = await LibusbInterface.claim(this.#handle, setting, options);
    this.#claimed = [...this.#stillClaimed, claimed];
    return claimed;
  }

  async control(
    request: ControlRequest,
    data: Buffer,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<number> {
    signal?.throwIfAborted();
    checkOpen(this.#open);
    checkControlData(data);
    const carriedOut = carryOut(request, this, this.#stillClaimed); // libusb sends it
    if (carriedOut !== undefined) {
      return carriedOut;
    }
    const { usb, native, info, platform } = this.#handle;
    try {
      return await sendControl(
        (callback) => new usb.Transfer(native, 0, usb.LIBUSB_TRANSFER_TYPE_CONTROL, 0, callback),
        request,
        data,
        timeout,
        signal,
      );
    } catch (error) {
      if (error instanceof UsbError || error === signal?.reason) {
        throw error;
      }
      const own = this.#stillClaimed.map(({ interfaceNumber }) => interfaceNumber);
      throw platform.controlError(info, request, own, error);
    }
  }

  async reset(): Promise<void> {
    checkOpen(this.#open);
    checkReset(this.#stillClaimed[0]?.interfaceNumber);
    try {
      const { native } = this.#handle;
      await promisifyNative('cannot reset the device', (done) => native.reset(done));
    } catch (error) {
      throw error instanceof UsbError ? resetError(error) : error;
    }
  }

  async loss(): Promise<DeviceLoss | undefined> {
    const { platform, info, native } = this.#handle;
    const claimed = this.#stillClaimed;
    const isClaimLost = claimed.length === 0 ? undefined : claimed.some(({ isLost }) => isLost);
    return platform.loss(info, native, isClaimLost);
  }

  async close(): Promise<void> {
    if (!this.#open) {
      return;
    }
    const restoreError = await restoreIfPresent(this.#replaced, this.#handle);
    this.#replaced = undefined;
    try {
      this.#handle.native.close();
    } catch (error) {
      throw operationError('cannot close the device', error);
    }
    this.#open = false;
    if (restoreError !== undefined) {
      throw restoreError;
    }
  }

  get #stillClaimed(): readonly LibusbInterface[] {
    return this.#claimed.filter(({ released }) => !released);
  }
}

/**
 * Converts the error of a reset. libusb returns `not-found` if the device changed or is gone, and on
 * Linux `other` for any other failure.
 */
function resetError(error: UsbError): UsbError {
  const { code, message, cause } = error;
  if (code === 'not-found' || code === 'no-device') {
    const text = 'the device did not return unchanged from the reset';
    return new UsbError('no-device', text, { cause });
  }
  return code === 'other' ? new UsbError('io', message, { cause }) : error;
}
