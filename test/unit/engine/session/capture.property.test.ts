import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { waitForDevice } from '../../../../src/engine/device/presence.js';
import { capture } from '../../../../src/engine/session/capture.js';
import { locateIn } from '../../../../src/usb/locate.js';
import { counterBytes, isCounterPrefix } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { RecordingObserver } from '../support/recording-observer.js';
import { situation } from '../support/situation.js';

it('the output is the stream in order, and every byte is accounted for, in all situations', async () => {
  await fc.assert(
    fc.asyncProperty(situation, async ({ faults, setting: circumstance, ...given }) => {
      const backend = new VirtualBackend({
        scenario: parseScenario([circumstance, ...faults].join()),
      });
      const [device] = await backend.list();
      if (device === undefined) {
        throw new Error('no device');
      }
      const location = locateIn(device, {});
      const sink = new MemorySink();
      sink.capacity = given.capacity ?? sink.capacity;
      const observer = new RecordingObserver();
      const stop = new AbortController();
      setTimeout(() => stop.abort(), given.stopAfter);
      const { end, statistics } = await capture({
        backend,
        device,
        location,
        sink,
        receive: {
          depth: given.depth,
          transferSize: given.packets * location.endpoint.maxPacketSize,
          bytes: given.bytes,
          skip: given.skip,
          timeout: given.timeout,
        },
        recovery: { keepGoing: given.keepGoing, reconnect: given.reconnect },
        observer,
        signal: stop.signal,
      });

      const { bytesReceived, bytesWritten, bytesSkipped, bytesDiscarded } = statistics;
      const skipped = counterBytes(0, bytesSkipped);
      expect(isCounterPrefix(Buffer.concat([skipped, sink.contents]))).toBe(true);
      expect(sink.contents).toHaveLength(bytesWritten);
      expect(sink.closed).toBe(true);
      expect(bytesReceived).toBe(
        bytesWritten + bytesSkipped + bytesDiscarded + statistics.bytesUnwritten,
      );
      expect(bytesWritten).toBeLessThanOrEqual(given.bytes ?? bytesWritten);
      expect(bytesDiscarded).toBeLessThan(location.endpoint.maxPacketSize);
      if (end.reason === 'limit') {
        expect(bytesWritten).toBe(given.bytes);
      }
      // The observer sees every transfer, before limits cut the data.
      expect(end.reason).not.toBe('internal');
      const observed = observer.completed(0x82);
      expect(observer.bytes(0x82).equals(counterBytes(0, bytesReceived))).toBe(true);
      expect([observed.length, observer.submitted.get(0x82) ?? 0]).toEqual([
        statistics.transfers,
        statistics.submissions,
      ]);
      for (const [status, count] of Object.entries(statistics.statuses)) {
        expect(observed.filter((one) => one.status === status)).toHaveLength(count);
      }
      for (const { offset } of statistics.gaps) {
        expect(offset).toBeLessThanOrEqual(bytesWritten + statistics.bytesUnwritten);
      }

      // The next capture continues where this one ended: every byte taken was reported.
      const forever = new AbortController().signal;
      const again = await waitForDevice(backend, ({ path }) => path === device.path, 5000, forever);
      if (again === undefined) {
        throw new Error('the device did not come back');
      }
      const next = new MemorySink();
      await capture({
        backend,
        device: again,
        location,
        sink: next,
        receive: { depth: 2, transferSize: 4096, bytes: 2048 },
        recovery: { keepGoing: 50, reconnect: 5000 },
        signal: forever,
      });
      expect(next.contents.equals(counterBytes(bytesReceived, 2048))).toBe(true);
    }),
    { numRuns: 150 },
  );
}, 60_000);

it('consecutive runs of any size join without a gap', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 2, maxLength: 5 }),
      fc.constantFrom('speed=high', 'message=100', 'message=1..3000'),
      fc.integer({ min: 1, max: 20 }),
      async (packets, circumstance, depth) => {
        const backend = new VirtualBackend({ scenario: parseScenario(circumstance) });
        const outputs: Buffer[] = [];
        for (const count of packets) {
          const [device] = await backend.list();
          if (device === undefined) {
            throw new Error('no device');
          }
          const sink = new MemorySink();
          const { statistics } = await capture({
            backend,
            device,
            location: locateIn(device, {}),
            sink,
            receive: { depth, transferSize: 4096, bytes: count * 512 },
            signal: new AbortController().signal,
          });
          // Bytes after the limit in its last packet are counted as discarded.
          const last = Buffer.concat(outputs).length;
          outputs.push(
            sink.contents,
            counterBytes(last + sink.contents.length, statistics.bytesDiscarded),
          );
        }
        expect(isCounterPrefix(Buffer.concat(outputs))).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});
