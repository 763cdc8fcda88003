import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { RESTARTS, type Restart } from '../../../../src/engine/device/restart.js';
import type { ReceiveOptions } from '../../../../src/engine/receive/receiver.js';
import { type CaptureResult, capture } from '../../../../src/engine/session/capture.js';
import type { EndReason, Outcome } from '../../../../src/engine/session/outcome.js';
import { Recovery, type RecoveryOptions } from '../../../../src/engine/session/recovery.js';
import { ReceiveStatistics } from '../../../../src/engine/stats/statistics.js';
import type { Backend, Device, DeviceLoss } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import { locateIn } from '../../../../src/usb/locate.js';
import type { DeviceInfo } from '../../../../src/usb/model.js';
import { counterBytes, isCounterPrefix } from '../../../support/counter-stream.js';
import { deviceWith, setting } from '../../../support/device-info.js';
import { MemorySink } from '../support/memory-sink.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

interface Run extends CaptureResult {
  readonly bytes: Buffer;
}

async function run(
  scenario: string,
  recovery: RecoveryOptions,
  receive: Partial<ReceiveOptions> = {},
  signal = new AbortController().signal,
): Promise<Run> {
  const backend = new VirtualBackend({ scenario: parseScenario(scenario) });
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
    receive: { depth: 4, transferSize: 4096, ...receive },
    recovery,
    signal,
  });
  return { ...result, bytes: sink.contents };
}

/** The recovery of a device with an interrupt endpoint, and what it recovers. */
function scripted(options: RecoveryOptions, list?: (info: DeviceInfo) => DeviceInfo) {
  const endpoint = { address: 0x81, type: 'interrupt', maxPacketSize: 64 } as const;
  const info = deviceWith(setting(0, 0, endpoint));
  const claimed = { endpoint: () => new ScriptedEndpoint(64), release: async () => {} };
  const device: Partial<Device> = {
    info,
    claim: async () => claimed,
    close: async () => {},
    reset: async () => {},
  };
  const backend: Partial<Backend> = {
    list: async () => [list?.(info) ?? info],
    open: async () => device as Device,
    inspect: async () => ({ accessible: true, node: undefined, interfaces: [] }),
  };
  const statistics = new ReceiveStatistics(1);
  const recovery = new Recovery(
    {
      backend: backend as Backend,
      device: info,
      location: { interfaceNumber: 0, alternateSetting: 0, endpoint },
      receive: {},
      recovery: options,
    },
    statistics,
    new AbortController().signal,
  );
  const target = { device: device as Device, endpoint: claimed.endpoint(), close: async () => {} };
  return { recovery, target, statistics, device, backend };
}

