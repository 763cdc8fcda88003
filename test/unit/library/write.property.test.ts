import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../src/backends/virtual/scenario.js';
import { open, StreamError, UsbError } from '../../../src/index.js';
import { counterBytes, isCounterPrefix } from '../../support/counter-stream.js';

const ABORTED = new Error('aborted by the test');

const fault = fc
  .tuple(fc.constantFrom('stall', 'silence', 'unplug'), fc.integer({ min: 0, max: 60_000 }))
  .map(([kind, offset]) => `out-${kind}@${offset}${kind === 'silence' ? '=3ms' : ''}`);

const situation = fc.record({
  faults: fc.array(fault, { maxLength: 2 }),
  rate: fc.constantFrom('rate=unlimited', 'rate=5M'),
  way: fc.constantFrom('write', 'writable'),
  pieces: fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 12 }),
  pause: fc.constantFrom(0, 0, 2),
  transfers: fc.integer({ min: 1, max: 8 }),
  packets: fc.integer({ min: 1, max: 9 }),
  event: fc.constantFrom('abort', 'close', 'unplug', 'none'),
  eventAfter: fc.integer({ min: 0, max: 15 }),
});

it('what the device accepts is a prefix of the data, everything settles, and the device is released', async () => {
  await fc.assert(
    fc.asyncProperty(situation, async ({ faults, rate, way, pieces, pause, event, ...given }) => {
      const accepted: Buffer[] = [];
      const backend = new VirtualBackend({
        scenario: parseScenario([rate, ...faults].join()),
        onOut: (bytes) => {
          accepted.push(Buffer.from(bytes));
        },
      });
      const device = await open({ vid: 0x1234, pid: 0x5678, backend });
      const abort = new AbortController();
      let closed: Promise<unknown> = Promise.resolve();
      const happen = setTimeout(() => {
        if (event === 'abort') {
          abort.abort(ABORTED);
        } else if (event === 'close') {
          closed = device.close();
        } else if (event === 'unplug') {
          backend.unplug('1-1');
        }
      }, given.eventAfter);

      async function* data() {
        let offset = 0;
        for (const length of pieces) {
          await sleep(pause);
          yield counterBytes(offset, length);
          offset += length;
        }
      }
      const total = pieces.reduce((sum, length) => sum + length, 0);
      const options = {
        signal: abort.signal,
        transfers: given.transfers,
        transferSize: given.packets * 512,
      };
      let failure: unknown;
      let counted: number | undefined;
      if (way === 'write') {
        const result = device.write(0x02, data(), options);
        counted = await result.then(
          ({ bytesAccepted }) => bytesAccepted,
          (error) => {
            failure = error;
            return error instanceof StreamError ? error.bytes : undefined;
          },
        );
      } else {
        const writable = device.writable(0x02, options);
        const ended = finished(writable).catch((error) => {
          failure = error;
        });
        for await (const piece of data()) {
          if (!writable.writable) {
            break;
          }
          await new Promise((resolve) => writable.write(piece, resolve));
        }
        writable.end();
        await ended;
        counted = writable.statistics.bytesAccepted;
      }
      clearTimeout(happen);
      await closed;

      const sent = Buffer.concat(accepted);
      expect(isCounterPrefix(sent)).toBe(true);
      expect(counted ?? sent.length).toBe(sent.length);
      if (failure === undefined) {
        expect(sent.length).toBe(total);
      } else {
        const isKnown =
          failure === ABORTED || failure instanceof StreamError || failure instanceof UsbError;
        expect(isKnown, String(failure)).toBe(true);
      }

      await device.close();
      backend.replug('1-1'); // if it was unplugged
      const again = await open({ vid: 0x1234, pid: 0x5678, backend, wait: 5000 });
      await again.clearHalt(0x02); // the interface can be claimed
      await again.close();
    }),
    { numRuns: 100, timeout: 10_000 },
  );
}, 60_000);
