import type { TransferType } from '../usb/model.js';
import type { TransferStatus } from '../usb/transfer-status.js';

/** What a packet reports: `S` a submission, `C` a completion, `E` a submission that failed. */
export type UsbEvent = 'S' | 'C' | 'E';

/**
 * One event of a USB transfer, as capture files have it (kernel Documentation/usb/usbmon.rst). A
 * transfer is one `S` and one `C` with the same ID, or one `S` and one `E`.
 */
export interface UsbPacket {
  /** Connects the events of a transfer: an unsigned 64-bit number. */
  readonly id: bigint;
  readonly event: UsbEvent;
  readonly type: TransferType;
  /** The address of the endpoint. Bit 7 is set for IN, also for endpoint 0. */
  readonly endpoint: number;
  /** The address of the device on its bus. */
  readonly device: number;
  readonly bus: number;
  /** The 8 bytes of the setup packet of a control transfer, at `S` only. */
  readonly setup: Uint8Array | undefined;
  /** 0 or a negative errno; `IN_PROGRESS` at `S`. */
  readonly status: number;
  /** Bytes to move at `S`, bytes moved otherwise. */
  readonly length: number;
  /**
   * The bytes of an OUT transfer at `S`, of an IN transfer at `C`. May have fewer than `length`, if the
   * capture was cut; otherwise empty.
   */
  readonly data: Uint8Array;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly comments: readonly string[];
}

/** The status of a submission: -EINPROGRESS. */
export const IN_PROGRESS = -115;

/**
 * The negative errno of each status (kernel Documentation/driver-api/usb/error-codes.rst). Linux
 * reports a transfer that was cancelled after its timeout as any other that was cancelled.
 */
const ERRNO: Readonly<Record<TransferStatus, number>> = {
  completed: 0,
  error: -71, // EPROTO
  'timed-out': -2, // ENOENT
  cancelled: -2,
  stall: -32, // EPIPE
  'no-device': -108, // ESHUTDOWN
  overflow: -75, // EOVERFLOW
};

/** Returns the status of a transfer as 0 or a negative errno of Linux. */
export function errnoOf(status: TransferStatus): number {
  return ERRNO[status];
}

/** The statuses of other values, as libusb reports them (`reap_for_handle` in linux_usbfs.c). */
const STATUSES: ReadonlyMap<number, TransferStatus> = new Map([
  [0, 'completed'],
  [-121, 'completed'], // EREMOTEIO: a short packet, where that was not expected
  [-2, 'cancelled'], // ENOENT
  [-104, 'cancelled'], // ECONNRESET
  [-110, 'timed-out'], // ETIMEDOUT
  [-32, 'stall'], // EPIPE
  [-19, 'no-device'], // ENODEV
  [-108, 'no-device'], // ESHUTDOWN
  [-75, 'overflow'], // EOVERFLOW
]);

/** Returns the status of a transfer that ended with this errno of Linux: `error` for any other one. */
export function statusOfErrno(errno: number): TransferStatus {
  return STATUSES.get(errno) ?? 'error';
}