describe('with keepGoing', () => {
  it('continues after stalls and errors, and records the gaps', async () => {
    const { end, statistics, bytes } = await run(
      'stall@10k, error@30k, stall@50k',
      { keepGoing: 16 },
      { bytes: 100_000 },
    );
    expect(end.reason).toBe('limit');
    expect(isCounterPrefix(bytes)).toBe(true); // these faults of the virtual device lose nothing
    expect(bytes).toHaveLength(100_000);
    expect(statistics.gaps.map(({ offset, cause }) => [offset, cause])).toEqual([
      [10 * 1024, 'stall'],
      [30 * 1024, 'error'],
      [50 * 1024, 'stall'],
    ]);
  });

  it('continues after an overflow, whose packet is lost', async () => {
    const { end, statistics, bytes } = await run('babble@8k', { keepGoing: 16 }, { bytes: 16_384 });
    expect(end.reason).toBe('limit');
    expect(bytes).toHaveLength(16_384);
    expect(bytes.readUInt32LE(8188)).toBe(2047);
    expect(bytes.readUInt32LE(8192)).toBe(2048 + 128);
    expect(statistics).toMatchObject({ gapCount: 1, gaps: [{ offset: 8192, cause: 'overflow' }] });
  });

  it.each([
    ['babble@4096, babble@12288', 'overflow', 'overflow', 12288 - 512],
    ['error@4096, babble@8192', 'error', 'overflow', 8192],
  ])('records each of several failures of one run at its own place: %s', async (scenario, first, second, place) => {
    const several = { depth: 16, bytes: 65_536 };
    const { statistics } = await run(scenario, { keepGoing: 16 }, several);
    expect(statistics.gaps.map(({ offset, cause }) => [offset, cause])).toEqual([
      [4096, first],
      [place, second],
    ]);
  });

  it.each([
    ['start-halted', {}],
    ['stall@0', { skip: 1000 }],
  ])('clears a halt before the first byte, which is an event but no gap: %s', async (scenario, limits) => {
    const told: string[] = [];
    const { end, statistics, bytes } = await run(
      scenario,
      {
        keepGoing: 1,
        onGap: () => told.push('gap'),
        onInitialHalt: () => told.push('halt'),
      },
      { ...limits, bytes: 8192 },
    );
    expect([end.reason, bytes.length, told]).toEqual(['limit', 8192, ['halt']]);
    expect(statistics).toMatchObject({ gapCount: 0, gaps: [], failures: { stall: 1 } });
  });

  it.each<[string, Outcome, number, string[]]>([
    ['a halt that ends the capture', { reason: 'stall' }, 0, []],
    ['another failure', { reason: 'error' }, 1, []],
    ['a halt', { reason: 'stall' }, 1, ['halt']],
    [
      'a halt after data',
      { reason: 'stall', failures: [{ reason: 'stall', offset: 512 }] },
      1,
      ['gap'],
    ],
  ])('takes no other failure for a halt before the first byte: %s', async (_, end, keepGoing, expected) => {
    const told: string[] = [];
    const { recovery, target } = scripted({
      keepGoing,
      onGap: () => told.push('gap'),
      onInitialHalt: () => told.push('halt'),
    });
    await recovery.decide(end, target);
    expect(told).toEqual(expected);
  });

  it('leaves a device that was lost after other failures to the next run', async () => {
    const { recovery, target } = scripted({ keepGoing: 1 });
    const failures = [{ reason: 'device-lost', offset: 10 }] as const;
    const decision = await recovery.decide({ reason: 'overflow', failures }, target);
    expect(decision.end).toBeUndefined();
  });

  it('records a halt after skipped bytes as a gap', async () => {
    const { statistics } = await run('stall@512', { keepGoing: 1 }, { skip: 1000, bytes: 8192 });
    expect(statistics.gaps).toMatchObject([{ offset: 0, cause: 'stall' }]);
  });

  it('counts a halt as one failure, although it fails all transfers in flight', async () => {
    const { statistics } = await run('stall@8k', { keepGoing: 1 }, { depth: 16, bytes: 65_536 });
    expect(statistics.statuses.stall).toBeGreaterThan(1);
    expect(statistics.failures).toEqual({
      stall: 1,
      error: 0,
      overflow: 0,
      'device-lost': 0,
      'device-reset': 0,
    });
  });

  it('clears a halt that follows another failure in the same run', async () => {
    const scenario = 'babble@4k, stall@5k';
    const { end, statistics } = await run(scenario, { keepGoing: 1 }, { bytes: 65_536 });
    expect(end.reason).toBe('limit');
    expect(statistics.gaps.map(({ cause }) => cause)).toEqual(['overflow', 'stall']);
  });

  it('ends after N failures in a row without data between them', async () => {
    const stalls = 'stall@4k,'.repeat(5);
    const three = await run(stalls, { keepGoing: 3 });
    expect(three.end.reason).toBe('stall');
    expect(three.statistics.gapCount).toBe(3);
    expect(three.bytes).toHaveLength(4096);
    const five = await run(stalls, { keepGoing: 5 }, { bytes: 8192 });
    expect(five.end.reason).toBe('limit');
    expect(five.statistics.gapCount).toBe(5);
  });

  it('counts from zero after data arrived', async () => {
    const { end, statistics } = await run(
      'stall@4k, stall@4k, stall@8k, stall@8k, stall@12k, stall@12k',
      { keepGoing: 2 },
      { bytes: 16_384 },
    );
    expect([end.reason, statistics.gapCount]).toEqual(['limit', 6]);
  });

  it('keeps a bounded list of gaps', async () => {
    const stalls = Array.from({ length: 1200 }, (_, i) => `stall@${(i + 1) * 512}`).join();
    const { statistics } = await run(stalls, { keepGoing: 1 }, { bytes: 700_000 });
    expect([statistics.gaps.length, statistics.gapCount]).toEqual([1000, 1200]);
  });

  it('pauses before it uses a device again that failed twice without data and without a halt', async () => {
    const { recovery, target, statistics } = scripted({ keepGoing: 10 });
    const continuesAtOnce = async (end: Outcome): Promise<boolean> => {
      let continues = false;
      const decision = recovery.decide(end, target).then(() => {
        continues = true;
      });
      for (let i = 0; i < 50; i += 1) {
        await Promise.resolve(); // no time passes
      }
      const atOnce = continues;
      await decision;
      return atOnce;
    };
    expect(await continuesAtOnce({ reason: 'error' })).toBe(true);
    expect(await continuesAtOnce({ reason: 'error' })).toBe(false);
    expect(await continuesAtOnce({ reason: 'stall', isHalted: true })).toBe(true);
    statistics.bytesMoved += 1;
    expect(await continuesAtOnce({ reason: 'error' })).toBe(true);
  });

  it('does not continue after a lost device', async () => {
    const { end, statistics, bytes } = await run('unplug@10k', { keepGoing: 16 });
    expect(end.reason).toBe('device-lost');
    expect(bytes).toHaveLength(10 * 1024);
    expect(statistics).toMatchObject({
      gapCount: 0,
      failures: { error: 0, 'device-lost': 1, 'device-reset': 0 },
    });
  });
});

