import { expect, it, vi } from 'vitest';
import { Pump, type TransferHandler } from '../../../../src/engine/queue/pump.js';
import type { TransferQueue } from '../../../../src/engine/queue/transfer-queue.js';
import { ReceiveStatistics } from '../../../../src/engine/stats/statistics.js';
import { UsbError } from '../../../../src/usb/errors.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

/** A handler that receives, and writes nothing. */
function receive(): TransferHandler {
  return {
    statistics: new ReceiveStatistics(2),
    start: () => {},
    onComplete: () => false,
    collect: (queue: TransferQueue) => {
      while (queue.head !== undefined) {
        queue.removeHead();
      }
    },
    outcome: () => undefined,
    submit: (queue, now) => {
      queue.submit(Buffer.alloc(512), 512, now);
      return 'submitted';
    },
    flush: () => 'none',
    finish: () => ({}),
  };
}

it.each([
  'onSubmit',
  'onComplete',
] as const)('an observer whose %s throws ends the run, not the completion', async (method) => {
  const endpoint = new ScriptedEndpoint();
  const observer = {
    [method]: ({ sequence }: { sequence: number }) => {
      if (sequence === 2) {
        throw new Error('bug');
      }
    },
  };
  const ended = new Pump(receive(), { depth: 2 }, observer).run(endpoint);
  while (endpoint.submissions.length > 0) {
    endpoint.submissions[0]?.complete('completed', 512);
  }
  expect(endpoint.requests.length).toBeGreaterThan(2);
  expect(await ended).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
});

// In the native layer, an exception thrown from a completion is lost.
it.each([
  'onComplete',
  'collect',
  'outcome',
  'submit',
  'flush',
] as const)('a handler whose %s throws in a completion ends the run, not the completion', async (method) => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const ended = new Pump(handler, { depth: 2 }).run(endpoint);
  handler[method] = () => {
    throw new Error('bug');
  };
  while (endpoint.submissions.length > 0) {
    endpoint.submissions[0]?.complete('completed', 512);
  }
  expect(await ended).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
});

/** Completes everything in flight as cancelled. */
function drain(endpoint: ScriptedEndpoint): void {
  for (const submission of [...endpoint.submissions]) {
    submission.complete('cancelled', 0);
  }
}

it('knows how many transfers are in flight, and whether it drains', async () => {
  const endpoint = new ScriptedEndpoint();
  const pump = new Pump(receive(), { depth: 3 });
  expect([pump.inFlight, pump.isDraining]).toEqual([0, false]);
  const ended = pump.run(endpoint);
  expect([pump.inFlight, pump.isDraining]).toEqual([3, false]);
  pump.stop({ reason: 'interrupted' });
  expect([pump.inFlight, pump.isDraining]).toEqual([3, true]);
  drain(endpoint);
  await ended;
  expect(pump.inFlight).toBe(0);
});

it('does nothing before its first run, and after the end of a run', async () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const pump = new Pump(handler, { depth: 2 });
  const methods = [vi.spyOn(handler, 'collect'), vi.spyOn(handler, 'submit')];
  const finish = vi.spyOn(handler, 'finish');
  pump.advance();
  const ended = pump.run(endpoint);
  endpoint.submissions[0]?.complete('stall', 0);
  pump.stop({ reason: 'interrupted' });
  drain(endpoint);
  await ended;
  const { endedAt } = handler.statistics;
  const calls = methods.map(({ mock }) => mock.calls.length);
  pump.advance();
  pump.advance();
  expect(methods.map(({ mock }) => mock.calls.length)).toEqual(calls);
  expect(finish).toHaveBeenCalledOnce();
  expect(handler.statistics.endedAt).toBe(endedAt);
});

it('ends a run at once that starts after a stop, and submits nothing in it', async () => {
  const endpoint = new ScriptedEndpoint();
  const pump = new Pump(receive(), { depth: 2 });
  const before = performance.now();
  pump.stop({ reason: 'request-failed' });
  pump.stop({ reason: 'interrupted' });
  const end = await pump.run(endpoint);
  expect(end.reason).toBe('request-failed');
  expect(end.at).toBeGreaterThanOrEqual(before);
  expect(endpoint.requests).toEqual([]);
});

