import type { DeviceEvent } from '../../simulation/backend.js';
import type { Clock } from '../../simulation/bus/clock.js';
import type { Fault, Scenario } from '../scenario.js';

/**
 * Writes the counter stream: little-endian 32-bit words 0, 1, 2, …, wrapping at 2^32.
 *
 * @param bytes the memory to write to; `words` is the same memory, see `wordsOf`
 * @param start the first byte to write
 * @param end the end of the range, exclusive
 * @param offset the offset of the first byte in the stream
 */
export function fillCounter(
  bytes: Buffer,
  words: Int32Array | undefined,
  start: number,
  end: number,
  offset: number,
): void {
  let at = start;
  if (words !== undefined && start % 4 === 0) {
    at = end - (end % 4);
    fillWords(words, start >>> 2, at >>> 2, offset);
  }
  for (; at < end; at++) {
    bytes[at] = counterByte(offset + at - start);
  }
}

/** Returns the byte at an offset of the counter stream. */
export function counterByte(offset: number): number {
  return wordAt(offset) >>> (8 * (offset % 4));
}

function wordAt(offset: number): number {
  return Math.floor(offset / 4) | 0; // to 32 bits: modulo 2^32, exact below 2^53
}

function fillWords(words: Int32Array, first: number, last: number, offset: number): void {
  let word = wordAt(offset);
  const shift = 8 * (offset % 4);
  if (shift === 0) {
    for (let i = first; i < last; i++) {
      words[i] = word;
      word = (word + 1) | 0;
    }
    return;
  }
  for (let i = first; i < last; i++) {
    const next = (word + 1) | 0;
    words[i] = (word >>> shift) | (next << (32 - shift));
    word = next;
  }
}

/** The options of the endpoints of the counter. */
export interface CounterOptions {
  readonly scenario: Scenario;
  readonly clock: Clock;
  /** Bytes in a full packet. */
  readonly packetSize: number;
  /**
   * Makes an event of the device happen. It is undone after the duration in milliseconds, unless that is
   * Infinity.
   */
  readonly onEvent: (event: Fault<DeviceEvent>) => void;
  /** Called with the data that the OUT endpoint accepts. */
  readonly onOut?: OnOut | undefined;
}

/**
 * Called with each piece of data that the device acknowledged, in order.
 *
 * @param bytes valid during the call only
 * @param endsMessage whether its last packet was shorter than wMaxPacketSize
 */
export type OnOut = (bytes: Buffer, endsMessage: boolean) => void;
