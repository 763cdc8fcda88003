/*
 * What a transfer takes of the memory that the system lends (`TransferMemory`): its buffer, and a
 * little to keep book. Linux 6.1 on amd64 adds 288 bytes for a URB and, where the controller gathers
 * scattered memory, 32 bytes for each piece of 16 KiB (measured; proc_do_submiturb in
 * drivers/usb/core/devio.c). Where it cannot, libusb makes a URB of every such piece. Which it is
 * shows only to those who have opened the device, so these are bounds.
 */

/** Bytes in one piece of a long transfer. */
const PIECE = 16 * 1024;

/** Bytes to keep book: at least for a transfer, at most for a piece, with room for other kernels. */
const LEAST_OVERHEAD = 128;
const MOST_OVERHEAD = 512;

/** Bytes that a transfer of so many bytes takes at least. */
export function leastMemory(length: number): number {
  return length + LEAST_OVERHEAD;
}

/** Bytes that a transfer of so many bytes takes at most. */
export function mostMemory(length: number): number {
  return length + Math.max(1, Math.ceil(length / PIECE)) * MOST_OVERHEAD;
}

/** How many transfers of so many bytes each are sure to fit into that memory. */
export function fittingTransfers(memory: number, length: number): number {
  return Math.floor(memory / mostMemory(length));
}

/** The most bytes for each of so many transfers that are sure to fit into that memory. */
export function fittingLength(memory: number, transfers: number): number {
  const each = Math.floor(memory / transfers);
  const wholePieces = Math.floor(each / (PIECE + MOST_OVERHEAD));
  const rest = each - wholePieces * (PIECE + MOST_OVERHEAD);
  return wholePieces * PIECE + Math.max(0, rest - MOST_OVERHEAD);
}
