import type { EndpointLocation } from '../../usb/locate.js';

/*
 * The defaults of streams, wherever they are started. Those of the write buffer and of the read-ahead are
 * in `receiver.ts` and `sender.ts`.
 */

/** The default number of transfers in flight. */
export const DEFAULT_TRANSFERS = 16;

/** The default transfer size of bulk endpoints and of OUT endpoints, in bytes. */
export const DEFAULT_TRANSFER_SIZE = 256 * 1024;

/** How long a duplex stream waits for more data after everything is sent, in milliseconds. */
export const DEFAULT_LINGER = 1000;

/** How long old data is discarded at most before a stream, in milliseconds. */
export const DEFAULT_FLUSH_TIME = 1000;

/** How long the device may take for one control request, in milliseconds. */
export const DEFAULT_CONTROL_TIMEOUT = 5000;

/**
 * The default transfer size of an IN endpoint, in bytes: for an interrupt endpoint, what it can send in
 * one service interval. A larger transfer would wait for more reports if these fill their packets.
 */
export function defaultTransferSize({ endpoint }: EndpointLocation): number {
  const { type, maxPacketSize, packetsPerInterval = 1 } = endpoint;
  return type === 'interrupt' ? maxPacketSize * packetsPerInterval : DEFAULT_TRANSFER_SIZE;
}

/** Rounds a transfer size up to whole packets: a device can overflow a transfer that ends within one. */
export function wholePackets(bytes: number, { endpoint }: EndpointLocation): number {
  return Math.ceil(bytes / endpoint.maxPacketSize) * endpoint.maxPacketSize;
}
