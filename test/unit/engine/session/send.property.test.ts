import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { duplex } from '../../../../src/engine/session/duplex.js';
import { send } from '../../../../src/engine/session/send.js';
import { locateIn, locateOut } from '../../../../src/usb/locate.js';
import { counterBytes, isCounterPrefix } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { MemorySource } from '../support/memory-source.js';

/** A device that accepts data, and the data that it accepted, by message. */
async function listener(...clauses: string[]) {
  const pieces: Buffer[] = [];
  const messages: number[] = [];
  let message = 0;
  const backend = new VirtualBackend({
    scenario: parseScenario(clauses.join()),
    onOut: (bytes, endsMessage) => {
      pieces.push(Buffer.from(bytes));
      message += bytes.length;
      if (endsMessage) {
        messages.push(message);
        message = 0;
      }
    },
  });
  const [device] = await backend.list();
  if (device === undefined) {
    throw new Error('no device');
  }
  return { backend, device, messages, taken: () => Buffer.concat(pieces) };
}

const speed = fc.constantFrom('speed=full', 'speed=high', 'speed=super', 'rate=20M');

const outFault = fc
  .tuple(
    fc.constantFrom('out-stall', 'out-silence', 'out-unplug'),
    fc.integer({ min: 0, max: 60_000 }),
  )
  .map(([kind, offset]) => `${kind}@${offset}${kind === 'out-silence' ? '=3ms' : ''}`);

const sending = fc.record({
  faults: fc.array(outFault, { maxLength: 2 }),
  circumstance: speed,
  depth: fc.integer({ min: 1, max: 20 }),
  transferSize: fc.integer({ min: 1, max: 5000 }),
  input: fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 12 }),
  bytes: fc.option(fc.integer({ min: 1, max: 60_000 }), { nil: undefined }),
  zlp: fc.constantFrom('auto', 'always', 'never'),
  prompt: fc.boolean(),
  readAhead: fc.integer({ min: 1, max: 20_000 }),
  idleTimeout: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  stopAfter: fc.integer({ min: 0, max: 15 }),
  inputFails: fc.boolean(),
});

function sourceOf(sizes: readonly number[], fails: boolean): MemorySource {
  let offset = 0;
  const chunks = sizes.map((size) => {
    offset += size;
    return counterBytes(offset - size, size);
  });
  const source = new MemorySource(...chunks);
  source.failure = fails ? new Error('EIO') : undefined;
  return source;
}

it('the device has accepted the input up to the reported byte, in all situations', async () => {
  await fc.assert(
    fc.asyncProperty(sending, async ({ faults, circumstance, input, inputFails, ...given }) => {
      const { backend, device, taken } = await listener(circumstance, ...faults);
      const source = sourceOf(input, inputFails);
      const stop = new AbortController();
      setTimeout(() => stop.abort(), given.stopAfter);
      const { end, statistics } = await send({
        backend,
        device,
        location: locateOut(device, {}),
        source,
        send: given,
        signal: stop.signal,
      });
      const { bytesRead, bytesAccepted, bytesUnsent, bytesAfterGap } = statistics;
      const offered = input.reduce((sum, size) => sum + size, 0);
      expect(bytesAccepted + bytesUnsent).toBe(bytesRead);
      expect(bytesRead).toBeLessThanOrEqual(Math.min(offered, given.bytes ?? offered));
      expect(source.closed).toBe(true);
      expect(bytesAfterGap).toBe(0);
      expect(isCounterPrefix(taken())).toBe(true);
      expect(taken()).toHaveLength(bytesAccepted);
      if (end.reason === 'input-ended') {
        expect(bytesAccepted).toBe(offered);
      } else if (end.reason === 'limit') {
        expect(bytesAccepted).toBe(given.bytes);
      }
    }),
    { numRuns: 150 },
  );
}, 60_000);

