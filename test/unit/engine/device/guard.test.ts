import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { classifyFailure, DeviceGuard, lossSoon } from '../../../../src/engine/device/guard.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import type { Device, DeviceLoss } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A device with these losses, one for each check; the last one stays. */
function deviceWith(...losses: (DeviceLoss | undefined)[]) {
  const loss = vi.fn(async () => (losses.length > 1 ? losses.shift() : losses[0]));
  return { device: { loss } as Partial<Device> as Device, loss };
}

/** A guard of a stream that has moved `bytes.value` bytes. */
function guarded(losses: (DeviceLoss | undefined)[], inFlight?: number) {
  const bytes = { value: 0 };
  const ends: Outcome[] = [];
  const { device, loss } = deviceWith(...losses);
  const count = inFlight === undefined ? {} : { inFlight: () => inFlight };
  const stream = { position: () => bytes.value, ...count };
  return { guard: new DeviceGuard(device, stream, (end) => ends.push(end)), ends, bytes, loss };
}

describe('a check during a run', () => {
  it.each([
    'deauthorized',
    'deconfigured',
    'reset',
  ] as const)('ends the run, once, when the device is %s', async (loss) => {
    const { guard, ends } = guarded([undefined, undefined, loss]);
    await vi.advanceTimersByTimeAsync(600);
    expect(ends).toEqual([]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(ends).toEqual([{ reason: 'device-lost' }]);
    guard.stop();
  });

  it.each([
    ['leaves a disconnect to the transfers in flight', 3, 0],
    ['leaves a disconnect to the transfers of a receiver', undefined, 0],
    ['reports a disconnect while nothing is in flight', 0, 1],
  ])('%s', async (_, inFlight, reports) => {
    const { guard, ends } = guarded(['disconnected'], inFlight);
    await vi.advanceTimersByTimeAsync(5000);
    expect(ends).toHaveLength(reports);
    guard.stop();
  });

  it('reports nothing after the end of the run', async () => {
    const { guard, ends, loss } = guarded(['reset']);
    vi.advanceTimersByTime(300); // the check has begun
    guard.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect([ends, loss.mock.calls.length]).toEqual([[], 1]);
  });
});

describe('the explanation of an outcome', () => {
  const REFUSED = new UsbError('io', 'refused');
  const FULL = new UsbError('no-memory', 'full');

  it.each<[string, Outcome, DeviceLoss | undefined, Partial<Outcome>]>([
    ['a loss, by its kind', { reason: 'device-lost' }, 'deauthorized', { loss: 'deauthorized' }],
    [
      'an error',
      { reason: 'error' },
      'deauthorized',
      { reason: 'device-lost', loss: 'deauthorized' },
    ],
    [
      'a refused transfer',
      { reason: 'submit-failed', cause: REFUSED },
      'deconfigured',
      {
        reason: 'device-lost',
        loss: 'deconfigured',
        cause: REFUSED,
      },
    ],
    [
      'a lack of memory',
      { reason: 'submit-failed', cause: FULL },
      'deauthorized',
      {
        reason: 'submit-failed',
      },
    ],
    ['a stall', { reason: 'stall' }, 'deauthorized', { reason: 'stall' }],
    ['a limit', { reason: 'limit' }, 'disconnected', { reason: 'limit' }],
    ['an error without a loss', { reason: 'error' }, undefined, { reason: 'error' }],
    ['a loss that is not seen', { reason: 'device-lost' }, undefined, { reason: 'device-lost' }],
  ])('is right for %s', async (_, end, loss, expected) => {
    const { guard } = guarded([loss]);
    guard.stop();
    const explained = guard.explain(end);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await explained).toEqual({ ...end, ...expected });
  });

  it('is a reset at the last place that is known to be safe', async () => {
    const { guard, bytes } = guarded([undefined, undefined, 'reset']);
    bytes.value = 100;
    await vi.advanceTimersByTimeAsync(260);
    bytes.value = 200;
    await vi.advanceTimersByTimeAsync(260);
    bytes.value = 300;
    guard.stop();
    const failures = [{ reason: 'device-reset', offset: 200 }];
    expect(await guard.explain({ reason: 'device-lost' })).toEqual({
      reason: 'device-reset',
      offset: 200,
      failures,
    });
    expect(await guard.explain({ reason: 'limit' })).toEqual({ reason: 'limit', failures });
  });

  it('starts at the bytes of earlier runs', async () => {
    const bytes = { value: 4096 };
    const { device } = deviceWith('reset');
    const guard = new DeviceGuard(device, { position: () => bytes.value }, () => {});
    guard.stop();
    bytes.value = 8192;
    expect(await guard.explain({ reason: 'error' })).toMatchObject({ offset: 4096 });
  });

  it('is a reset where transfers failed, and no failure besides', async () => {
    const { guard } = guarded(['reset']);
    guard.stop();
    const stall = { reason: 'stall', offset: 10 } as const;
    const failures = [
      stall,
      { reason: 'error', offset: 50 },
      { reason: 'device-lost', offset: 60 },
    ];
    const end = { reason: 'error', offset: 10, failures } as Outcome;
    expect(await guard.explain(end)).toEqual({
      reason: 'device-reset',
      offset: 50,
      failures: [stall, { reason: 'device-reset', offset: 50 }],
    });
  });
});

describe('a loss', () => {
  it.each(['disconnected', 'deauthorized', 'reset'] as const)('%s is certain', async (loss) => {
    const { device, loss: check } = deviceWith(undefined, loss);
    const found = lossSoon(device);
    await vi.advanceTimersByTimeAsync(100);
    expect([await found, check.mock.calls.length]).toEqual([loss, 2]);
  });

  it('of the configuration is the begin of a disconnect, or certain after a second', async () => {
    const { device } = deviceWith('deconfigured', 'deconfigured', 'disconnected');
    expect(await lossSoon(device)).toBe('disconnected');
    const deconfigured = lossSoon(deviceWith('deconfigured').device);
    vi.advanceTimersByTime(1100);
    expect(await deconfigured).toBe('deconfigured');
  });

  it('is none after a second without one', async () => {
    const found = lossSoon(deviceWith(undefined).device);
    await vi.advanceTimersByTimeAsync(1100);
    expect(await found).toBe(undefined);
  });

  it('explains a failure that is not explained otherwise', async () => {
    const { device, loss } = deviceWith('reset');
    const memory = new UsbError('no-memory', 'full');
    for (const end of [
      { reason: 'stall' },
      { reason: 'submit-failed', cause: memory },
      { reason: 'submit-failed' },
    ] as const) {
      expect(await classifyFailure(end, device)).toBe(end);
    }
    expect(loss).not.toHaveBeenCalled();
    expect(await classifyFailure({ reason: 'error' }, device)).toEqual({ reason: 'device-reset' });
  });
});
