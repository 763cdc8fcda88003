import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { flush } from '../../../../src/engine/receive/flush.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

const MIB = 1024 * 1024;

function start(time: number, transferSize = 512) {
  const endpoint = new ScriptedEndpoint();
  const onUnfinished = vi.fn();
  const controller = new AbortController();
  const options = { depth: 2, transferSize };
  const ended = flush(endpoint, { time, onUnfinished }, options, controller.signal);
  /** Completes everything in flight as cancelled, once it is cancelled. */
  const drain = async (): Promise<void> => {
    await vi.waitUntil(() => endpoint.cancellations.length > 0);
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
  };
  return { endpoint, onUnfinished, controller, ended, drain };
}

it('ends with silence, and leaves no listener and no timer', async () => {
  const cleared = vi.spyOn(globalThis, 'clearTimeout');
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const { ended, onUnfinished, controller, drain } = start(54_321);
  const time = timers.mock.calls.findIndex(([, delay]) => Math.ceil(delay ?? 0) === 54_321);
  const timer = timers.mock.results[time];
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  await drain();
  expect(await ended).toBe(0);
  expect(onUnfinished).not.toHaveBeenCalled();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  expect(timer?.type).toBe('return');
  expect(cleared.mock.calls.flat()).toContain(timer?.value);
  vi.restoreAllMocks();
});

it('says how much it discarded if the device still sends at its limit', async () => {
  const { endpoint, ended, onUnfinished } = start(60_000, 32 * MIB);
  for (const submission of [...endpoint.submissions]) {
    submission.complete('completed', 32 * MIB);
  }
  expect(await ended).toBe(64 * MIB);
  expect(onUnfinished).toHaveBeenCalledExactlyOnceWith(64 * MIB);
});

it('says so after its time, too, even if it is stopped then', async () => {
  const { endpoint, controller, ended, onUnfinished, drain } = start(5);
  endpoint.submissions[0]?.complete('completed', 512);
  await vi.waitUntil(() => endpoint.cancellations.length > 0);
  controller.abort();
  await drain();
  expect(await ended).toBe(512);
  expect(onUnfinished).toHaveBeenCalledExactlyOnceWith(512);
});

it('says nothing when it is stopped', async () => {
  const { endpoint, controller, ended, onUnfinished, drain } = start(60_000);
  endpoint.submissions[0]?.complete('completed', 512);
  await sleep(1);
  controller.abort();
  await drain();
  expect(await ended).toBe(512);
  expect(onUnfinished).not.toHaveBeenCalled();
});