it('a second run after a stall continues where the first ended', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 39_999 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 5000 }),
      async (offset, depth, transferSize) => {
        const { backend, device, taken } = await listener(`out-stall@${offset}`);
        const run = (source: MemorySource) =>
          send({
            backend,
            device,
            location: locateOut(device, {}),
            source,
            send: { depth, transferSize },
            signal: new AbortController().signal,
          });
        const first = await run(new MemorySource(counterBytes(0, 40_000)));
        const { bytesAccepted } = first.statistics;
        expect(first.end.reason).toBe('stall');
        expect(bytesAccepted).toBeLessThanOrEqual(offset);
        expect(bytesAccepted).toBeGreaterThan(offset - 512); // a packet is taken whole, or not at all
        const rest = counterBytes(bytesAccepted, 40_000 - bytesAccepted);
        const second = await run(new MemorySource(rest));
        expect(second.end.reason).toBe('input-ended');
        expect(taken().equals(counterBytes(0, 40_000))).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

it('notices a disconnect while it waits for the input', async () => {
  const { backend, device } = await listener('out-unplug@1024');
  const source = new MemorySource(counterBytes(0, 1024));
  source.held = true;
  const sending = send({
    backend,
    device,
    location: locateOut(device, {}),
    source,
    send: { depth: 4, transferSize: 512 },
    signal: new AbortController().signal,
  });
  while (!source.reading) {
    await sleep(1);
  }
  source.release();
  const { end, statistics } = await sending;
  expect(end.reason).toBe('device-lost');
  expect(statistics.bytesAccepted).toBe(1024);
});

it.each([
  ['before its end', 'rate=100k, out-reset@1024', 100_000],
  ['shortly before its end', 'out-reset@1024', 4096],
])('ends with a reset of the device by another process, %s', async (_, clause, bytes) => {
  const { backend, device } = await listener(clause);
  const { end, statistics } = await send({
    backend,
    device,
    location: locateOut(device, {}),
    source: new MemorySource(counterBytes(0, bytes)),
    send: { depth: 1, transferSize: 512 },
    signal: new AbortController().signal,
  });
  expect(end.reason).toBe('device-reset');
  expect(statistics.failures['device-reset']).toBe(1);
});

it('clears a halt that follows another failure', async () => {
  const { backend, device, taken } = await listener('out-error@1024', 'out-stall@2048');
  const run = (bytes: number) =>
    send({
      backend,
      device,
      location: locateOut(device, {}),
      source: new MemorySource(counterBytes(0, bytes)),
      send: { depth: 8, transferSize: 512 },
      signal: new AbortController().signal,
    });
  const { end, statistics } = await run(4096);
  expect([end.reason, statistics.statuses.stall]).toEqual(['error', 3]);
  expect(statistics.failures).toMatchObject({ error: 1, stall: 0 });
  const before = taken().length;
  expect((await run(1000)).end.reason).toBe('input-ended');
  expect(taken()).toHaveLength(before + 1000);
});

it('clears the halt of the OUT endpoint when both directions ran', async () => {
  const { backend, device, taken } = await listener('out-stall@1024');
  const run = async () => {
    const { end } = await duplex({
      backend,
      device,
      in: locateIn(device, {}),
      out: locateOut(device, {}),
      source: new MemorySource(counterBytes(0, 2048)),
      sink: new MemorySink(),
      receive: { depth: 1, transferSize: 512 },
      send: { depth: 1, transferSize: 512 },
      linger: 1,
      signal: AbortSignal.timeout(2000),
    });
    return end.reason;
  };
  expect(await run()).toBe('stall');
  expect(taken()).toHaveLength(1024);
  await run();
  expect(taken()).toHaveLength(1024 + 2048);
});

it('bytes sent after an error are counted separately', async () => {
  const { backend, device, taken } = await listener('out-error@5000');
  const { end, statistics } = await send({
    backend,
    device,
    location: locateOut(device, {}),
    source: new MemorySource(counterBytes(0, 40_000)),
    send: { depth: 4, transferSize: 1024 },
    signal: new AbortController().signal,
  });
  const { bytesAccepted, bytesAfterGap } = statistics;
  expect([end.reason, bytesAccepted]).toEqual(['error', 4608]);
  expect(bytesAfterGap).toBeGreaterThan(0);
  expect(isCounterPrefix(taken().subarray(0, bytesAccepted))).toBe(true);
  expect(taken()).toHaveLength(bytesAccepted + bytesAfterGap);
});

it('zero-length packets end messages as requested', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 1023 }),
      fc.constantFrom('auto', 'always', 'never'),
      fc.integer({ min: 1, max: 4 }),
      async (packets, rest, zlp, packetsEach) => {
        const bytes = packets * 512 + rest;
        const transferSize = packetsEach * 512;
        const { backend, device, messages } = await listener();
        await send({
          backend,
          device,
          location: locateOut(device, {}),
          source: new MemorySource(counterBytes(0, bytes)),
          send: { depth: 4, transferSize, zlp },
          signal: new AbortController().signal,
        });
        const tail = bytes % transferSize;
        const whole = {
          never: bytes % 512 === 0 ? [] : [bytes],
          auto: [bytes],
          always: [
            ...Array<number>((bytes - tail) / transferSize).fill(transferSize),
            ...(tail > 0 ? [tail] : []),
          ],
        };
        expect(messages).toEqual(whole[zlp]);
      },
    ),
    { numRuns: 100 },
  );
});

const inFault = fc
  .tuple(
    fc.constantFrom('short', 'zlp', 'stall', 'error', 'silence', 'unplug'),
    fc.integer({ min: 0, max: 60_000 }),
  )
  .map(([kind, offset]) => `${kind}@${offset}${kind === 'silence' ? '=3ms' : ''}`);

