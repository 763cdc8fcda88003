import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { capture } from '../../../../src/engine/session/capture.js';
import { duplex } from '../../../../src/engine/session/duplex.js';
import { sendRequests } from '../../../../src/engine/session/run.js';
import { send } from '../../../../src/engine/session/send.js';
import type { Device, DeviceLoss } from '../../../../src/usb/backend.js';
import { UsbError, type UsbErrorCode } from '../../../../src/usb/errors.js';
import { locateIn, locateOut } from '../../../../src/usb/locate.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { deviceWith } from '../../../support/device-info.js';
import { MemorySink } from '../support/memory-sink.js';
import { MemorySource } from '../support/memory-source.js';

const message = (request: number) => ({
  request: { requestType: 0x40, request, value: 0, index: 0 },
  data: Buffer.alloc(0),
});
const [FIRST, SECOND, LAST] = [1, 2, 3];

/** Longer than a test may take, in milliseconds. */
const EVER = 10 ** 9;

/** A simulated device whose control requests take 20 ms; returns those it received. */
async function slowDevice(scenario = 'speed=high') {
  const backend = new VirtualBackend({ scenario: parseScenario(scenario) });
  const [device] = await backend.list();
  if (device === undefined) {
    throw new Error('no device');
  }
  const received: number[] = [];
  const failing: {
    request?: number;
    hangs?: number;
    code?: UsbErrorCode;
    release?: true;
    clear?: true;
    loss?: DeviceLoss;
  } = {};
  /** Endpoints whose halt was cleared. */
  const cleared: number[] = [];
  const open = backend.open.bind(backend);
  backend.open = async (info): Promise<Device> => {
    const opened = await open(info);
    opened.control = async ({ request }, _data, _timeout, signal) => {
      signal?.throwIfAborted();
      received.push(request);
      await sleep(request === failing.hangs ? EVER : 20, undefined, { signal }).catch(() => {
        throw signal?.reason;
      });
      if (failing.request === request) {
        throw new UsbError(failing.code ?? 'stall', 'refused');
      }
      return 0;
    };
    const loss = opened.loss.bind(opened);
    opened.loss = async () => failing.loss ?? loss();
    const claim = opened.claim.bind(opened);
    opened.claim = async (...given) => {
      const claimed = await claim(...given);
      const endpoint = claimed.endpoint.bind(claimed);
      claimed.endpoint = (address) => {
        const found = endpoint(address);
        const clearHalt = found.clearHalt.bind(found);
        found.clearHalt = async () => {
          cleared.push(address);
          await clearHalt();
          if (failing.clear) {
            throw new UsbError('io', 'not cleared');
          }
        };
        return found;
      };
      const release = claimed.release.bind(claimed);
      claimed.release = async () => {
        await release();
        if (failing.release) {
          throw new UsbError('io', 'not released');
        }
      };
      return claimed;
    };
    return opened;
  };
  const sink = new MemorySink();
  const source = new MemorySource(counterBytes(0, 5000));
  const location = locateIn(device, {});
  const out = locateOut(device, {});
  const transfers = { depth: 2, transferSize: 512 };
  const controller = new AbortController();
  const { signal } = controller;
  const base = {
    backend,
    device,
    before: [message(FIRST), message(SECOND)],
    after: [message(LAST)],
    signal,
  };
  const run = {
    capture: (duration?: number, bytes = duration === undefined ? 512 : undefined) => {
      return capture({ ...base, duration, location, sink, receive: { ...transfers, bytes } });
    },
    send: (duration?: number, _bytes?: number) =>
      send({ ...base, duration, location: out, source, send: transfers }),
    // The device never stops sending, so a limit ends it.
    duplex: (duration?: number, bytes = duration === undefined ? 512 : undefined) =>
      duplex({
        ...base,
        duration,
        in: location,
        out,
        source,
        sink,
        receive: { ...transfers, bytes },
        send: transfers,
        linger: 1,
      }),
  };
  return { run, controller, signal, received, failing, cleared, sink, source };
}