it('says when a run failed: when its drain began', async () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  handler.onComplete = ({ status }) => status === 'stall';
  const ended = new Pump(handler, { depth: 2 }).run(endpoint);
  const before = performance.now();
  endpoint.submissions[0]?.complete('stall', 0);
  const after = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  drain(endpoint);
  const { reason, at } = await ended;
  expect(reason).toBe('stall');
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(after);
});

it('keeps the transfers of an endpoint for the next run, and makes others for another one', async () => {
  const [first, second] = [new ScriptedEndpoint(), new ScriptedEndpoint()];
  const created = [first, second].map((endpoint) => vi.spyOn(endpoint, 'createTransfer'));
  const handler = receive();
  handler.onComplete = ({ status }) => status === 'stall';
  const pump = new Pump(handler, { depth: 2 });
  for (const endpoint of [first, first, second, second, first]) {
    const ended = pump.run(endpoint);
    expect(endpoint.submissions).toHaveLength(2);
    endpoint.submissions[0]?.complete('stall', 0);
    drain(endpoint);
    expect((await ended).reason).toBe('stall');
  }
  expect(created.map(({ mock }) => mock.calls.length)).toEqual([4, 2]);
});

it('takes no interval from transfers that it cancelled: it says nothing about the device', () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  void new Pump(handler, { depth: 1 }).run(endpoint);
  const { data } = handler.statistics.timings;
  for (const status of ['cancelled', 'timed-out'] as const) {
    endpoint.submissions[0]?.complete(status, 0);
    expect(data.longestInterval).toBe(0);
  }
  endpoint.submissions[0]?.complete('completed', 0);
  expect(data.longestInterval).toBeGreaterThan(0);
});

it('counts submissions, but not those that were refused', async () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const ended = new Pump(handler, { depth: 2 }).run(endpoint);
  endpoint.submissions[0]?.complete('completed', 512);
  expect(handler.statistics.submissions).toBe(3);
  endpoint.refusals.push(new UsbError('io', 'refused'));
  endpoint.submissions[0]?.complete('completed', 512);
  drain(endpoint);
  expect((await ended).reason).toBe('submit-failed');
  expect(handler.statistics.submissions).toBe(3);
});

it('waits for the end of the turn only with something to do then, and only once', () => {
  const schedule = vi.spyOn(globalThis, 'setImmediate').mockReturnValue({} as NodeJS.Immediate);
  try {
    const endpoint = new ScriptedEndpoint();
    const handler = receive();
    void new Pump(handler, { depth: 2 }).run(endpoint);
    endpoint.submissions[0]?.complete('completed', 512);
    expect(schedule).not.toHaveBeenCalled();
    handler.flush = () => 'waiting';
    endpoint.submissions[0]?.complete('completed', 512);
    endpoint.submissions[0]?.complete('completed', 512);
    expect(schedule).toHaveBeenCalledOnce();
  } finally {
    schedule.mockRestore();
  }
});

it('waits for the end of each turn that has something to do', async () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const ends: boolean[] = [];
  handler.flush = (turnEnds) => {
    ends.push(turnEnds);
    return turnEnds ? 'none' : 'waiting';
  };
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
  try {
    void new Pump(handler, { depth: 1 }).run(endpoint);
    for (let i = 0; i < 2; i += 1) {
      endpoint.submissions[0]?.complete('completed', 512);
      await new Promise(setImmediate);
    }
  } finally {
    clock.mockRestore();
  }
  expect(ends).toEqual([true, false, true, false, true]);
});

it('writes before it submits when a transfer completes after a pause', () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const { submit } = handler;
  const steps: string[] = [];
  handler.submit = (queue, now) => {
    steps.push('submit');
    return submit(queue, now);
  };
  handler.flush = (all) => {
    steps.push(all ? 'write all' : 'write much');
    return 'none';
  };
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
  try {
    void new Pump(handler, { depth: 1 }).run(endpoint);
    steps.length = 0;
    for (const time of [1000.5, 1000.6, 1001.2]) {
      clock.mockReturnValue(time);
      endpoint.submissions[0]?.complete('completed', 512);
    }
  } finally {
    clock.mockRestore();
  }
  const soon = ['submit', 'write much'];
  expect(steps).toEqual([...soon, ...soon, 'write all', ...soon]);
});

