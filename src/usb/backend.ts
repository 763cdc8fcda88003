import type { CheckResult } from './check-result.js';
import type { ControlRequest } from './control.js';
import type { Remedy } from './errors.js';
import type { DeviceInfo } from './model.js';
import type { TransferStatus } from './transfer-status.js';

/**
 * The contract between the engine and what moves the bytes: libusb, the virtual bus or USB/IP. One test
 * suite (test/contract) runs against every backend.
 *
 * A failed operation throws a `UsbError`. How a transfer ended is a `TransferStatus`.
 */
export interface Backend {
  /** The name, for messages. */
  readonly name: string;

  /**
   * Lists the devices on the bus, ordered by bus and port. Neither opens a device nor sends anything
   * to one.
   *
   * @throws UsbError `no-bus` if the system has no USB bus; `no-server` if a server of devices cannot be
   *   used
   */
  list(): Promise<DeviceInfo[]>;

  /** Returns what the system knows about a listed device. Opens nothing. */
  inspect(info: DeviceInfo): Promise<DeviceState>;

  /**
   * Returns the descriptors of a listed device. Opens nothing.
   *
   * @throws UsbError `no-device` if the device is gone
   */
  descriptors(info: DeviceInfo): Promise<DescriptorBytes>;

  /**
   * Returns all that is known about a listed device whose `isPartial` is true, and selects its first
   * configuration if it has none. Opens the device for it. Absent in a backend whose list is complete.
   *
   * @throws UsbError as `open`
   */
  examine?(info: DeviceInfo): Promise<DeviceInfo>;

  /**
   * Opens a listed device.
   *
   * @throws UsbError `no-device`, `access`, `no-memory`, `io`; `busy`, also for a second handle if the
   *   backend supports one for each device
   */
  open(info: DeviceInfo): Promise<Device>;

  /**
   * Checks that no other process uses a listed device, as far as this user may see. Opens no device.
   * Absent in a backend on which there are no other processes.
   *
   * @throws UsbError `busy`, which names the processes
   */
  checkUnused?(info: DeviceInfo): Promise<void>;

  /** The maximum length of a transfer in bytes; absent without a limit. */
  readonly maxTransferLength?: number;

  /** Returns the system's memory limit for transfers; undefined if none is known. */
  transferMemory(): Promise<TransferMemory | undefined>;

  /**
   * Checks the system and each of these devices for problems. Changes nothing. Opens a device only to
   * ask for a descriptor that the system does not show. Absent in a backend that cannot have problems.
   */
  diagnose?(devices: readonly DeviceInfo[]): Promise<CheckResult[]>;
}

/**
 * The system's memory limit for transfers in flight, shared by all programs. Above it, a submit fails
 * with `no-memory`. `transfer-memory.ts` computes the memory that a transfer takes.
 */
export interface TransferMemory {
  /** The limit in bytes. */
  readonly bytes: number;
  /** Returns the remedy that raises the limit to at least this many bytes. */
  raise(bytes: number): Remedy;
}

/** Descriptors as the device sent them: untrusted. */
export interface DescriptorBytes {
  /** The device descriptor, then each complete configuration. */
  readonly descriptors: Uint8Array;
  /** The BOS descriptor with its capabilities (USB 3.2 §9.6.2); undefined if it is not known. */
  readonly bos: Uint8Array | undefined;
}

/** An opened device. */
export interface Device {
  /** What is known about it, with its current configuration. */
  readonly info: DeviceInfo;

  /**
   * Selects a configuration (USB 2.0 §9.4.7). Until `close` selects the previous one again, `info` has
   * the new one. Sends nothing if the configuration is active, unless it is permanent.
   *
   * @throws UsbError `not-found`; `busy` if a kernel driver or another process holds an interface;
   *   `no-device`, `io`; `invalid` while an interface is claimed and after the device was closed.
   *   Detached kernel drivers are reattached then.
   */
  selectConfiguration(value: number, options?: ConfigurationOptions): Promise<void>;

  /**
   * Claims an interface of the active configuration by its number and selects one of its alternate
   * settings. On failure, reattaches a detached kernel driver.
   *
   * @throws UsbError `not-found`, `busy`, `no-device`, `io`; `invalid` after the device was closed
   */
  claim(
    interfaceNumber: number,
    alternateSetting: number,
    options?: ClaimOptions,
  ): Promise<Interface>;

