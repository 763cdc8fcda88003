/**
 * How a transfer can end, in libusb's terms and order (`enum libusb_transfer_status`):
 *
 * - `completed`: the buffer is full, or a short packet ended the transfer early;
 * - `error`: the bus reported a protocol error, or the device is going away;
 * - `timed-out`: it waited longer than it was allowed to;
 * - `cancelled`: it was cancelled; what had arrived by then counts;
 * - `stall`: the endpoint is halted and stays so until its halt is cleared (USB 2.0 §8.4.5);
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

/** One of the seven ways a transfer ends. */
export type TransferStatus = (typeof TRANSFER_STATUSES)[number];

/** Whether a transfer failed: it neither completed nor was cancelled. */
export function isFailure(status: TransferStatus): boolean {
  return status !== 'completed' && status !== 'cancelled' && status !== 'timed-out';
}
