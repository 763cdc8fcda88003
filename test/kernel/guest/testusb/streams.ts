import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { ReceiveOptions } from '../../../../src/engine/receive/receiver.js';
import type { SendOptions } from '../../../../src/engine/send/sender.js';
import { type CaptureResult, capture } from '../../../../src/engine/session/capture.js';
import { type SendResult, send } from '../../../../src/engine/session/send.js';
import { locateIn, locateOut } from '../../../../src/usb/locate.js';
import { eventually } from '../../../contract/expect.js';
import type { FixtureDevice } from '../../../contract/fixture.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../../../unit/engine/support/memory-sink.js';
import { MemorySource } from '../../../unit/engine/support/memory-source.js';
import type { GadgetFixture } from '../gadget-fixture.js';

/** Returns the bytes of a packet's pattern 1, repeated as SourceSink and usbtest do for a transfer. */
export function patternBytes(length: number, packetSize: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, i) => (i % packetSize) % 63));
}

/**
 * Returns `count` lengths as usbtest varies them (its parameter `vary`): from 1 to `max`, each 421 bytes
 * more than the previous one, modulo `max`. The first is `max`.
 */
export function variedLengths(count: number, max: number): number[] {
  const lengths: number[] = [];
  for (let i = 0, length = max; i < count; i += 1) {
    lengths.push(length);
    length = (length + 421) % max || 421;
  }
  return lengths;
}

/** A device that sends the pattern in every packet, and halts its OUT endpoint if other bytes arrive. */
export function sourceSink(fixture: GadgetFixture): Promise<FixtureDevice> {
  return fixture.shared('sourcesink', '--pattern', '1');
}

/** A scripted device. */
export function scripted(fixture: GadgetFixture, ...script: string[]): Promise<FixtureDevice> {
  return fixture.shared('ffs', '--', ...script);
}

/** Returns the packet size of a device's OUT endpoint, which is that of its IN endpoint, too. */
export function packetSizeOf({ info }: FixtureDevice): number {
  return locateOut(info, {}).endpoint.maxPacketSize;
}

/** Received bytes, and how the capture ended. */
export interface Captured extends CaptureResult {
  readonly bytes: Buffer;
}

/** Captures from a device. With `stopAfter`, stops that many milliseconds after the start. */
export async function captureFrom(
  { backend }: GadgetFixture,
  { info }: FixtureDevice,
  receive: ReceiveOptions,
  stopAfter?: number,
): Promise<Captured> {
  const sink = new MemorySink();
  const stop = new AbortController();
  const result = await capture({
    backend,
    device: info,
    location: locateIn(info, {}),
    sink,
    receive,
    signal: stop.signal,
    onStart: () => stopAfter !== undefined && setTimeout(() => stop.abort(), stopAfter),
  });
  assert.equal(result.restoreError, undefined);
  return { ...result, bytes: sink.contents };
}

/** Sends chunks to a device. With `stopAfter`, stops that many milliseconds after the start. */
export async function sendTo(
  { backend }: GadgetFixture,
  { info }: FixtureDevice,
  chunks: readonly Buffer[],
  options: SendOptions,
  stopAfter?: number,
): Promise<SendResult> {
  const stop = new AbortController();
  const result = await send({
    backend,
    device: info,
    location: locateOut(info, {}),
    source: new MemorySource(...chunks),
    send: options,
    signal: stop.signal,
    onStart: () => stopAfter !== undefined && setTimeout(() => stop.abort(), stopAfter),
  });
  assert.equal(result.restoreError, undefined);
  return result;
}

/** What several cases have moved through one scripted device. */
interface Progress {
  /** Bytes of its counter stream that were received. */
  received: number;
  readonly sent: Buffer[];
  messages: number;
}

const progressOf = new WeakMap<FixtureDevice, Progress>();

function progress(device: FixtureDevice): Progress {
  const known = progressOf.get(device) ?? { received: 0, sent: [], messages: 0 };
  progressOf.set(device, known);
  return known;
}

/** Asserts that these bytes are the next ones of the device's counter stream. */
export function assertNext(device: FixtureDevice, bytes: Buffer): void {
  const { received } = progress(device);
  assert(bytes.equals(counterBytes(received, bytes.length)), `the bytes from ${received} differ`);
  progress(device).received += bytes.length;
}

/**
 * Asserts that the device has accepted exactly these bytes after those of earlier calls.
 *
 * @param messages the number of messages that they were
 */
export async function assertAccepted(
  fixture: GadgetFixture,
  device: FixtureDevice,
  bytes: Buffer,
  messages = 0,
): Promise<void> {
  const known = progress(device);
  known.sent.push(bytes);
  known.messages += messages;
  const all = Buffer.concat(known.sent);
  await eventually(`${all.length} bytes`, async () => {
    return JSON.parse(fixture.account()).bytes >= all.length;
  });
  const account = JSON.parse(fixture.account());
  assert.deepEqual([account.bytes, account.crc32], [all.length, hex(crc32(all))]);
  assert(messages === 0 || account.messages === known.messages, `${account.messages} messages`);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
