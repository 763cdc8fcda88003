/*
 * A file of its own because every layer uses it, down to the reports, and most need nothing else of the
 * contract.
 */

/**
 * The ways a transfer ends, with libusb's names and order (`enum libusb_transfer_status`):
 *
 * - `completed`: the buffer is full, or a short packet ended the transfer early;
 * - `error`: the bus reported a protocol error, or the device is being disconnected;
 * - `timed-out`: the transfer was pending longer than its timeout;
 * - `cancelled`: the transfer was cancelled; the bytes that moved before are valid;
 * - `stall`: the endpoint is halted until its halt is cleared (USB 2.0 §8.4.5);
 * - `no-device`: the device is gone;
 * - `overflow`: the device sent more than the buffer holds (babble); the contents are undefined.
 */
export const TRANSFER_STATUSES = [
  'completed',
  'error',
  'timed-out',
  'cancelled',
  'stall',
  'no-device',
  'overflow',
] as const;

/** How a transfer ended. */
export type TransferStatus = (typeof TRANSFER_STATUSES)[number];

/** Returns whether a status is a failure. The cancellations `cancelled` and `timed-out` are not. */
export function isFailure(status: TransferStatus): boolean {
  return status !== 'completed' && status !== 'cancelled' && status !== 'timed-out';
}