describe.each(['capture', 'send', 'duplex'] as const)('%s', (direction) => {
  it('sends no further request after its duration', async () => {
    const { run, received } = await slowDevice();
    const { end } = await run[direction](5);
    expect(end.reason).toBe('duration');
    expect(received).toEqual([FIRST, LAST]);
  });

  it.each(['duration', 'interrupted'])('a request before it is cancelled: %s', async (reason) => {
    const { run, controller, received, failing } = await slowDevice();
    failing.hangs = FIRST;
    const running = run[direction](reason === 'duration' ? 5 : EVER);
    if (reason === 'interrupted') {
      await vi.waitUntil(() => received.length > 0);
      controller.abort();
    }
    expect((await running).end).toEqual({ reason });
    expect(received).toEqual([FIRST, LAST]);
  });

  it('reports a request that fails before the stream, and sends those after it', async () => {
    const { run, received, failing } = await slowDevice();
    failing.request = FIRST;
    const { end } = await run[direction]();
    expect(end).toMatchObject({ reason: 'request-failed', cause: { code: 'stall' } });
    expect(received).toEqual([FIRST, LAST]);
  });

  it('clears its timers, and listens to its signal no longer', async () => {
    const { run, signal } = await slowDevice();
    const deadlines = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const running = run[direction](12_345, 512);
    await sleep(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await running;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    // Only the engine's own: the deadline, and the checks that the device is not lost.
    const { mock } = deadlines;
    const timers = mock.results.filter((_, i) =>
      [250, 12_345].includes(Math.ceil(mock.calls[i]?.[1] ?? 0)),
    );
    expect(timers).toHaveLength(2);
    for (const timer of timers) {
      expect(cleared.mock.calls.flat()).toContain(timer?.value);
    }
    vi.restoreAllMocks();
  });

  it('reports an interface that cannot be released, and closes input and output', async () => {
    const { run, failing, sink, source } = await slowDevice();
    failing.release = true;
    expect(await run[direction]()).toMatchObject({ restoreError: { message: 'not released' } });
    expect(sink.closed).toBe(direction !== 'send');
    expect(source.closed).toBe(direction !== 'capture');
  });
});

it.each([
  ['stall', 1],
  ['no-device', 0],
] as const)('a halt is cleared only while the device is connected: after %s', async (code, times) => {
  const { run, failing, cleared } = await slowDevice('out-stall@1024');
  Object.assign(failing, { request: LAST, code });
  expect((await run.send()).end.reason).toBe('stall');
  expect(cleared).toHaveLength(times);
});

it.each([
  ['capture', 'stall@1024', [0x82]],
  ['duplex', 'stall@1024, out-stall@1024', [0x82]],
  ['send', 'stall@1024, out-stall@1024', [0x02]],
] as const)('the halt of an endpoint is cleared at the end of %s: %s', async (direction, scenario, endpoints) => {
  const { run, cleared } = await slowDevice(scenario);
  expect((await run[direction](undefined, 100_000)).end.reason).toBe('stall');
  expect(cleared).toEqual(expect.arrayContaining([...endpoints]));
});

it('a halt that cannot be cleared is reported', async () => {
  const { run, failing } = await slowDevice('out-stall@1024');
  failing.clear = true;
  expect(await run.send()).toMatchObject({
    end: { reason: 'stall' },
    restoreError: { message: 'not cleared' },
  });
});

it.each([
  'send',
  'duplex',
] as const)('%s reports a reset that it notices at its end, with its place', async (direction) => {
  const { run, failing } = await slowDevice();
  failing.loss = 'reset';
  expect((await run[direction]()).end).toMatchObject({ reason: 'device-reset', offset: 0 });
});

it('sending ends when the device is lost while it waits for its input', async () => {
  const { run, failing, source } = await slowDevice();
  failing.loss = 'disconnected';
  source.held = true;
  expect((await run.send(800)).end.reason).toBe('device-lost');
});

it('nothing is sent after a request that failed', async () => {
  const { run, failing } = await slowDevice();
  failing.request = FIRST;
  expect((await run.send()).statistics.bytesAccepted).toBe(0);
  expect((await run.duplex()).statistics.out.bytesAccepted).toBe(0);
});

it('the failures of a stream are counted', async () => {
  const receiving = await slowDevice('stall@1024');
  const received = await receiving.run.duplex(undefined, 100_000);
  expect(received.statistics.in.failures.stall).toBe(1);
  const sending = await slowDevice('out-stall@1024');
  expect((await sending.run.send()).statistics.failures.stall).toBe(1);
});

/** A device whose requests fail, and which is disconnected after some checks. */
function failing(code: UsbErrorCode, checks: number): Device {
  let left = checks;
  return {
    info: deviceWith(),
    claim: async () => {
      throw new Error('no request needs a claim');
    },
    control: vi.fn(async () => {
      throw new UsbError(code, code);
    }),
    reset: async () => {},
    selectConfiguration: async () => {},
    loss: vi.fn(async () => {
      left -= 1;
      return left >= 0 ? undefined : 'disconnected';
    }),
    close: async () => {},
  };
}

describe('a control request that fails before or after a stream', () => {
  it('is a lost device when the device is disconnected', async () => {
    for (const [code, checks] of [
      ['no-device', 0] as const,
      ['io', 0] as const,
      ['io', 2] as const,
    ]) {
      const device = failing(code, checks);
      expect(await sendRequests(device, [message(FIRST), message(SECOND)])).toMatchObject({
        reason: 'device-lost',
        cause: { code },
      });
      expect(device.control).toHaveBeenCalledTimes(1);
    }
  });

  it('is a failed request while the device is connected, without a check after a stall', async () => {
    const { request } = message(FIRST);
    const device = failing('io', Number.POSITIVE_INFINITY);
    expect(await sendRequests(device, [message(FIRST)])).toMatchObject({
      reason: 'request-failed',
      request,
    });
    const refusing = failing('stall', Number.POSITIVE_INFINITY);
    expect(await sendRequests(refusing, [message(FIRST)])).toMatchObject({
      reason: 'request-failed',
    });
    expect(refusing.loss).not.toHaveBeenCalled();
  });
});
