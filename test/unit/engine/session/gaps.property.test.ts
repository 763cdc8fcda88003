import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { capture } from '../../../../src/engine/session/capture.js';
import { locateIn } from '../../../../src/usb/locate.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';

const PACKET = 512;

const fault = fc.record({
  kind: fc.constantFrom('stall', 'error', 'babble', 'babble', 'short', 'zlp', 'unplug'),
  at: fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 100 })),
});

/** What the virtual counter does at each fault: the byte of the output there, and the bytes it loses. */
function placesOf(faults: readonly { readonly kind: string; readonly at: number }[]) {
  const sorted = faults.toSorted((a, b) => a.at - b.at);
  let lost = 0;
  return sorted.map(({ kind, at }, index) => {
    const place = { kind, offset: at - lost, lost };
    const ahead = (sorted[index + 1]?.at ?? Number.POSITIVE_INFINITY) - at;
    lost += kind === 'babble' ? Math.min(ahead, PACKET) : 0;
    return { ...place, lostAfter: lost };
  });
}

it('the gaps are the places where transfers failed, and nothing is missing anywhere else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        faults: fc.array(fault, { maxLength: 8 }),
        depth: fc.integer({ min: 1, max: 20 }),
        packets: fc.integer({ min: 1, max: 9 }),
        bytes: fc.integer({ min: 1, max: 80_000 }),
        keepGoing: fc.option(fc.constant(50), { nil: undefined }),
        reconnect: fc.option(fc.constant(5000), { nil: undefined }),
        rate: fc.constantFrom('', 'rate=20M,'),
      }),
      async ({ faults, depth, packets, bytes, keepGoing, reconnect, rate }) => {
        const clauses = faults.map(({ kind, at }) =>
          kind === 'unplug' ? `unplug@${at}=5ms` : `${kind}@${at}`,
        );
        const scenario = parseScenario(rate + clauses.join());
        const backend = new VirtualBackend({ scenario });
        const [device] = await backend.list();
        if (device === undefined) {
          throw new Error('no device');
        }
        const sink = new MemorySink();
        const noticed: number[] = [];
        const { end, statistics } = await capture({
          backend,
          device,
          location: locateIn(device, {}),
          sink,
          receive: { depth, transferSize: packets * PACKET, bytes },
          recovery: { keepGoing, reconnect, onGap: ({ offset }) => noticed.push(offset) },
          signal: new AbortController().signal,
        });

        const places = placesOf(faults);
        const { bytesWritten, gaps, gapCount } = statistics;
        const failures = places.filter(({ kind }) => kind !== 'short' && kind !== 'zlp');
        const inside = (offset: number) => offset < bytesWritten;
        // A halt before the first byte is no gap.
        const lossy = failures.filter(({ kind, offset }) => kind !== 'stall' || offset > 0);
        const expected = new Set(lossy.map(({ offset }) => offset).filter(inside));
        expect(new Set(gaps.map(({ offset }) => offset).filter(inside))).toEqual(expected);
        expect(new Set(noticed.filter(inside))).toEqual(expected);
        expect(gapCount).toBe(gaps.length);
        expect(gapCount).toBeLessThanOrEqual(failures.length);
        // A gap at the end of the output only if the capture continued there.
        if (keepGoing === undefined && reconnect === undefined) {
          expect(gaps.every(({ offset }) => inside(offset))).toBe(true);
        }

        const events = Object.values(statistics.failures).reduce((sum, count) => sum + count, 0);
        expect(events).toBeGreaterThanOrEqual(gapCount);
        expect(events).toBeLessThanOrEqual(failures.length);
        expect(end.reason === 'limit' || bytesWritten < bytes).toBe(true);

        const starts = [{ offset: 0, lostAfter: 0 }, ...places];
        const stream = starts.map(({ offset, lostAfter }, index) => {
          const stop = Math.min(starts[index + 1]?.offset ?? bytesWritten, bytesWritten);
          return counterBytes(offset + lostAfter, Math.max(0, stop - offset));
        });
        expect(sink.contents.equals(Buffer.concat(stream))).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
}, 60_000);
