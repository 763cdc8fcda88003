import type {
  Backend,
  DescriptorBytes,
  DeviceLoss,
  DeviceState,
  TransferMemory,
} from '../../usb/backend.js';
import type { CheckResult } from '../../usb/check-result.js';
import type { ControlRequest } from '../../usb/control.js';
import type { UsbError } from '../../usb/errors.js';
import type { DeviceInfo } from '../../usb/model.js';
import type { NativeDevice } from './native/node-usb.js';

/**
 * A device that libusb may not list: it is gone, or it is on the bus. Then libusb will learn of it,
 * because a udev daemon reports it, or it will not.
 */
export type Presence = 'gone' | 'reported' | 'unreported';

/** Access to USB devices that depends on the operating system. The backend chooses one platform. */
export interface Platform {
  /** See `Backend.list`. */
  list(): Promise<DeviceInfo[]>;

  /** See `Backend.inspect`. */
  inspect(info: DeviceInfo): Promise<DeviceState>;

  /** See `Backend.descriptors`. */
  descriptors(info: DeviceInfo): Promise<DescriptorBytes>;

  /** See `Backend.checkUnused`. Does nothing if the system does not show it. */
  checkUnused(info: DeviceInfo): Promise<void>;

  /** See `Backend.transferMemory`. */
  transferMemory(): Promise<TransferMemory | undefined>;

  /** See `Backend.diagnose`; `open` is `Backend.open`. */
  diagnose(devices: readonly DeviceInfo[], open: Backend['open']): Promise<CheckResult[]>;

  /** See `WatchedBus`; undefined if nothing is cheaper than a list. */
  readonly fingerprint: (() => Promise<string>) | undefined;

  /**
   * See `Device.loss`.
   *
   * @param isClaimLost whether the binding of a claimed interface has changed; undefined if none is
   *   claimed
   */
  loss(
    info: DeviceInfo,
    native: NativeDevice,
    isClaimLost: boolean | undefined,
  ): Promise<DeviceLoss | undefined>;

  /** Returns the kernel driver of an interface; undefined if it has none or that is unknown. */
  driverOf(info: DeviceInfo, interfaceNumber: number): string | undefined;

  /**
   * Returns a text that identifies the current binding of an interface to its driver, or to the process
   * that claimed it: another one after each new binding. Undefined if it has none or that is unknown.
   */
  bindingOf(info: DeviceInfo, interfaceNumber: number): string | undefined;

  /**
   * Checks for causes of failures for which libusb gives no reason.
   *
   * @throws UsbError `access`
   */
  checkBeforeOpen(info: DeviceInfo): void;

  /** Returns whether a device is on the bus; 'gone' where only libusb knows that. */
  presenceOf(info: DeviceInfo): Presence;

  /** Explains why libusb does not list a device that `list` returned. */
  unlistedError(info: DeviceInfo): UsbError;

  /** Explains why a device could not be opened. */
  openError(info: DeviceInfo, cause: unknown): UsbError;

  /** Explains why an interface could not be claimed. */
  claimError(info: DeviceInfo, interfaceNumber: number, cause: unknown): UsbError;

  /**
   * Explains why a control request could not be sent.
   *
   * @param own the numbers of the interfaces that are claimed through the same handle
   */
  controlError(
    info: DeviceInfo,
    request: ControlRequest,
    own: readonly number[],
    cause: unknown,
  ): UsbError;
}