describe('with reconnect', () => {
  it('continues with a device that was lost during the requests before the stream', async () => {
    const backend = new VirtualBackend({ scenario: parseScenario('unplug@8k=10ms') });
    const [device] = await backend.list();
    if (device === undefined) {
      throw new Error('no device');
    }
    let requests = 0;
    const open = backend.open.bind(backend);
    backend.open = async (info) => {
      const opened = await open(info);
      const control = opened.control.bind(opened);
      opened.control = async (...request) => {
        requests += 1;
        while (requests === 1 && (await opened.loss()) === undefined) {
          await sleep(1);
        }
        return control(...request);
      };
      return opened;
    };
    const sink = new MemorySink();
    const start = { requestType: 0x40, request: 1, value: 1, index: 0 };
    const { end, statistics } = await capture({
      backend,
      device,
      location: locateIn(device, {}),
      sink,
      receive: { depth: 4, transferSize: 4096, bytes: 20_000 },
      recovery: { reconnect: 5000 },
      before: [{ request: start, data: Buffer.alloc(0) }],
      signal: new AbortController().signal,
    });
    expect(end.reason).toBe('limit');
    expect(requests).toBe(2);
    expect(statistics.gapCount).toBe(1);
    expect(sink.contents).toHaveLength(20_000);
  });

  it('waits for the device, claims it again and continues', async () => {
    const back: string[] = [];
    const { end, statistics, bytes } = await run(
      'unplug@10k=50ms, unplug@20k=50ms',
      { reconnect: Number.POSITIVE_INFINITY, onReconnect: () => back.push('back') },
      { bytes: 40_000 },
    );
    expect(end.reason).toBe('limit');
    expect(bytes).toHaveLength(40_000);
    expect(isCounterPrefix(bytes)).toBe(true);
    expect(back).toHaveLength(2);
    expect(statistics.gaps).toMatchObject([
      { offset: 10 * 1024, cause: 'device-lost' },
      { offset: 20 * 1024, cause: 'device-lost' },
    ]);
  });

  it('ends when the device is not back in time', async () => {
    const { end, statistics, bytes } = await run('unplug@10k', { reconnect: 30 });
    expect(end.reason).toBe('device-lost');
    expect(statistics.gapCount).toBe(1);
    expect(bytes).toHaveLength(10 * 1024);
  });

  it('waits for a deauthorized device, and continues at the next byte', async () => {
    const { end, statistics, bytes } = await run(
      'deauthorize@10k=50ms',
      { reconnect: Number.POSITIVE_INFINITY },
      { bytes: 40_000 },
    );
    expect(end.reason).toBe('limit');
    expect(bytes).toHaveLength(40_000);
    expect(isCounterPrefix(bytes)).toBe(true);
    expect(statistics.gaps).toMatchObject([{ offset: 10 * 1024, cause: 'device-lost' }]);
  });

  it('ends when the wait is over and the device is still not authorized', async () => {
    const { end, bytes } = await run('deauthorize@10k', { reconnect: 30 });
    expect(end).toMatchObject({ reason: 'device-lost', loss: 'deauthorized' });
    expect(bytes).toHaveLength(10 * 1024);
  });

  it('ends the wait when its signal is aborted', async () => {
    const controller = new AbortController();
    const { end } = await run(
      'unplug@10k',
      {
        reconnect: Number.POSITIVE_INFINITY,
        onGap: () => setTimeout(() => controller.abort(), 20),
      },
      {},
      controller.signal,
    );
    expect(end.reason).toBe('device-lost');
  });

  it('reopens an interrupt endpoint', async () => {
    const { recovery, target } = scripted({ reconnect: 1000 });
    expect((await recovery.decide({ reason: 'device-lost' }, target)).end).toBeUndefined();
  });

  it('ends if the device that is back has no such endpoint, and says why', async () => {
    const other = () => deviceWith(setting(0, 0, 0x83));
    const { recovery, target, statistics } = scripted({ reconnect: 1000 }, other);
    const decision = await recovery.decide({ reason: 'device-lost' }, target);
    expect(decision).toMatchObject({
      end: { reason: 'device-lost', cause: { code: 'not-found' } },
      target: undefined,
    });
    expect(statistics.waitingSince).toBeUndefined();
  });

  it('ends as a bug if it cannot continue for a reason that is no USB error', async () => {
    const cause = new Error('bug');
    const { recovery, target } = scripted({ reconnect: 1000 }, () => {
      throw cause;
    });
    const { end } = await recovery.decide({ reason: 'device-lost' }, target);
    expect(end).toEqual({ reason: 'internal', cause });
  });

  it('ends the capture if the devices cannot be listed', async () => {
    const backend = new VirtualBackend({ scenario: parseScenario('unplug@8k') });
    const [device] = await backend.list();
    if (device === undefined) {
      throw new Error('no device');
    }
    const cause = new Error('bug');
    backend.list = async () => {
      throw cause;
    };
    const result = await capture({
      backend,
      device,
      location: locateIn(device, {}),
      sink: new MemorySink(),
      receive: { depth: 4, transferSize: 4096 },
      recovery: { reconnect: 5000 },
      signal: new AbortController().signal,
    });
    expect(result.end).toEqual({ reason: 'internal', cause });
  });

  it('waits until the device that is back is configured', async () => {
    let lists = 0;
    const { recovery, target } = scripted({ reconnect: 10_000 }, (info) => {
      lists += 1;
      return lists === 1 ? { ...info, configurationValue: undefined } : info;
    });
    expect((await recovery.decide({ reason: 'device-lost' }, target)).end).toBeUndefined();
    expect(lists).toBe(2);
  });

  const LOST_AT_LAST: Outcome = {
    reason: 'overflow',
    failures: [
      { reason: 'overflow', offset: 10 },
      { reason: 'overflow', offset: 20 },
      { reason: 'device-lost', offset: 30 },
    ],
  };

  it('waits for a device that was lost after other failures', async () => {
    const told: string[] = [];
    const onReconnect = () => told.push('back');
    const { recovery, target } = scripted({ reconnect: 1000, keepGoing: 5, onReconnect });
    expect((await recovery.decide(LOST_AT_LAST, target)).end).toBeUndefined();
    expect(told).toEqual(['back']);
  });

  it('shows since when the device is waited for', async () => {
    const during: (number | undefined)[] = [];
    const { recovery, target, statistics } = scripted({
      reconnect: 1000,
      onGap: () => during.push(statistics.waitingSince),
    });
    await recovery.decide({ reason: 'device-lost', at: 1234 }, target);
    expect([during, statistics.waitingSince]).toEqual([[1234], undefined]);
  });

  it('counts from zero after the lost device had sent data', async () => {
    const { recovery, target, statistics } = scripted({ reconnect: 1000, keepGoing: 1 });
    const ends = async (reason: EndReason, hasData: boolean) => {
      statistics.bytesMoved += hasData ? 1 : 0;
      return (await recovery.decide({ reason }, target)).end?.reason;
    };
    expect(await ends('stall', false)).toBeUndefined();
    expect(await ends('device-lost', true)).toBeUndefined();
    expect(await ends('stall', false)).toBeUndefined();
    expect(await ends('device-lost', false)).toBeUndefined();
    expect(await ends('stall', false)).toBe('stall');
  });
});

