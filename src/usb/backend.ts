import type { CheckResult } from './check-result.js';
import type { ControlRequest } from './control.js';
import type { Remedy } from './errors.js';
import type { DeviceInfo } from './model.js';
import type { TransferStatus } from './transfer-status.js';

/**
 * The contract between the engine and whatever moves the bytes: libusb, a simulated bus, later
 * others. One test suite (test/contract) holds every backend to it.
 *
 * Operations fail with a `UsbError`; how a transfer ended is a `TransferStatus`.
 */
export interface Backend {
  readonly name: string;

  /**
   * The devices on the bus, ordered by bus and port. Opens nothing and sends the devices nothing.
   *
   * @throws UsbError `no-bus` when the system shows no USB bus at all
   */
  list(): Promise<DeviceInfo[]>;

  /** What the system makes of a device that `list` told of. Opens nothing. */
  inspect(info: DeviceInfo): Promise<DeviceState>;

  /**
   * The descriptors of a device that `list` told of, as the device sent them. Opens nothing.
   *
   * @throws UsbError `no-device` when it is gone
   */
  descriptors(info: DeviceInfo): Promise<DescriptorBytes>;

  /**
   * Opens a device that `list` told of.
   *
   * @throws UsbError `no-device`, `access`, `busy` (also for a second handle where a backend can
   *   have but one of each device), `no-memory`, `io`
   */
  open(info: DeviceInfo): Promise<Device>;

  /** What memory the system lends to transfers; undefined when no limit of it is known. */
  transferMemory(): Promise<TransferMemory | undefined>;

  /**
   * Looks for what keeps this system, and each of these devices, from being used. Opens no device
   * and changes nothing. A backend that nothing can keep from its work has no such method.
   */
  diagnose?(devices: readonly DeviceInfo[]): Promise<CheckResult[]>;
}

/**
 * The memory that a system lends to the transfers in flight, of all programs together. Beyond it a
 * submit fails with `no-memory`; `src/usb/transfer-memory.ts` knows what a transfer takes of it.
 */
export interface TransferMemory {
  /** In bytes. */
  readonly bytes: number;
  /** What raises the limit to at least this many bytes. */
  raise(bytes: number): Remedy;
}

/** Descriptors as they are. They come from the device: untrusted. */
export interface DescriptorBytes {
  /** The device descriptor, and behind it each configuration with all that belongs to it. */
  readonly descriptors: Uint8Array;
  /** The BOS descriptor with its capabilities (USB 3.2 §9.6.2); undefined where it is not known. */
  readonly bos: Uint8Array | undefined;
}

/** An opened device. */
export interface Device {
  readonly info: DeviceInfo;

  /**
   * Claims an interface by its number, and selects an alternate setting of it.
   *
   * @throws UsbError `not-found`, `busy`, `no-device`, `io`; `invalid` once the device was closed.
   *   Whatever was detached by then is attached again.
   */
  claim(
    interfaceNumber: number,
    alternateSetting: number,
    options?: ClaimOptions,
  ): Promise<Interface>;

  /**
   * Sends one control request to endpoint 0 and waits for its end (USB 2.0 §9.3). One to an interface
   * or an endpoint needs that interface to be claimed, unless it is a vendor's.
   *
   * @param data what is sent or, where the device answers, room for the answer: its length is
   *   wLength, at most LARGEST_CONTROL_DATA. It belongs to the request until the end.
   * @param timeout milliseconds until it is cancelled
   * @returns the bytes that were moved, which may be fewer than there was room for
   * @throws UsbError `stall` when the device does not support the request, or not now; `timed-out`;
   *   `no-device`, `io`; `busy` for an interface that somebody else holds; `not-found` for an endpoint
   *   that is not there; `invalid` once the device was closed, or for data that is too long
   */
  control(request: ControlRequest, data: Buffer, timeout: number): Promise<number>;

  /**
   * Resets the port that the device hangs on (USB 2.0 §9.1.2): it starts anew, and keeps its address
   * and configuration. No interface may be claimed.
   *
   * @throws UsbError `no-device` when it did not come back as it was: it may be on the bus again as
   *   another one, and this one can only be closed; `io`; `invalid` while an interface is claimed or
   *   once the device was closed
   */
  reset(): Promise<void>;

  /** Whether the device is still on the bus. Needs no answer from the device itself. */
  isConnected(): Promise<boolean>;