it('submits with the time after a write that came first', () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const { submit } = handler;
  const times: number[] = [];
  handler.submit = (queue, now) => {
    times.push(now);
    return submit(queue, now);
  };
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
  try {
    void new Pump(handler, { depth: 1 }).run(endpoint);
    handler.flush = () => {
      clock.mockReturnValue(1025); // a sink of the library's user that is slow in `write`
      return 'none';
    };
    clock.mockReturnValue(1020);
    endpoint.submissions[0]?.complete('completed', 512);
  } finally {
    clock.mockRestore();
  }
  expect(times).toEqual([1000, 1025]);
});

it.each([
  'first',
  'second',
])('a run that ends in the %s write of a completion ends once', async (which) => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const finish = vi.spyOn(handler, 'finish');
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
  try {
    const pump = new Pump(handler, { depth: 1 });
    const ended = pump.run(endpoint);
    const submit = vi.spyOn(handler, 'submit');
    const full = vi.spyOn(handler.statistics.timings, 'full');
    let flushes = 0;
    handler.flush = () => {
      flushes += 1;
      if (flushes === (which === 'first' ? 1 : 2)) {
        pump.end({ reason: 'output-failed' });
      }
      return 'none';
    };
    clock.mockReturnValue(1020);
    endpoint.submissions[0]?.complete('completed', 512);
    drain(endpoint);
    expect((await ended).reason).toBe('output-failed');
    expect(finish).toHaveBeenCalledOnce();
    expect(submit).toHaveBeenCalledTimes(which === 'first' ? 0 : 1);
    expect(full.mock.invocationCallOrder.at(-1) ?? 0).toBeLessThan(
      finish.mock.invocationCallOrder[0] ?? 0,
    );
  } finally {
    clock.mockRestore();
  }
});

it('counts as pending at the end what the drain of the last run cancelled', async () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  handler.onComplete = ({ status }) => status === 'stall';
  const pump = new Pump(handler, { depth: 3 });
  for (let run = 0; run < 2; run += 1) {
    const ended = pump.run(endpoint);
    endpoint.submissions[0]?.complete('cancelled', 0); // not by this process
    endpoint.submissions[0]?.complete('stall', 0);
    drain(endpoint);
    await ended;
    expect(handler.statistics.pendingAtEnd).toBe(2);
  }
});

it('starts its time with the first submission, which it may have to wait for', async () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const { submit } = handler;
  handler.submit = () => 'none';
  const pump = new Pump(handler, { depth: 1 });
  const ended = pump.run(endpoint);
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(handler.statistics.startedAt).toBe(0);
  const now = performance.now();
  handler.submit = submit;
  pump.advance();
  const { startedAt } = handler.statistics;
  expect(startedAt).toBeGreaterThanOrEqual(now);
  await new Promise((resolve) => setTimeout(resolve, 2));
  endpoint.submissions[0]?.complete('completed', 512);
  expect(handler.statistics.startedAt).toBe(startedAt);
  pump.stop({ reason: 'interrupted' });
  drain(endpoint);
  await ended;
});

it('continues with the transfers that there is memory for, without a callback', () => {
  const endpoint = new ScriptedEndpoint();
  endpoint.room = 2;
  const pump = new Pump(receive(), { depth: 4 });
  void pump.run(endpoint);
  endpoint.submissions[0]?.complete('completed', 512);
  expect([pump.inFlight, pump.isDraining]).toEqual([2, false]);
});

it('continues when its observer has room again', () => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const { submit } = handler;
  handler.submit = (queue, now) => (queue.canObserve(512) ? submit(queue, now) : 'throttled');
  let resume = (): void => {};
  let room = 0;
  const hasRoom = (_length: number, whenRoom: () => void): boolean => {
    resume = whenRoom;
    room -= 1;
    return room >= 0;
  };
  const pump = new Pump(handler, { depth: 2 }, { hasRoom });
  void pump.run(endpoint);
  expect(pump.inFlight).toBe(0);
  room = 9;
  resume();
  expect(pump.inFlight).toBe(2);
});