describe('after a reset by another process', () => {
  /** The virtual bus is fast: only a slow device sends for longer than until the next check. */
  const SLOW = 'rate=200k, reset@20k';
  const LIMIT = { bytes: 80_000 };

  it.each([
    ['keepGoing', { keepGoing: 1 }],
    ['reconnect', { reconnect: 5000 }],
  ])('claims the interface again and continues, with %s', async (_, recovery) => {
    const back: string[] = [];
    const onReconnect = () => back.push('back');
    const { end, statistics, bytes } = await run(SLOW, { ...recovery, onReconnect }, LIMIT);
    expect(end.reason).toBe('limit');
    expect(isCounterPrefix(bytes)).toBe(true);
    expect(bytes).toHaveLength(80_000);
    expect(statistics.gaps.map(({ cause }) => cause)).toEqual(['device-reset']);
    expect(statistics.gaps[0]?.offset).toBeLessThanOrEqual(20 * 1024);
    expect(statistics.failures['device-reset']).toBe(1);
    expect(back).toEqual([]); // the device was never away
  });

  it('ends the capture, with a gap if bytes follow', async () => {
    const { end, statistics, bytes } = await run(SLOW, {}, LIMIT);
    expect(end.reason).toBe('device-reset');
    expect(end.offset).toBeLessThanOrEqual(20 * 1024);
    expect(bytes.length).toBeLessThan(80_000);
    expect(statistics.gaps.map(({ offset }) => offset)).toEqual([end.offset]);
  });

  it('records a gap in a capture that is complete before the next check', async () => {
    const { end, statistics } = await run('reset@20k', {}, { bytes: 40_000 });
    expect(end.reason).toBe('limit');
    expect(statistics.gaps).toMatchObject([{ offset: 0, cause: 'device-reset' }]);
  });

  it('ends after more resets in a row than allowed, and when it is stopped', async () => {
    const { recovery, target } = scripted({ keepGoing: 1 });
    expect((await recovery.decide({ reason: 'device-reset' }, target)).end).toBeUndefined();
    const end = { reason: 'device-reset' } as const;
    expect((await recovery.decide(end, target)).end).toBe(end);
  });

  it('says that the capture continues after the gap', async () => {
    const told: [number, boolean][] = [];
    const onGap: RecoveryOptions['onGap'] = ({ offset }, continues) =>
      told.push([offset, continues]);
    const { recovery, target } = scripted({ keepGoing: 1, onGap });
    const failures = [{ reason: 'device-reset', offset: 0 }] as const;
    await recovery.decide({ reason: 'device-reset', failures }, target);
    expect(told).toEqual([[0, true]]);
  });

  it('waits for the device as long as for one that is reconnected', async () => {
    const { recovery, target, backend } = scripted({ reconnect: 1 });
    let lists = 0;
    backend.list = async () => {
      lists += 1;
      if (lists > 2) {
        throw new Error('waits for longer');
      }
      return [];
    };
    const { end } = await recovery.decide({ reason: 'device-reset' }, target);
    expect(end).toEqual({ reason: 'device-reset' });
  });

  it('opens the device when it is configured again', async () => {
    const back: string[] = [];
    const { recovery, target, backend } = scripted({ keepGoing: 1 });
    const list = backend.list;
    backend.list = async () => {
      back.push('listed');
      const devices = (await list?.()) ?? [];
      return back.length < 2
        ? devices.map((device) => ({ ...device, configurationValue: undefined }))
        : devices;
    };
    expect((await recovery.decide({ reason: 'device-reset' }, target)).end).toBeUndefined();
    expect(back).toHaveLength(2);
  });

  it('reports why the interface cannot be claimed again', async () => {
    const { recovery, target, backend } = scripted({ keepGoing: 1 });
    const busy = new UsbError('not-found', 'no configuration');
    backend.list = async () => {
      throw busy;
    };
    expect((await recovery.decide({ reason: 'device-reset' }, target)).end).toEqual({
      reason: 'device-reset',
      cause: busy,
    });
  });
});

