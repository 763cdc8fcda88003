import { expect, it, vi } from 'vitest';
import { CandidateRunner } from '../../../../src/cli/bench/candidate-run.js';
import type { Measurement, RunPlan } from '../../../../src/cli/bench/measure.js';
import { CliError } from '../../../../src/cli/errors/cli-error.js';

const SETTING = { depth: 4, transferSize: 16_384 };

const RUN: Measurement = {
  ...{ bytes: 1000, seconds: 2, bytesPerSecond: 500, transfers: 1, transfersPerSecond: 0.5 },
  ...{ firstByte: 0, intervals: { p50: 0, p99: 0, p999: 0, max: 0.25 } },
  ...{ cpu: 1, cpuPerGigabyte: 1e6, busy: 0.5, empty: 0 },
};

/** Runs that end like this, one after the other; the last one again and again. */
function runs(...ends: readonly ('data' | 'idle' | 'stall')[]) {
  let next = 0;
  return vi.fn(async (_: RunPlan) => {
    const end = ends[Math.min(next, ends.length - 1)] ?? 'data';
    next += 1;
    if (end !== 'data') {
      throw new CliError(end, `it is ${end}`, { advice: 'do something' });
    }
    return RUN;
  });
}

it('a warm-up takes no longer than necessary, and its bytes are gone', async () => {
  const read = runs('data');
  const runner = new CandidateRunner(read, 500);
  await runner.warmUp(SETTING);
  expect(read).toHaveBeenCalledWith({ ...SETTING, duration: 100 });
  expect(runner.bytes).toBe(1000);
});

it('a run gives the share of a CPU while it streamed', async () => {
  const runner = new CandidateRunner(runs('data'), 500);
  expect(await runner.measure(SETTING, 1)).toMatchObject({ cpu: 0.5, longestInterval: 0.25 });
});

it('a run without data is repeated, and takes longer then', async () => {
  const read = runs('idle', 'idle', 'idle', 'data');
  const runner = new CandidateRunner(read, 1);
  expect(await runner.measure(SETTING, 1)).toMatchObject({ bytesPerSecond: 500 });
  expect(read.mock.calls.map(([{ duration }]) => duration)).toEqual([20, 500, 500, 500]);
  expect(runner.silentRuns).toBe(3);
});

it('a device that stays silent is a failure', async () => {
  const read = runs('idle');
  const runner = new CandidateRunner(read, 1);
  await runner.warmUp(SETTING);
  await expect(runner.measure(SETTING, 2)).rejects.toMatchObject({
    code: 'idle',
    message: 'round 2, 4 x 16.0 KiB: the device sent nothing in 4 runs, 0.0 s in all',
    advice: 'start the device first, or check --ep',
  });
  expect(read).toHaveBeenCalledTimes(5);
});

it('a device that falls silent later is a failure with other advice', async () => {
  const runner = new CandidateRunner(runs('data', 'idle'), 1);
  await runner.warmUp(SETTING);
  await expect(runner.measure(SETTING, 1)).rejects.toMatchObject({
    advice: 'the device sent 1000 bytes before; usbxfer reset restarts a device that hangs',
  });
});

it('any other failure names the round and the candidate', async () => {
  const runner = new CandidateRunner(runs('data', 'stall'), 1);
  await runner.warmUp(SETTING);
  await expect(runner.measure(SETTING, 3)).rejects.toMatchObject({
    ...{ code: 'stall', message: 'round 3, 4 x 16.0 KiB: it is stall', advice: 'do something' },
  });
});
