import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import type { ReceiveOptions } from '../../../../src/engine/receive/receiver.js';
import { type CaptureRequest, capture } from '../../../../src/engine/session/capture.js';
import { locateIn } from '../../../../src/usb/locate.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';

const PACKET = 512;
/** More than one run can lose in one place. */
const MAX_LOSS = 4 * 1024 * 1024;

const fault = fc
  .record({
    kind: fc.constantFrom('stall', 'error', 'short', 'zlp', 'silence'),
    at: fc.integer({ min: 0, max: 100_000 }),
  })
  .map(({ kind, at }) => `${kind}@${at}${kind === 'silence' ? '=4ms' : ''}`);

const optional = (max: number) => fc.option(fc.integer({ min: 1, max }), { nil: undefined });

const run = fc.record({
  faults: fc.array(fault, { maxLength: 5 }),
  setting: fc.constantFrom('rate=1M', 'rate=20M', 'message=700', 'message=1..3000', 'speed=high'),
  depth: fc.integer({ min: 1, max: 16 }),
  packets: fc.integer({ min: 1, max: 32 }),
  bytes: optional(100_000),
  count: optional(50),
  skip: optional(3000),
  idleTimeout: optional(5),
  duration: optional(12),
  stopAfter: fc.integer({ min: 0, max: 12 }),
  keepGoing: fc.option(fc.constant(50), { nil: undefined }),
});

async function captureFrom(
  backend: VirtualBackend,
  receive: Partial<ReceiveOptions>,
  rest: Partial<CaptureRequest> = {},
) {
  const [device] = await backend.list();
  if (device === undefined) {
    throw new Error('no device');
  }
  const sink = new MemorySink();
  const result = await capture({
    backend,
    device,
    location: locateIn(device, {}),
    sink,
    receive: { depth: 1, transferSize: PACKET, ...receive },
    signal: new AbortController().signal,
    ...rest,
  });
  return { ...result, contents: sink.contents };
}

/**
 * Follows the counter through the output. Between two gaps, no byte may be missing.
 *
 * @param from the position of the counter before the output
 * @returns the position of the counter after it
 */
function follow(
  output: Buffer,
  gaps: readonly { readonly offset: number }[],
  from: number,
): number {
  const inside = gaps.map(({ offset }) => offset).filter((offset) => offset < output.length);
  const starts = [...new Set([0, ...inside])].toSorted((a, b) => a - b);
  let position = from;
  starts.forEach((start, index) => {
    const part = output.subarray(start, starts[index + 1] ?? output.length);
    if (inside.includes(start)) {
      const ahead = counterBytes(position, MAX_LOSS);
      position += Math.max(0, ahead.indexOf(part.subarray(0, 64)));
    }
    expect(part.equals(counterBytes(position, part.length))).toBe(true);
    position += part.length;
  });
  return position;
}

it('reports every place where data of cancelled transfers is lost, however a capture ends', async () => {
  let losses = 0;
  await fc.assert(
    fc.asyncProperty(
      run,
      async ({ faults, setting, keepGoing, duration, stopAfter, ...options }) => {
        const { packets, skip = 0, ...limits } = options;
        const scenario = parseScenario(['cancel=lose', setting, ...faults].join());
        const backend = new VirtualBackend({ scenario });
        const stop = new AbortController();
        const timer = setTimeout(() => stop.abort(), stopAfter);
        const receive = { ...limits, skip, transferSize: packets * PACKET };
        const rest = { recovery: { keepGoing }, duration, signal: stop.signal };
        const { end, statistics, contents } = await captureFrom(backend, receive, rest);
        clearTimeout(timer);

        const { lossOffset, gaps, bytesWritten, bytesSkipped, bytesDiscarded } = statistics;
        const position = follow(contents, gaps, bytesSkipped) + bytesDiscarded;
        const next = await captureFrom(backend, { bytes: 4 }, { recovery: { keepGoing: 100 } });
        const isTailLost = !next.contents.equals(counterBytes(position, 4));
        const isReported =
          lossOffset !== undefined || gaps.some(({ offset }) => offset === bytesWritten);
        expect(isReported || !isTailLost).toBe(true);
        expect([undefined, bytesWritten]).toContain(lossOffset);
        expect(statistics.statuses['timed-out']).toBe(0); // nothing is cancelled before the end
        losses += isTailLost ? 1 : 0;

        if (end.reason === 'limit' && faults.length === 0) {
          expect([statistics.statuses.cancelled, lossOffset, gaps]).toEqual([0, undefined, []]);
        }
      },
    ),
    { numRuns: 200 },
  );
  expect(losses).toBeGreaterThan(0); // some captures do lose data
}, 60_000);

it('refuses a timeout of transfers', async () => {
  const backend = new VirtualBackend({ scenario: parseScenario('cancel=lose') });
  await expect(captureFrom(backend, { timeout: 1000 })).rejects.toMatchObject({
    code: 'not-supported',
    remedy: { kind: 'omit-timeout' },
  });
});
