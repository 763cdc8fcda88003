import { describe, expect, it } from 'vitest';
import { measureLoop, measureRoundTrips } from '../../../../src/cli/bench/loop.js';
import type { Pattern } from '../../../../src/cli/bench/pattern.js';
import {
  type EndpointDefinition,
  TestBus,
  type TestDevice,
} from '../../../../src/testing/index.js';
import { locatePair } from '../../../../src/usb/locate.js';

const COUNTER: Pattern = { kind: 'counter' };
const QUEUE = { depth: 4, transferSize: 4096, bytes: 64 * 1024 };

/** A device that answers what it receives, and that has these faults on its OUT endpoint. */
async function loopback(
  answer: (data: Buffer) => Buffer,
  faults: EndpointDefinition['faults'] = [],
  send?: EndpointDefinition['send'],
) {
  const backend = new TestBus();
  const device: TestDevice = backend.connect({
    ...{ vid: 0x1209, pid: 1 },
    endpoints: {
      129: { send },
      1: { faults, receive: (data) => device.send(0x81, answer(data)) },
    },
  });
  const [info] = await backend.list();
  if (info === undefined) {
    throw new Error('no device');
  }
  const shutdown = { signal: new AbortController().signal, received: undefined };
  return { subject: { backend, device: info, claim: {}, shutdown }, pair: locatePair(info, {}) };
}

const same = (data: Buffer): Buffer => data;
const nothing = (): Buffer => Buffer.alloc(0);

describe('a loopback', { concurrent: true }, () => {
  it('returns all data', async () => {
    const { subject, pair } = await loopback(same);
    const { bytes } = await measureLoop(subject, pair, QUEUE, COUNTER);
    expect(bytes).toBe(QUEUE.bytes);
    const { count } = await measureRoundTrips(subject, pair, {}, 10, COUNTER);
    expect(count).toBe(10);
  });

  it('that falls silent on its OUT endpoint is a failure', async () => {
    const { subject, pair } = await loopback(same, [{ kind: 'silence', offset: 8192 }]);
    await expect(measureLoop(subject, pair, QUEUE, COUNTER)).rejects.toMatchObject({
      code: 'idle',
      message: 'endpoint 0x01 accepted 8192 bytes, and then nothing for 5 s; 8192 came back',
    });
  });

  it('that never accepts a message is a failure', async () => {
    const { subject, pair } = await loopback(same, [{ kind: 'silence', offset: 0 }]);
    await expect(measureRoundTrips(subject, pair, {}, 10, COUNTER)).rejects.toMatchObject({
      code: 'idle',
      message: 'endpoint 0x01 accepted 0 bytes, and then nothing for 5 s; 0 came back',
      advice: 'bench loop needs a device that sends back what it receives',
    });
  });

  it('that returns nothing is none', async () => {
    const { subject, pair } = await loopback(nothing);
    await expect(measureRoundTrips(subject, pair, {}, 10, COUNTER)).rejects.toMatchObject({
      code: 'idle',
      message: 'nothing came back of 256 bytes that were sent',
    });
  });

  it('that returns other data ends the messages at the first wrong byte', async () => {
    let messages = 0;
    const { subject, pair } = await loopback((data) => {
      messages += 1;
      return messages === 3 ? Buffer.alloc(data.length, 0xff) : data;
    });
    await expect(measureRoundTrips(subject, pair, {}, 10, COUNTER)).rejects.toMatchObject({
      code: 'wrong-data',
      message: 'wrong data at offset 512 of the single messages: received 0xff instead of 0x80',
      mistake: { offset: 512, expected: 0x80, actual: 0xff },
      ...{ advice: undefined, part: 'messages' },
    });
    expect(messages).toBe(3);
  });

  it('that returns more than it got is none', async () => {
    const zeros: Pattern = { kind: 'bytes', bytes: Buffer.alloc(1) };
    const twice = (data: Buffer): Buffer => Buffer.concat([data, data.subarray(1)]);
    const { subject, pair } = await loopback(twice);
    const error = { code: 'wrong-data', message: 'the device returned more than was sent' };
    await expect(measureRoundTrips(subject, pair, {}, 10, zeros)).rejects.toMatchObject(error);
    await expect(measureLoop(subject, pair, QUEUE, zeros)).rejects.toMatchObject(error);
  });

  it('gets nothing if it sends without being asked', async () => {
    let received = 0;
    const count = (data: Buffer): Buffer => {
      received += data.length;
      return data;
    };
    const { subject, pair } = await loopback(count, [], () => Buffer.alloc(65_536));
    await expect(measureLoop(subject, pair, QUEUE, COUNTER)).rejects.toMatchObject({
      code: 'wrong-data',
      message: expect.stringMatching(
        /^endpoint 0x81 sent \d+ bytes before anything was sent to the device$/,
      ),
    });
    expect(received).toBe(0);
  });
});
