import type { TransferStatus } from '../../../usb/transfer-status.js';

/** The status of a reply on the wire: negative errno values of Linux, whatever the systems are. */
export const STATUS = {
  ok: 0,
  killed: -2,
  noMemory: -12,
  busy: -16,
  noDevice: -19,
  invalid: -22,
  stall: -32,
  protocolError: -71,
  overflow: -75,
  unlinked: -104,
  shutDown: -108,
  timedOut: -110,
  shortNotOk: -121,
} as const;

/** The status on the wire of each status of a transfer. */
const TO_WIRE: Readonly<Record<TransferStatus, number>> = {
  completed: STATUS.ok,
  error: STATUS.protocolError,
  'timed-out': STATUS.timedOut,
  cancelled: STATUS.unlinked,
  stall: STATUS.stall,
  'no-device': STATUS.shutDown,
  overflow: STATUS.overflow,
};

const FROM_WIRE: ReadonlyMap<number, TransferStatus> = new Map<number, TransferStatus>([
  [STATUS.ok, 'completed'],
  [STATUS.shortNotOk, 'completed'],
  [STATUS.killed, 'cancelled'],
  [STATUS.unlinked, 'cancelled'],
  [STATUS.stall, 'stall'],
  [STATUS.overflow, 'overflow'],
  [STATUS.timedOut, 'timed-out'],
  [STATUS.shutDown, 'no-device'],
  [STATUS.noDevice, 'no-device'],
]);

/** Returns the status on the wire. */
export function toWire(status: TransferStatus): number {
  return TO_WIRE[status];
}

/**
 * Returns the status of a transfer.
 *
 * @param isCancelled whether the client has cancelled it. A server that ends a transfer by itself reports
 *   the same status, but that is an error.
 */
export function fromWire(status: number, isCancelled: boolean): TransferStatus {
  const known = FROM_WIRE.get(status) ?? 'error';
  return known === 'cancelled' && !isCancelled ? 'error' : known;
}
