import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { MonitoredStream } from '../../../../src/cli/progress/stream.js';
import { endRecord } from '../../../../src/cli/report/record.js';
import { capture } from '../../../../src/engine/session/capture.js';
import { locateIn } from '../../../../src/usb/locate.js';
import { violations } from '../../../process/schema.js';
import { MemorySink } from '../../engine/support/memory-sink.js';
import { situation } from '../../engine/support/situation.js';

const violated = violations('stats');

it('whatever happens, each record is as the schema says, and the last has the sums', async () => {
  await fc.assert(
    fc.asyncProperty(situation, async ({ faults, setting, ...given }) => {
      const backend = new VirtualBackend({
        scenario: parseScenario([setting, ...faults].join()),
      });
      const [device] = await backend.list();
      if (device === undefined) {
        throw new Error('no device');
      }
      const location = locateIn(device, {});
      const sink = new MemorySink();
      sink.capacity = given.capacity ?? sink.capacity;
      const stop = new AbortController();
      setTimeout(() => stop.abort(), given.stopAfter);
      const records: Record<string, unknown>[] = [];
      let stream: MonitoredStream | undefined;
      let timer: NodeJS.Timeout | undefined;
      const tick = (running: MonitoredStream): void => {
        const now = performance.now();
        records.push(running.record(now));
        running.mark(now);
      };
      const result = await capture({
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
        signal: stop.signal,
        onStart: (statistics) => {
          const running = new MonitoredStream({ in: statistics });
          stream = running;
          timer = setInterval(() => tick(running), 1);
        },
      });
      clearInterval(timer);
      const { statistics } = result;
      stream ??= new MonitoredStream({ in: statistics });
      const end = endRecord({
        ...result,
        device,
        in: { location, statistics, output: undefined, limits: {} },
        signal: undefined,
        suspensions: { count: 0, milliseconds: 0 },
        usage: { userCPUTime: 0, systemCPUTime: 0, peakMemory: 0 },
        statsError: undefined,
        errorCode: undefined,
        exitCode: 0,
      });
      const last: Record<string, unknown> = { ...stream.record(stream.time), final: true, ...end };

      // As a program reads them: JSON has no NaN and no Infinity.
      const read: Record<string, number>[] = JSON.parse(JSON.stringify([...records, last]));
      expect(read.map(violated)).toEqual(read.map(() => undefined));
      expect(read.at(-1)).toMatchObject({
        bytes_written: sink.contents.length,
        in_flight: 0,
        bytes_buffered: 0,
      });
      const sum = read.reduce(
        (bytes, record) => bytes + (record['interval_bytes_received'] ?? 0),
        0,
      );
      expect(sum).toBe(statistics.bytesReceived);
    }),
    { numRuns: 100 },
  );
}, 60_000);