describe('a transfer that the system refuses', () => {
  it('ends the capture unless the device is lost', async () => {
    const { recovery, target } = scripted({ reconnect: 1000 });
    const refused = { reason: 'submit-failed', cause: new UsbError('io', 'refused') } as const;
    const losses: (DeviceLoss | undefined)[] = [undefined, 'deauthorized'];
    const device = { ...target.device, loss: async () => losses.shift() };
    expect((await recovery.decide(refused, { ...target, device })).end).toBeUndefined();
    const full = { reason: 'submit-failed', cause: new UsbError('no-memory', 'full') } as const;
    expect((await recovery.decide(full, target)).end).toBe(full);
  });
});

// Some of these tests wait for the timeout of a reset.
describe('with onIdle', { concurrent: true }, () => {
  const idle = { idleTimeout: 100, transferSize: 4096 };

  it.each(RESTARTS)('restarts a device that hangs, and records each gap: %s', async (restart) => {
    const told: [Restart, number][] = [];
    const noticed: number[] = [];
    const { end, statistics, bytes } = await run(
      'hangs-until-reset@8k',
      {
        onIdle: { restart, attempts: 2 },
        onRestart: (...args) => told.push(args),
        onGap: ({ offset }, continues) => noticed.push(continues ? offset : -1),
      },
      { ...idle, bytes: 20_000 },
    );
    expect([end, bytes.length]).toEqual([{ reason: 'limit' }, 20_000]);
    const gaps = [8192, 16_384];
    expect(statistics.gaps.map(({ offset, cause }) => [offset, cause])).toEqual(
      gaps.map((offset) => [offset, 'idle']),
    );
    expect([noticed, told]).toEqual([gaps, gaps.map(() => [restart, 1])]);
    expect(statistics.restarts).toEqual({
      ...{ reset: 0, 'clear-halt': 0, reopen: 0 },
      [restart]: 2,
    });
    // The device loses a packet each time.
    const stream = [0, 1, 2].map((n) => counterBytes(n * (8192 + 512), 8192));
    expect(bytes.equals(Buffer.concat(stream).subarray(0, 20_000))).toBe(true);
  });

  it('ends as idle after the last of its restarts without a byte, with one gap', async () => {
    const { end, statistics } = await run(
      'silence@8k',
      { onIdle: { restart: 'reopen', attempts: 3 } },
      { ...idle, bytes: 20_000 },
    );
    expect(end).toEqual({ reason: 'idle', restarts: 3 });
    expect(statistics).toMatchObject({
      restarts: { reopen: 3 },
      gapCount: 1,
      gaps: [{ offset: 8192, cause: 'idle', cancelled: false }],
      waitingSince: undefined,
      restarting: undefined,
    });
  });

  it('ends as idle without it', async () => {
    const { recovery, target } = scripted({});
    const end = { reason: 'idle' } as const;
    expect(await recovery.decide(end, target)).toEqual({ end, target });
  });

  it('reports no gap before the first byte', async () => {
    const onGap = vi.fn();
    const onIdle = { restart: 'clear-halt', attempts: 1 } as const;
    const { recovery, target } = scripted({ onIdle, onGap });
    expect((await recovery.decide({ reason: 'idle' }, target)).end).toBeUndefined();
    expect(onGap).not.toHaveBeenCalled();
  });

  it('records no gap before the first byte', async () => {
    const { end, statistics } = await run(
      'silence@0',
      { onIdle: { restart: 'reopen', attempts: 1 } },
      { ...idle, bytes: 20_000 },
    );
    expect([end.reason, statistics.gapCount]).toEqual(['idle', 0]);
  });

  it.each([
    ['silence@0', 0],
    ['silence@8k', 8192],
  ])('says where cancelled transfers may have lost data, even before the first byte: %s', async (scenario, offset) => {
    const { statistics } = await run(
      `cancel=lose, ${scenario}`,
      { onIdle: { restart: 'reopen', attempts: 2 } },
      { ...idle, bytes: 20_000 },
    );
    expect(statistics.gaps).toMatchObject([{ offset, cause: 'idle', cancelled: true }]);
  });

  it.each(RESTARTS)('sends the requests before the stream again: %s', async (restart) => {
    const { recovery, target, statistics } = scripted({ onIdle: { restart, attempts: 1 } });
    const during: unknown[] = [];
    target.endpoint.clearHalt = async () => {
      during.push(statistics.restarting, typeof statistics.waitingSince);
    };
    const decision = await recovery.decide({ reason: 'idle' }, target);
    expect(decision).toMatchObject({ end: undefined, isRestarted: true });
    expect(decision.target === target).toBe(restart === 'clear-halt');
    expect(during).toEqual(restart === 'clear-halt' ? ['clear-halt', 'number'] : []);
  });

  it('sends none again after a failure without a restart', async () => {
    const { recovery, target } = scripted({ keepGoing: 1 });
    const decision = await recovery.decide({ reason: 'stall' }, target);
    expect(decision).toMatchObject({ end: undefined, isRestarted: false });
  });

  it('sends the requests to the device again after each restart', async () => {
    // The counter starts on a request, and a reset stops it.
    const backend = new VirtualBackend({
      scenario: parseScenario('start=request, hangs-until-reset@8k'),
    });
    const [device] = await backend.list();
    if (device === undefined) {
      throw new Error('no device');
    }
    const sink = new MemorySink();
    const start = { requestType: 0x40, request: 1, value: 1, index: 0 };
    const { end, statistics } = await capture({
      backend,
      device,
      location: locateIn(device, {}),
      sink,
      receive: { depth: 4, ...idle, bytes: 20_000 },
      recovery: { onIdle: { restart: 'reset', attempts: 1 } },
      before: [{ request: start, data: Buffer.alloc(0) }],
      signal: new AbortController().signal,
    });
    expect([end.reason, statistics.gapCount, sink.contents.length]).toEqual(['limit', 2, 20_000]);
  });

  it.each([
    ['clear-halt', 'io', 'idle', true],
    ['clear-halt', 'no-device', 'device-lost', true],
    ['reset', 'io', 'idle', false],
    ['reset', 'no-device', 'device-lost', true],
    ['reopen', 'access', 'idle', false],
  ] as const)('ends when a restart fails: %s with %s as %s', async (restart, code, reason, isOpen) => {
    const failure = new UsbError(code, 'failed');
    const { recovery, target, device, backend } = scripted({ onIdle: { restart, attempts: 9 } });
    const fail = async () => Promise.reject(failure);
    target.endpoint.clearHalt = fail;
    device.reset = fail;
    if (restart === 'reopen') {
      backend.open = fail;
    } else if (code === 'no-device') {
      backend.list = async () => [];
    }
    const decision = recovery.decide({ reason: 'idle' }, target);
    expect(await decision).toMatchObject({
      end: { reason, cause: code === 'no-device' ? { code } : failure },
      target: isOpen ? target : undefined,
    });
  });

  it('waits for a device that is lost in a restart, with reconnect', async () => {
    const { recovery, target, device } = scripted({
      onIdle: { restart: 'reset', attempts: 1 },
      reconnect: 1000,
    });
    device.reset = async () => Promise.reject(new UsbError('no-device', 'changed'));
    const decision = await recovery.decide({ reason: 'idle' }, target);
    expect(decision).toMatchObject({ end: undefined, isRestarted: true });
  });

  it('restarts nothing after a stop', async () => {
    const controller = new AbortController();
    const { end, statistics } = await run(
      'hangs-until-reset@8k',
      {
        onIdle: { restart: 'reset', attempts: 1 },
        onRestart: () => controller.abort(),
      },
      idle,
      controller.signal,
    );
    expect([end.reason, statistics.restarts.reset]).toEqual(['interrupted', 1]);
  });
});

