import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { TransferObserver } from '../../../../src/engine/queue/observer.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { runStream, type Stream, type StreamRequest } from '../../../../src/engine/session/run.js';
import type { Backend, Device } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import { deviceWith } from '../../../support/device-info.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

const INFO = deviceWith();
const REQUESTS = [
  { request: { requestType: 0x40, request: 1, value: 0, index: 0 }, data: Buffer.alloc(0) },
];
const refused = new UsbError('stall', 'refused');

/** A stream that moves nothing: each run ends with `end`. */
function fixture(end: Outcome = { reason: 'limit' }, request: Partial<StreamRequest<object>> = {}) {
  const { signal } = new AbortController();
  const control = vi.fn(async () => 0);
  const loss = vi.fn<Device['loss']>(async () => undefined);
  const device: Partial<Device> = { info: INFO, control, loss };
  const target = { device: device as Device, close: async () => {} };
  const stream = {
    statistics: {},
    open: async () => target,
    run: vi.fn<Stream<typeof target, object>['run']>(async () => end),
    stop: vi.fn<(outcome: Outcome) => void>(),
    position: () => 0,
    halted: vi.fn((): ScriptedEndpoint[] => []),
  };
  const run = () =>
    runStream({ backend: {} as Backend, device: INFO, signal, ...request }, {}, () => stream);
  return { run, stream, control, loss, signal };
}

describe('an observer', () => {
  it('needs no method', async () => {
    const observer: TransferObserver = {};
    expect((await fixture(undefined, { observer }).run()).end).toEqual({ reason: 'limit' });
    const { run, stream } = fixture(undefined, { observer });
    stream.open = () => Promise.reject(refused);
    await expect(run()).rejects.toBe(refused);
  });

  it('can end the stream, like a failure of its output', async () => {
    const cause = new Error('disk full');
    const start: TransferObserver['start'] = async (observed) => observed.fail(cause);
    const { run, stream } = fixture(undefined, { observer: { start } });
    await run();
    expect(stream.stop).toHaveBeenCalledExactlyOnceWith({
      reason: 'output-failed',
      cause,
      at: expect.any(Number),
    });
  });
});

it('a request that fails before the data stops the stream', async () => {
  const { run, stream, control } = fixture(undefined, { before: REQUESTS });
  stream.run.mockImplementation(async (_target, begin) => (await begin()) ?? { reason: 'limit' });
  control.mockRejectedValue(refused);
  const { end } = await run();
  expect(end).toMatchObject({ reason: 'request-failed', cause: refused });
  expect(stream.stop).toHaveBeenCalledExactlyOnceWith(end);
});

it('a lost device gets no requests, and no halt is cleared', async () => {
  const { run, stream, control, loss } = fixture({ reason: 'device-lost' }, { after: REQUESTS });
  loss.mockResolvedValue('disconnected');
  expect((await run()).end.reason).toBe('device-lost');
  expect([control.mock.calls, stream.halted.mock.calls]).toEqual([[], []]);
});

it.each([
  ['no-device', 0],
  ['stall', 1],
] as const)('a halt is cleared after the last request unless it fails with %s', async (code, times) => {
  const { run, stream, control } = fixture(undefined, { after: REQUESTS });
  control.mockRejectedValue(new UsbError(code, code));
  await run();
  expect(stream.halted).toHaveBeenCalledTimes(times);
});

it('a halt that cannot be cleared is reported, whichever it is', async () => {
  const { run, stream } = fixture();
  const endpoints = [new ScriptedEndpoint(), new ScriptedEndpoint()];
  vi.spyOn(endpoints[1] as ScriptedEndpoint, 'clearHalt').mockRejectedValue(refused);
  stream.halted.mockReturnValue(endpoints);
  expect((await run()).restoreError).toBe(refused);
});

it('of the failures of a clean run, only a reset is its end', async () => {
  const error = { reason: 'error', offset: 1 } as const;
  const { run } = fixture({ reason: 'limit', failures: [error] });
  expect((await run()).end.reason).toBe('limit');
  const reset = { reason: 'device-reset', offset: 3 } as const;
  const failures = [error, reset];
  expect((await fixture({ reason: 'limit', failures }).run()).end).toEqual({ ...reset, failures });
});

describe('when a run has ended', () => {
  it('its signal has no listener', async () => {
    const { run, stream, signal } = fixture();
    stream.run.mockImplementation(async () => {
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      return { reason: 'limit' };
    });
    expect((await run()).end).toEqual({ reason: 'limit' });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('by an exception, the device is not checked any more', async () => {
    vi.useFakeTimers();
    try {
      const { run, stream } = fixture();
      stream.run.mockRejectedValue(new Error('bug'));
      expect((await run()).end.reason).toBe('internal');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