  /**
   * Sends one control request to endpoint 0 and waits for its completion (USB 2.0 §9.3). A request to
   * an interface or an endpoint requires that interface to be claimed, except for vendor requests.
   *
   * Three standard requests change the state of the host, too (`hostRequestOf`). The system sends them,
   * so that host and device agree; `timeout` and `signal` do not apply. SET_CONFIGURATION is
   * `selectConfiguration` with a permanent configuration. SET_INTERFACE selects an alternate setting of
   * a claimed interface until its release. CLEAR_FEATURE(ENDPOINT_HALT) is `Endpoint.clearHalt`.
   *
   * @param data the data to send, or the buffer for the response. Its length is wLength, at most
   *   MAX_CONTROL_DATA. The request owns it until it completes.
   * @param timeout milliseconds after which the request is cancelled
   * @param signal cancels the request when it aborts. The device may have handled it by then.
   * @returns the number of bytes moved, which may be less than the length of `data`
   * @throws UsbError `stall` if the device rejects the request; `timed-out`; `no-device`; `io`; `busy`
   *   for an interface that another handle has claimed; `not-found` for an endpoint that does not
   *   exist; `invalid` for data that is too long, and after the device was closed; for the three
   *   requests above, also `invalid` if the interface is not claimed or has transfers in flight. The
   *   reason of `signal` if that aborted.
   */
  control(
    request: ControlRequest,
    data: Buffer,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<number>;

  /**
   * Resets the port of the device (USB 2.0 §9.1.2). The device restarts with the same address and
   * configuration.
   *
   * @throws UsbError `no-device` if the device does not return unchanged: it may be on the bus as a
   *   new device, and this handle can only be closed; `io`; `invalid` while an interface is claimed
   *   and after the device was closed
   */
  reset(): Promise<void>;

  /**
   * Returns why the device, or an interface claimed through this handle, cannot be used any more;
   * undefined if both can. Sends nothing to the device.
   */
  loss(): Promise<DeviceLoss | undefined>;

  /**
   * Closes the device. All interfaces must have been released. Selects the configuration again that
   * `selectConfiguration` replaced, and reattaches the kernel drivers that it detached. Does nothing if
   * the device was closed before.
   *
   * @throws UsbError if the former state could not be restored: the device is closed then
   */
  close(): Promise<void>;
}

/**
 * Why an open device cannot be used any more. In each case, transfers may end as `completed` with only
 * a part of their bytes, and a new handle is needed.
 *
 * - `disconnected`: it is not on the bus
 * - `deauthorized`: the system forbids its use until it is authorized again
 * - `deconfigured`: it has no configuration, or another one than its `info`
 * - `reset`: a claimed interface was taken from this handle and may have been claimed again since:
 *   another process has reset the device or bound a driver, or the system has resumed. The kernel
 *   claims the interface again at the next submission, so no operation fails.
 */
export type DeviceLoss = 'disconnected' | 'deauthorized' | 'deconfigured' | 'reset';

/** How to claim an interface. */
export interface ClaimOptions {
  /**
   * Whether to detach the kernel driver of the interface until the release. False by default: the
   * claim then fails with `busy`, and the error names the driver.
   */
  readonly detachDriver?: boolean | undefined;
  /**
   * Whether to send SET_INTERFACE also for alternate setting 0, which is selected anyway. It resets
   * the interface: its endpoints are not halted afterwards. False by default, because some devices
   * answer it with a stall.
   */
  readonly sendSetting?: boolean | undefined;
}

/** How to select a configuration. */
export interface ConfigurationOptions {
  /**
   * Whether to detach the kernel drivers of all interfaces. False by default: if there are any, the
   * selection then fails with `busy`, and the error names one.
   */
  readonly detachDriver?: boolean | undefined;
  /**
   * Whether the configuration stays selected when the device is closed. It is then selected even if it
   * is active, which resets its interfaces, and 0 deconfigures the device.
   */
  readonly isPermanent?: boolean | undefined;
}

/** A claimed interface in one alternate setting. */
export interface Interface {
  /**
   * Returns a bulk or interrupt endpoint of the selected alternate setting.
   *
   * @throws UsbError `not-found`, also for an endpoint of another type
   */
  endpoint(address: number): Endpoint;

