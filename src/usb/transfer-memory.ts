/*
 * How much of the system's memory for transfers (`TransferMemory`) a transfer takes: its buffer and
 * some overhead. Linux 6.1 on amd64 adds 288 bytes for a URB and, if the controller supports
 * scatter-gather, 32 bytes for each piece of 16 KiB (measured; proc_do_submiturb in
 * drivers/usb/core/devio.c). Otherwise libusb makes a URB of every such piece. Which case applies is
 * known only after opening the device, so these are bounds.
 */

/** Bytes in each piece of a long transfer. */
const PIECE = 16 * 1024;

/** Overhead in bytes: at least for a transfer, at most for a piece, with a margin for other kernels. */
const LEAST_OVERHEAD = 128;
const MOST_OVERHEAD = 512;

/** Returns the least memory that a transfer of this length takes, in bytes. */
export function leastMemory(length: number): number {
  return length + LEAST_OVERHEAD;
}

/** Returns the most memory that a transfer of this length takes, in bytes. */
export function mostMemory(length: number): number {
  return length + Math.max(1, Math.ceil(length / PIECE)) * MOST_OVERHEAD;
}

/** Returns how many transfers of this length fit into the memory for certain. */
export function fittingTransfers(memory: number, length: number): number {
  return Math.floor(memory / mostMemory(length));
}

/** Returns the greatest length at which this many transfers fit into the memory for certain. */
export function fittingLength(memory: number, transfers: number): number {
  const each = Math.floor(memory / transfers);
  const wholePieces = Math.floor(each / (PIECE + MOST_OVERHEAD));
  const rest = each - wholePieces * (PIECE + MOST_OVERHEAD);
  return wholePieces * PIECE + Math.max(0, rest - MOST_OVERHEAD);
}