  /**
   * Closes the device. Claimed interfaces must have been released before. Closing twice does
   * nothing more.
   */
  close(): Promise<void>;
}

/** How to claim an interface. */
export interface ClaimOptions {
  /**
   * Whether to take the interface from a kernel driver that holds it, until it is released. False by
   * default: then a claim fails with `busy`, and the error names the driver.
   */
  readonly detachDriver?: boolean | undefined;
}

/** A claimed interface in one alternate setting. */
export interface Interface {
  /**
   * A bulk or interrupt endpoint of the selected alternate setting.
   *
   * @throws UsbError `not-found`, also for an endpoint of another type
   */
  endpoint(address: number): Endpoint;

  /**
   * Gives the interface back: selects alternate setting 0 again, where another one was in force, and
   * returns it to the kernel driver if it was taken from one. Every transfer must have completed. Once
   * released, there is nothing more to do.
   *
   * @throws UsbError `invalid` while a transfer is in flight; `no-device` when the device is gone,
   *   which leaves nothing to release; `other` when the kernel driver does not come back; what
   *   selecting the alternate setting throws. It is released all the same then, but for `invalid`.
   */
  release(): Promise<void>;
}

/** A bulk or interrupt endpoint of a claimed interface. */
export interface Endpoint {
  readonly address: number;
  /** Bytes in one full packet. */
  readonly maxPacketSize: number;

  /**
   * Makes a transfer that can be submitted again and again, one flight at a time.
   *
   * @param onComplete answers each submit; see `Transfer.submit`
   */
  createTransfer(onComplete: OnComplete): Transfer;

  /**
   * Ends the halt that a STALL began (USB 2.0 §9.4.5) and resets the data toggle.
   *
   * @throws UsbError `invalid` while a transfer is in flight on the endpoint; `no-device`, `io`
   */
  clearHalt(): Promise<void>;
}

/**
 * Told once for each submit: how the transfer ended, and the bytes that it moved, which is true
 * whatever the status. It may submit the transfer again. It must not throw.
 */
export type OnComplete = (status: TransferStatus, actualLength: number) => void;

/** One asynchronous transfer. */
export interface Transfer {
  /**
   * Queues the transfer. Every submit that did not throw is answered by exactly one call of
   * `onComplete`, never from within `submit` or `cancel`, also after a cancel and an unplug. The
   * buffer belongs to the transfer from here to the completion. Transfers of one endpoint that
   * carry data complete in the order in which they were submitted.
   *
   * @param length bytes to move, from the start of `buffer`; for IN a multiple of the packet size,
   *   or the device may overflow it; for OUT what is no such multiple ends in a short packet, and 0 is
   *   a zero-length packet
   * @throws UsbError `no-device`, `no-memory`, `io`; `invalid` while in flight, once the interface
   *   was released, and for a length that the buffer does not have. The transfer can be submitted
   *   again.
   */
  submit(buffer: Buffer, length: number): void;

  /**
   * Asks for an early end. The completion still comes, `cancelled` or, when it was too late, as it
   * was; a cancelled transfer may carry bytes, even its whole buffer. Does nothing to a transfer that
   * is not in flight. Does not throw.
   */
  cancel(): void;
}

/**
 * What the system makes of a device, beyond what the device says of itself: who drives it, and
 * whether this user may open it. Known without opening it; as of now, and soon out of date.
 */
export interface DeviceState {
  /** Whether this user may open the device for transfers; undefined where that cannot be told. */
  readonly accessible: boolean | undefined;
  /** The file by which it is opened, `/dev/bus/usb/003/004`; undefined where there are no such files. */
  readonly node: string | undefined;
  /** Of each interface of the active configuration. */
  readonly interfaces: readonly InterfaceState[];
}

/** What the system makes of one interface. */
export interface InterfaceState {
  readonly interfaceNumber: number;
  /** The kernel driver; `usbfs` while a process has claimed the interface. */
  readonly driver: string | undefined;
  /**
   * What the driver made of it: device files such as `/dev/ttyACM0` and `/dev/sdb`, and names of
   * network interfaces, such as `eth1`. May be looked for when it is asked for, each time.
   */
  readonly nodes: readonly string[];
  /** The string that iInterface is the number of, likewise. Comes from the device: untrusted. */
  readonly name: string | undefined;
}