  /**
   * Releases the interface: selects alternate setting 0 again and reattaches a detached kernel driver.
   * Every transfer must have completed. Does nothing if the interface was released before.
   *
   * @throws UsbError `invalid` while a transfer is in flight: the interface stays claimed. After any
   *   other error it is released: `no-device` if the device is gone; `other` if the kernel driver
   *   could not be attached; errors of selecting the alternate setting.
   */
  release(): Promise<void>;
}

/** A bulk or interrupt endpoint of a claimed interface. */
export interface Endpoint {
  /** bEndpointAddress. */
  readonly address: number;
  /** Bytes in one full packet. */
  readonly maxPacketSize: number;
  /** See `DeviceInfo.cancelKeepsData`. */
  readonly cancelKeepsData: boolean;
  /**
   * Aborts when the endpoint has sent all that it will ever send. The reason is an error if that is less
   * than it should have sent. Absent unless the endpoint plays a recording.
   */
  readonly ended?: AbortSignal | undefined;

  /**
   * Creates a transfer, which can be submitted again after each completion.
   *
   * @param onComplete called once for each submission; see `Transfer.submit`
   */
  createTransfer(onComplete: OnComplete): Transfer;

  /**
   * Clears the halt that a STALL caused (USB 2.0 §9.4.5) and resets the data toggle.
   *
   * @throws UsbError `invalid` while a transfer is in flight on the endpoint; `no-device`; `io`
   */
  clearHalt(): Promise<void>;
}

/**
 * Called once for each submission, with the status and the number of bytes moved, which is valid for
 * every status, except for a cancelled transfer if `cancelKeepsData` is false: it may have moved more. May submit the transfer again. Must not throw.
 */
export type OnComplete = (status: TransferStatus, actualLength: number) => void;

/** One asynchronous transfer. */
export interface Transfer {
  /**
   * Submits the transfer. Every submission that does not throw is followed by exactly one call of
   * `onComplete`, also after a cancel or an unplug, and never from within `submit` or `cancel`. Until
   * then the transfer owns the buffer. Transfers of one endpoint that carry data complete in the order
   * of their submissions.
   *
   * @param length bytes to move, from the start of `buffer`. For IN, it must be a multiple of the
   *   packet size; otherwise the device may send more (`overflow`). For OUT, any other length ends
   *   with a short packet, and 0 sends a zero-length packet.
   * @throws UsbError `no-device`, `no-memory`, `io`; `invalid` while the transfer is in flight, after
   *   the interface was released, and for a length outside the buffer. The transfer can then be
   *   submitted again.
   */
  submit(buffer: Buffer, length: number): void;

  /**
   * Requests cancellation. The completion still comes: `cancelled`, or the regular status if the
   * request was too late. A cancelled transfer may carry bytes, up to its whole buffer; if
   * `cancelKeepsData` is false, these are lost. Does nothing if the transfer is not in flight. Does
   * not throw.
   */
  cancel(): void;
}

/**
 * What the system knows about a device without opening it: its kernel drivers, and whether this user
 * may open it. May change at any time.
 */
export interface DeviceState {
  /** Whether this user may open the device for transfers; undefined if that is not known. */
  readonly accessible: boolean | undefined;
  /** The device file, such as `/dev/bus/usb/003/004`; undefined if the system has no such files. */
  readonly node: string | undefined;
  /** The interfaces of the active configuration. */
  readonly interfaces: readonly InterfaceState[];
}

/** What the system knows about one interface. */
export interface InterfaceState {
  /** bInterfaceNumber. */
  readonly interfaceNumber: number;
  /** The kernel driver; `usbfs` while a process has claimed the interface. */
  readonly driver: string | undefined;
  /**
   * Device files that the driver created, such as `/dev/ttyACM0` and `/dev/sdb`, and names of network
   * interfaces, such as `eth1`. Each access may search for them.
   */
  readonly nodes: readonly string[];
  /** The string with the number iInterface. Each access may read it. Untrusted. */
  readonly name: string | undefined;
}
