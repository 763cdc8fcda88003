import { afterEach, beforeEach, expect, it } from 'vitest';
import { Suspensions } from '../../../../src/cli/session/suspend.js';

let suspensions: Suspensions;
beforeEach(() => {
  suspensions = new Suspensions();
});
afterEach(() => {
  suspensions.dispose();
});

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Holds the process still, as a stop would. */
function hold(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

it('counts a stop, and for how long', async () => {
  await pause(150);
  hold(600);
  process.kill(process.pid, 'SIGCONT');
  await pause(50);
  expect(suspensions.count).toBe(1);
  expect(suspensions.milliseconds).toBeGreaterThanOrEqual(600);
});

it('adds several up', async () => {
  for (let i = 0; i < 2; i += 1) {
    hold(400);
    process.kill(process.pid, 'SIGCONT');
    await pause(50);
  }
  expect(suspensions.count).toBe(2);
  expect(suspensions.milliseconds).toBeGreaterThanOrEqual(800);
});

it('takes no note of time lost without a SIGCONT', async () => {
  hold(400);
  await pause(50);
  expect(suspensions.count).toBe(0);
});