describe('with both', () => {
  it('records a disconnect as one gap, although it begins with errors', async () => {
    const { statistics } = await run(
      'unplug@10k=50ms',
      { keepGoing: 16, reconnect: 5000 },
      { bytes: 40_000 },
    );
    expect(statistics.gaps).toMatchObject([{ offset: 10 * 1024, cause: 'device-lost' }]);
    expect(statistics.failures).toEqual({
      stall: 0,
      error: 0,
      overflow: 0,
      'device-lost': 1,
      'device-reset': 0,
    });
  });

  it('waits for a device that is lost in the run of another failure', async () => {
    const { end, statistics } = await run(
      'babble@4k, unplug@5k=50ms',
      { keepGoing: 16, reconnect: 5000 },
      { bytes: 40_000 },
    );
    expect(end.reason).toBe('limit');
    expect(statistics.gaps.map(({ cause }) => cause)).toEqual(['overflow', 'device-lost']);
  });
});

describe('without either', () => {
  it('records each failure that more bytes follow', async () => {
    const several = { depth: 4, transferSize: 1024 };
    const { end, statistics, bytes } = await run('error@1k, babble@1536, short@2500', {}, several);
    expect(end).toMatchObject({ reason: 'error', offset: 1024 });
    expect(bytes.length).toBeGreaterThan(1536);
    expect(statistics.gaps.map(({ offset, cause }) => [offset, cause])).toEqual([
      [1024, 'error'],
      [1536, 'overflow'],
    ]);
  });

  it.each([
    ['stall@10k', 'stall', 0],
    ['error@10k', 'error', 1],
    ['babble@10k', 'overflow', 1],
    ['unplug@10k', 'device-lost', 0],
  ])('%s ends the capture with every byte before it', async (scenario, reason, gaps) => {
    const { end, statistics, bytes } = await run(scenario, {});
    expect(end).toMatchObject({ reason, offset: 10 * 1024 });
    expect(bytes.length).toBeGreaterThanOrEqual(10 * 1024);
    expect(statistics.gapCount).toBe(gaps); // a gap only where more data followed
  });
});
