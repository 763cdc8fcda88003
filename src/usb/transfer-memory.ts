/*
 * The share of `TransferMemory` that a transfer takes: its buffer and some overhead. Linux 6.1 on
 * amd64 adds 288 bytes for a URB and, if the controller supports scatter-gather, 32 bytes for each
 * piece of 16 KiB (measured; proc_do_submiturb in drivers/usb/core/devio.c). Otherwise libusb creates
 * a URB for every such piece. Which case applies is known only after opening the device, so these are
 * bounds.
 */

/** Bytes in each piece of a long transfer. */
const PIECE = 16 * 1024;

/**
 * Overhead in bytes, with a margin for other kernels: the minimum of a transfer, the maximum of a
 * piece.
 */
const MIN_OVERHEAD = 128;
const MAX_OVERHEAD = 512;

/** Returns the minimum memory that a transfer of this length takes, in bytes. */
export function minMemory(length: number): number {
  return length + MIN_OVERHEAD;
}

/** Returns the maximum memory that a transfer of this length takes, in bytes. */
export function maxMemory(length: number): number {
  return length + Math.max(1, Math.ceil(length / PIECE)) * MAX_OVERHEAD;
}

/** Returns the number of transfers of this length that certainly fit into the memory. */
export function fittingTransfers(memory: number, length: number): number {
  return Math.floor(memory / maxMemory(length));
}

/** Returns the maximum length at which this many transfers certainly fit into the memory. */
export function fittingLength(memory: number, transfers: number): number {
  const each = Math.floor(memory / transfers);
  const wholePieces = Math.floor(each / (PIECE + MAX_OVERHEAD));
  const rest = each - wholePieces * (PIECE + MAX_OVERHEAD);
  return wholePieces * PIECE + Math.max(0, rest - MAX_OVERHEAD);
}
