import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { groupObservers } from '../../../../src/engine/record/observer-group.js';
import { TransferRecorder } from '../../../../src/engine/record/transfer-recorder.js';
import { capture } from '../../../../src/engine/session/capture.js';
import { locateIn } from '../../../../src/usb/locate.js';
import { MemorySink } from '../support/memory-sink.js';
import { RecordingObserver } from '../support/recording-observer.js';
import { situation } from '../support/situation.js';
import { completionsIn, LinesFormat } from './lines-format.js';

/** How the output of the record behaves: milliseconds for each write, and where a new file begins. */
const record = fc.record({
  delay: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  cutAfter: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
});

it('the record has every transfer, in all situations', async () => {
  await fc.assert(
    fc.asyncProperty(situation, record, async (given, { delay, cutAfter }) => {
      const { faults, setting: circumstance, keepGoing, reconnect } = given;
      const backend = new VirtualBackend({
        scenario: parseScenario([circumstance, ...faults].join()),
      });
      const [device] = await backend.list();
      if (device === undefined) {
        throw new Error('no device');
      }
      const location = locateIn(device, {});
      const receive = {
        depth: given.depth,
        transferSize: given.packets * location.endpoint.maxPacketSize,
        ...{ bytes: given.bytes, skip: given.skip, timeout: given.timeout },
      };
      const sink = new MemorySink();
      sink.held = delay !== undefined;
      const release = setInterval(() => sink.release(), delay);
      const observer = new RecordingObserver();
      const recorder = new TransferRecorder(sink, new LinesFormat(), [receive]);
      const stop = new AbortController();
      setTimeout(() => stop.abort(), given.stopAfter);
      if (cutAfter !== undefined) {
        setTimeout(() => recorder.cut(), cutAfter);
      }
      const { end, statistics } = await capture({
        ...{ backend, device, location, receive, sink: new MemorySink() },
        recovery: { keepGoing, reconnect },
        observer: groupObservers([recorder, observer]),
        signal: stop.signal,
      });
      clearInterval(release);

      expect(end.reason).not.toBe('internal');
      const lines = sink.contents.toString();
      const recorded = completionsIn(lines);
      const { address } = location.endpoint;
      expect(recorded.map(({ sequence, status, data }) => [sequence, status, data.length])).toEqual(
        observer.completed(address).map(({ sequence, status, bytes }) => {
          return [sequence, status, bytes.length];
        }),
      );
      const bytes = Buffer.concat(recorded.map(({ data }) => data));
      expect(bytes.equals(observer.bytes(address))).toBe(true);
      expect(lines.split(' S ')).toHaveLength(statistics.submissions + 1);
      expect(lines.match(/^end/gm)).toHaveLength(lines.match(/^begin/gm)?.length ?? 0);
      expect(lines).toMatch(new RegExp(`end ${end.reason}\n$`));
    }),
    { numRuns: 30 }, // a second each, if there is an error
  );
});
