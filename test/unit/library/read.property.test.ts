import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../src/backends/virtual/scenario.js';
import { open, StreamError, UsbError } from '../../../src/index.js';
import type { UsbDevice } from '../../../src/library/device.js';
import type { ReadOptions } from '../../../src/library/options.js';
import type { ReadStatistics } from '../../../src/library/statistics.js';
import { isCounterPrefix } from '../../support/counter-stream.js';
import { situation } from '../engine/support/situation.js';

const ABORTED = new Error('aborted by the test');

/** A way to consume a stream: what it yields, and how it is left. */
interface Consumer {
  readonly statistics: ReadStatistics;
  /** Resolves with the next bytes; undefined at the end. */
  next(): Promise<Buffer | undefined>;
  leave(): Promise<unknown>;
}

/** Every way to read. */
const CONSUMERS: Readonly<Record<string, (device: UsbDevice, options: ReadOptions) => Consumer>> = {
  iterator(device, options) {
    const stream = device.read(0x82, options);
    return {
      statistics: stream.statistics,
      next: async () => (await stream.next()).value,
      leave: () => stream.return(),
    };
  },
  borrowed(device, options) {
    const stream = device.readBorrowed(0x82, options);
    return {
      statistics: stream.statistics,
      async next() {
        const { value } = await stream.next();
        const copy = value && Buffer.from(value.data);
        value?.release();
        return copy;
      },
      leave: () => stream.return(),
    };
  },
  node(device, options) {
    const stream = device.readable(0x82, options);
    const iterator = stream.iterator({ destroyOnReturn: true });
    return {
      statistics: stream.statistics,
      next: async () => (await iterator.next()).value,
      async leave() {
        stream.on('error', () => {});
        stream.destroy();
        await iterator.return?.();
      },
    };
  },
  web(device, options) {
    const stream = device.read(0x82, options);
    const reader = stream.toWeb().getReader();
    return {
      statistics: stream.statistics,
      next: async () => (await reader.read()).value,
      leave: () => reader.cancel().catch(() => {}),
    };
  },
};

/** How a consumer behaves: milliseconds before each chunk, and what ends it. */
const behaviour = fc.record({
  kind: fc.constantFrom(...Object.keys(CONSUMERS)),
  pauses: fc.array(fc.constantFrom(0, 0, 0, 1, 3), { minLength: 1, maxLength: 5 }),
  leaveAfter: fc.option(fc.integer({ min: 0, max: 40 }), { nil: Number.POSITIVE_INFINITY }),
  event: fc.constantFrom('abort', 'close', 'unplug'),
  eventAfter: fc.integer({ min: 0, max: 12 }),
  buffer: fc.constantFrom(1, 20_000, 1_000_000),
});

it('what a consumer gets is a prefix of the stream, everything settles, and the device is released', async () => {
  await fc.assert(
    fc.asyncProperty(situation, behaviour, async ({ faults, setting, ...given }, consumer) => {
      const scenario = parseScenario([setting, ...faults].join());
      const backend = new VirtualBackend({ scenario });
      const device = await open({ vid: 0x1234, pid: 0x5678, backend });
      const abort = new AbortController();
      const make = CONSUMERS[consumer.kind];
      if (make === undefined) {
        throw new Error(consumer.kind);
      }
      const stream = make(device, {
        transfers: given.depth,
        transferSize: given.packets * 512,
        bytes: given.bytes,
        timeout: given.timeout,
        keepGoing: given.keepGoing,
        reconnect: given.reconnect,
        buffer: consumer.buffer,
        signal: abort.signal,
        duration: 40,
      });
      let closed: Promise<unknown> = Promise.resolve();
      const event = setTimeout(() => {
        if (consumer.event === 'abort') {
          abort.abort(ABORTED);
        } else if (consumer.event === 'close') {
          closed = device.close();
        } else if (consumer.event === 'unplug') {
          backend.unplug('1-1');
        }
      }, consumer.eventAfter);

      const chunks: Buffer[] = [];
      let failure: unknown;
      try {
        for (let i = 0; i < consumer.leaveAfter; i += 1) {
          const pause = consumer.pauses[i % consumer.pauses.length] ?? 0;
          if (pause > 0) {
            await sleep(pause);
          }
          const chunk = await stream.next();
          if (chunk === undefined) {
            break;
          }
          chunks.push(chunk);
        }
      } catch (error) {
        failure = error;
      }
      const pending = failure === undefined ? [stream.next(), stream.next()] : [];
      await stream.leave();
      for (const result of await Promise.allSettled(pending)) {
        if (result.status === 'fulfilled' && result.value !== undefined) {
          chunks.push(result.value);
        }
      }
      clearTimeout(event);
      await closed;

      expect(isCounterPrefix(Buffer.concat(chunks))).toBe(true);
      const isKnown =
        failure === undefined ||
        failure === ABORTED ||
        failure instanceof StreamError ||
        failure instanceof UsbError;
      expect(failure, 'failure').toSatisfy(() => isKnown);
      expect(failure instanceof StreamError && failure.code === 'internal').toBe(false);
      const { statistics } = stream;
      expect(statistics.bytesBuffered).toBe(0);
      expect(statistics.transfersInFlight).toBe(0);
      const length = Buffer.concat(chunks).length;
      expect(statistics.bytesDelivered).toBeGreaterThanOrEqual(length);
      if (consumer.kind !== 'node') {
        expect(statistics.bytesDelivered).toBe(length);
      }

      await device.close();
      backend.replug('1-1'); // if it was unplugged
      const again = await open({ vid: 0x1234, pid: 0x5678, backend, wait: 5000 });
      await again.clearHalt(0x82); // the interface can be claimed
      await again.close();
    }),
    { numRuns: 200 },
  );
}, 60_000);

it('a device that was used and closed has no claim left', async () => {
  const backend = new VirtualBackend();
  const device = await open({ vid: 0x1234, pid: 0x5678, backend });
  for await (const _ of device.read(0x82)) {
    break;
  }
  const [info] = await backend.list();
  if (info === undefined) {
    throw new Error('no device');
  }
  const other = await backend.open(info);
  await expect(other.claim(0, 0)).rejects.toMatchObject({ code: 'busy' });
  await device.close();
  await (await other.claim(0, 0)).release();
  await other.close();
});