it('every byte of both directions is accounted for, in all situations', async () => {
  const situation = fc.record({
    faults: fc.array(fc.oneof(inFault, outFault), { maxLength: 3 }),
    circumstance: speed,
    depth: fc.integer({ min: 1, max: 12 }),
    packets: fc.integer({ min: 1, max: 9 }),
    transferSize: fc.integer({ min: 1, max: 5000 }),
    input: fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 12 }),
    bytes: fc.option(fc.integer({ min: 1, max: 60_000 }), { nil: undefined }),
    capacity: fc.option(fc.nat(60_000), { nil: undefined }),
    readerGoes: fc.boolean(),
    stopAfter: fc.integer({ min: 0, max: 15 }),
  });
  await fc.assert(
    fc.asyncProperty(situation, async ({ faults, circumstance, input, ...given }) => {
      const { backend, device, taken } = await listener(circumstance, ...faults);
      const sink = new MemorySink();
      sink.capacity = given.capacity ?? sink.capacity;
      if (given.readerGoes) {
        sink.failure = Object.assign(new Error('closed'), { code: 'EPIPE' });
      }
      const stop = new AbortController();
      setTimeout(() => stop.abort(), given.stopAfter);
      const location = { in: locateIn(device, {}), out: locateOut(device, {}) };
      const { statistics, end } = await duplex({
        backend,
        device,
        ...location,
        source: sourceOf(input, false),
        sink,
        receive: {
          depth: given.depth,
          transferSize: given.packets * location.in.endpoint.maxPacketSize,
          bytes: given.bytes,
        },
        send: { depth: given.depth, transferSize: given.transferSize, prompt: true },
        linger: 2,
        signal: stop.signal,
      });
      const { in: received, out: sent } = statistics;
      expect(sent.bytesAccepted + sent.bytesUnsent).toBe(sent.bytesRead);
      expect(isCounterPrefix(taken().subarray(0, sent.bytesAccepted))).toBe(true);
      expect(taken()).toHaveLength(sent.bytesAccepted + sent.bytesAfterGap);
      expect(isCounterPrefix(sink.contents)).toBe(true);
      expect(sink.contents).toHaveLength(received.bytesWritten);
      expect(sink.closed).toBe(true);
      expect(received.bytesReceived).toBe(
        received.bytesWritten + received.bytesDiscarded + received.bytesUnwritten,
      );
      if (end.reason === 'limit') {
        expect(received.bytesWritten).toBe(given.bytes);
      }
    }),
    { numRuns: 150 },
  );
}, 60_000);

it('a loopback returns all data that is sent, of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom('speed=high', 'speed=super'),
      fc.integer({ min: 1, max: 8 }),
      async (input, circumstance, depth) => {
        const backend = new VirtualBackend({ scenario: parseScenario(circumstance) });
        const device = (await backend.list())[1];
        if (device === undefined) {
          throw new Error('no loopback');
        }
        const sink = new MemorySink();
        const { end } = await duplex({
          backend,
          device,
          in: locateIn(device, {}),
          out: locateOut(device, {}),
          source: sourceOf(input, false),
          sink,
          receive: { depth, transferSize: 4096 },
          send: { depth, transferSize: 4096, prompt: true, zlp: 'auto' },
          linger: 20,
          signal: new AbortController().signal,
        });
        const bytes = input.reduce((sum, size) => sum + size, 0);
        expect(end).toEqual({ reason: 'input-ended' });
        expect(sink.contents.equals(counterBytes(0, bytes))).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

it('starts and stops a device with control requests', async () => {
  const { backend, device } = await listener('start=request');
  const [start, stop] = [1, 0].map((value) => ({
    request: { requestType: 0x40, request: 1, value, index: 0 },
    data: Buffer.alloc(0),
  }));
  if (start === undefined || stop === undefined) {
    throw new Error('no requests');
  }
  const run = (before = [start]) => {
    const controller = new AbortController();
    const sink = new MemorySink();
    const ended = duplex({
      backend,
      device,
      in: locateIn(device, {}),
      out: locateOut(device, {}),
      source: new MemorySource(),
      sink,
      receive: { depth: 4, transferSize: 512 },
      send: { depth: 4, transferSize: 512 },
      linger: 10_000,
      before,
      after: [stop],
      signal: controller.signal,
    });
    return { ended, sink, controller };
  };
  const first = run();
  while (first.sink.contents.length < 4096) {
    await sleep(1);
  }
  first.controller.abort();
  expect((await first.ended).end.reason).toBe('interrupted');
  const silent = run([]);
  await sleep(30);
  silent.controller.abort();
  await silent.ended;
  expect(silent.sink.contents).toHaveLength(0);
});
