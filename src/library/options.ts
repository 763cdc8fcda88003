import { requireRange } from '../engine/checks.js';
import { DEFAULT_WRITE_BUFFER, type ReceiveOptions } from '../engine/receive/receiver.js';
import type { SendOptions, ZeroLengthPackets } from '../engine/send/sender.js';
import {
  DEFAULT_FLUSH_TIME,
  DEFAULT_TRANSFER_SIZE,
  DEFAULT_TRANSFERS,
  defaultTransferSize,
  wholePackets,
} from '../engine/session/defaults.js';
import type { RecoveryOptions } from '../engine/session/recovery.js';
import type { StreamHooks } from '../engine/session/run.js';
import type { Gap } from '../engine/stats/statistics.js';
import type { EndpointLocation } from '../usb/locate.js';
import { type ControlIn, type ControlOut, toTransfer } from './control.js';

/** What all streams have in common. Times are milliseconds, sizes bytes. */
export interface StreamOptions {
  /** Ends the stream when it is aborted: the stream fails with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
  /** The number of the interface; needed if several interfaces have the endpoint. */
  readonly interfaceNumber?: number | undefined;
  /** The alternate setting to select; by default 0, if it has the endpoint. */
  readonly alternateSetting?: number | undefined;
  /** Whether to clear the halt of the endpoint first, which another program may have left. */
  readonly clearHalt?: boolean | undefined;
  /** The transfers in flight, from 1; 16 by default. */
  readonly transfers?: number | undefined;
  /**
   * Bytes per transfer; 256 KiB by default, and one service interval for an interrupt IN endpoint. Rounded
   * up to whole packets for IN.
   */
  readonly transferSize?: number | undefined;
  /** The time until the stream ends, from its start; unlimited by default. */
  readonly duration?: number | undefined;
  /**
   * Requests to send when the transfers are in flight, before any data is sent or delivered. Many devices
   * need one to start. Sent again after a reconnection.
   */
  readonly before?: readonly (ControlIn | ControlOut)[] | undefined;
  /** Requests to send at the end, even after a failure, unless the device is lost. */
  readonly after?: readonly (ControlIn | ControlOut)[] | undefined;
}

/** How to receive, apart from what only `read` can do. */
export interface ReceiveStreamOptions extends StreamOptions {
  /** The most bytes to receive; unlimited by default. */
  readonly bytes?: number | undefined;
  /** The time until a pending transfer is cancelled and submitted again; its data is kept. */
  readonly timeout?: number | undefined;
  /** The received bytes that may wait for the consumer before transfers pause; 64 MiB by default. */
  readonly buffer?: number | undefined;
  /** Bytes to remove from the start of each packet; 0 by default. */
  readonly stripPacket?: number | undefined;
  /**
   * Whether to discard what the device still has from an earlier run, and for how long at most; true is
   * 1000 ms.
   */
  readonly flush?: boolean | number | undefined;
  /**
   * The time to go on receiving after `after` was sent at the end: until a short packet or silence, or this
   * time is over. By default, nothing is received after the end.
   */
  readonly drainAfter?: number | undefined;
}

/** How to receive with `read` and `readable`. */
export interface ReadOptions extends ReceiveStreamOptions {
  /** Bytes at the start to discard; 0 by default. */
  readonly skip?: number | undefined;
  /** The most transfers with data to receive; unlimited by default. */
  readonly count?: number | undefined;
  /** Whether to end after the first short or zero-length packet: to read one message. */
  readonly untilShort?: boolean | undefined;
  /** The time without data after which the stream ends; unlimited by default. */
  readonly idleTimeout?: number | undefined;
  /** How many stalls, errors and overflows in a row do not end the stream; 0 by default. Each leaves a gap. */
  readonly keepGoing?: number | undefined;
  /** The time to wait for a device that was lost, to continue with it; by default, its loss is a failure. */
  readonly reconnect?: number | undefined;
  /** Called with each gap as it is recorded, and whether the stream continues. Must not throw. */
  readonly onGap?: ((gap: Gap, continues: boolean) => void) | undefined;
  /** Called when a lost device is back. Must not throw. */
  readonly onReconnect?: (() => void) | undefined;
}

/** How to send with `write` and `writable`. */
export interface WriteOptions extends StreamOptions {
  /** When to send a zero-length packet after a full last packet; `never` by default. */
  readonly zlp?: ZeroLengthPackets | undefined;
  /** The bytes to read ahead of the device, from 1; 4 MiB by default. */
  readonly readAhead?: number | undefined;
  /** The time within which the device must accept a transfer; unlimited by default. */
  readonly idleTimeout?: number | undefined;
}

/** How to send and receive at the same time. */
export interface DuplexOptions extends ReceiveStreamOptions {
  /** The address of the IN endpoint, such as 0x81. */
  readonly in: number;
  /** The address of the OUT endpoint, such as 0x01. */
  readonly out: number;
  /** See `WriteOptions`. */
  readonly zlp?: ZeroLengthPackets | undefined;
  /** See `WriteOptions`. */
  readonly readAhead?: number | undefined;
  /** The time without data that ends the readable side after the writable side has ended; 1000 by default. */
  readonly linger?: number | undefined;
}

/** Returns the options of the receiver for an endpoint. */
export function receiveOptions(options: ReadOptions, location: EndpointLocation): ReceiveOptions {
  const { transfers = DEFAULT_TRANSFERS, transferSize, buffer = DEFAULT_WRITE_BUFFER } = options;
  const { bytes, skip, count, untilShort, timeout, idleTimeout, stripPacket, drainAfter } = options;
  const { flush = false } = options;
  requireRange('transfers', transfers, 1, Number.isInteger);
  requireRange('buffer', buffer, 1, Number.isFinite);
  return {
    depth: transfers,
    transferSize: wholePackets(transferSize ?? defaultTransferSize(location), location),
    writeBuffer: buffer,
    ...{ bytes, skip, count, untilShort, timeout, idleTimeout, stripPacket, drainAfter },
    ...(flush !== false && { flush: { time: flush === true ? DEFAULT_FLUSH_TIME : flush } }),
  };
}

/**
 * Returns the options of the sender.
 *
 * @param prompt whether to send what is there, instead of waiting for full transfers
 */
export function sendOptions(options: WriteOptions, prompt: boolean): SendOptions {
  const { transfers = DEFAULT_TRANSFERS, transferSize = DEFAULT_TRANSFER_SIZE } = options;
  const { zlp, readAhead, idleTimeout } = options;
  requireRange('transfers', transfers, 1, Number.isInteger);
  return { depth: transfers, transferSize, zlp, readAhead, idleTimeout, prompt };
}

/** Returns what a capture does after failures. */
export function recoveryOptions(options: ReadOptions): RecoveryOptions {
  const { keepGoing, reconnect, onGap, onReconnect } = options;
  return { keepGoing, reconnect, onGap, onReconnect };
}

/** Returns the requests before and after a stream. */
export function hooksOf({ before, after }: StreamOptions): StreamHooks {
  return { before: before?.map(toTransfer), after: after?.map(toTransfer) };
}
