import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertCounter } from '../../../contract/expect.js';
import { Host } from '../simulation/bus/host.js';

const SIZES = [512, 1024, 1536, 4096, 16_384, 300_032];

const fault = fc
  .record({
    kind: fc.constantFrom('short', 'zlp', 'stall', 'error', 'silence'),
    offset: fc.oneof(
      fc.nat({ max: 200_000 }),
      fc.nat({ max: 400 }).map((n) => n * 512),
    ),
  })
  .map(({ kind, offset }) => `${kind}@${offset}${kind === 'silence' ? '=5ms' : ''}`);

const scenario = fc
  .record({
    faults: fc.array(fault, { maxLength: 12 }),
    message: fc.constantFrom('', 'message=512', 'message=1000', 'message=0..9k', 'message=1..600'),
    rate: fc.constantFrom('', 'rate=bus', 'rate=3M', 'rate=900M'),
    seed: fc.nat(),
    unplug: fc.option(fc.nat({ max: 300_000 })),
  })
  .map(({ faults, message, rate, seed, unplug }) =>
    [...faults, message, rate, `seed=${seed}`, unplug === null ? '' : `unplug@${unplug}`].join(','),
  );

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('submit'), value: fc.nat() } as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel'), value: fc.nat() } as const) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('turns'), value: fc.nat({ max: 9 }) } as const),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass'), value: fc.nat({ max: 6 }) } as const),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear'), value: fc.constant(0) } as const) },
);

const outScenario = fc
  .record({
    faults: fc.array(
      fc
        .record({
          kind: fc.constantFrom('stall', 'error', 'silence'),
          offset: fc.oneof(
            fc.nat({ max: 40_000 }),
            fc.nat({ max: 80 }).map((n) => n * 512),
          ),
        })
        .map(({ kind, offset }) => `out-${kind}@${offset}${kind === 'silence' ? '=5ms' : ''}`),
      { maxLength: 12 },
    ),
    rate: fc.constantFrom('', 'rate=bus', 'rate=3M', 'rate=900M'),
    unplug: fc.option(fc.nat({ max: 60_000 })),
  })
  .map(({ faults, rate, unplug }) =>
    [...faults, rate, unplug === null ? '' : `out-unplug@${unplug}`].join(','),
  );

/** Bytes without repetition, more than all steps can send. */
const PATTERN = Buffer.from(Uint32Array.from({ length: 150_000 }, (_, index) => index).buffer);

const outStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('submit'),
      value: fc.oneof(fc.constantFrom(0, 512, 1024, 4096), fc.nat({ max: 9000 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('cancel', 'clear out'), value: fc.nat() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('turns', 'pass'), value: fc.nat({ max: 6 }) }),
  },
);

describe('for any scenario and any steps', () => {
  it('every submission completes once, and the bytes are the counter without a gap', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, fc.array(step, { maxLength: 80 }), async (text, steps) => {
        const host = await Host.counter(text);
        for (const { do: action, value } of steps) {
          await perform(host, action, value);
        }
        await host.close();
        for (const { results } of host.submissions) {
          expect(results.length).toBe(1);
        }
        assertCounter(host.bytes(), 0);
        const withData = host.completed.filter(({ actualLength }) => actualLength > 0);
        const order = withData.map((submission) => host.submissions.indexOf(submission));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });

  it('every OUT transfer reports the bytes that the device accepted, and it accepted no others', async () => {
    await fc.assert(
      fc.asyncProperty(outScenario, fc.array(outStep, { maxLength: 60 }), async (text, steps) => {
        const host = await Host.counter(text);
        let sent = 0;
        for (const { do: action, value } of steps) {
          if (action !== 'submit') {
            await perform(host, action, value);
          } else if ((await host.device.loss()) === undefined) {
            host.submit(value, host.out, PATTERN.subarray(sent, sent + value));
            sent += value;
          }
        }
        await host.close();
        for (const { results } of host.submissions) {
          expect(results.length).toBe(1);
        }
        const accepted = host.submissions.map(({ buffer, actualLength }) =>
          buffer.subarray(0, actualLength),
        );
        expect(host.taken().equals(Buffer.concat(accepted))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('the same scenario gives the same results', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, fc.array(step, { maxLength: 40 }), async (text, steps) => {
        const runs: string[][] = [];
        for (let run = 0; run < 2; run++) {
          const host = await Host.counter(text);
          for (const { do: action, value } of steps) {
            await perform(host, action, value);
          }
          await host.close();
          runs.push(host.completed.flatMap(({ results }) => results));
        }
        expect(runs[0]).toEqual(runs[1]);
      }),
    );
  });
});

async function perform(host: Host, action: string, value: number): Promise<void> {
  switch (action) {
    case 'submit':
      if ((await host.device.loss()) === undefined) {
        host.submit(SIZES[value % SIZES.length] ?? 512);
      }
      break;
    case 'cancel':
      host.submissions[value % Math.max(1, host.submissions.length)]?.transfer.cancel();
      break;
    case 'turns':
      host.clock.settle(value);
      break;
    case 'pass':
      host.clock.pass(value);
      break;
    case 'clear out':
      await host.out.clearHalt().catch(() => {});
      break;
    case 'clear':
      await host.in.clearHalt().catch(() => {}); // transfers are in submission, or it is unplugged
      break;
  }
}
