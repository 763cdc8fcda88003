import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { type CaptureRequest, capture } from '../../../../src/engine/session/capture.js';
import type { RecoveryOptions } from '../../../../src/engine/session/recovery.js';
import type { Backend, ClaimOptions, Device, Interface } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import { locateIn } from '../../../../src/usb/locate.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';
import { deviceWith, setting } from '../../../support/device-info.js';
import { MemorySink } from '../support/memory-sink.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

type Step = 'open' | 'claim' | 'before' | 'after' | 'release' | 'close' | 'sink closed';

/** The control requests before and after. */
const [BEFORE, AFTER] = [0, 1].map((request) => [
  { request: { requestType: 0x40, request, value: 0, index: 0 }, data: Buffer.alloc(0) },
]);
const MESSAGES = { before: BEFORE, after: AFTER };

/** A bus on which each step can fail, and which records the steps. */
function fixture(
  failures: Partial<Record<Step, UsbError>> = {},
  options: Partial<CaptureRequest> = {},
) {
  const done: Step[] = [];
  const claims: (ClaimOptions | undefined)[] = [];
  const endpoint = new ScriptedEndpoint();
  const sink = new MemorySink();
  const connected = { value: true };
  const inFlight: number[] = [];
  const step = async (name: Step): Promise<void> => {
    done.push(name);
    if (failures[name] !== undefined) {
      throw failures[name];
    }
  };
  const close = sink.close.bind(sink);
  sink.close = async () => {
    await step('sink closed');
    await close();
  };
  const info = deviceWith(setting(0, 0, 0x82));
  const claimed: Interface = { endpoint: () => endpoint, release: () => step('release') };
  const device: Device = {
    info,
    claim: async (_interfaceNumber, _alternateSetting, how) => {
      claims.push(how);
      await step('claim');
      return claimed;
    },
    control: async ({ request }) => {
      // The transfers must be submitted by now.
      inFlight.push(endpoint.submissions.length);
      await step(request === 0 ? 'before' : 'after');
      return 0;
    },
    reset: async () => {},
    selectConfiguration: async () => {},
    loss: async () => (connected.value ? undefined : 'disconnected'),
    close: () => step('close'),
  };
  const backend: Backend = {
    name: 'scripted',
    list: async () => [info],
    inspect: async () => ({ accessible: true, node: undefined, interfaces: [] }),
    descriptors: async () => ({ descriptors: new Uint8Array(), bos: undefined }),
    open: async () => {
      await step('open');
      return device;
    },
    transferMemory: async () => undefined,
  };
  const controller = new AbortController();
  const run = () =>
    capture({
      backend,
      device: info,
      location: locateIn(info, {}),
      sink,
      receive: { depth: 2, transferSize: 512 },
      signal: controller.signal,
      ...options,
    });
  /** Ends the capture once transfers are in flight. */
  const endWith = async (status: TransferStatus): Promise<void> => {
    while (endpoint.submissions.length === 0) {
      await new Promise(setImmediate);
    }
    for (const submission of [...endpoint.submissions]) {
      submission.complete(status, 0);
    }
  };
  return { run, done, claims, inFlight, endpoint, sink, connected, controller, endWith };
}

function bug(): never {
  throw new Error('bug');
}

const failed = new UsbError('io', 'failed');

// Some of these tests wait until a device that may be lost is looked at again.
describe('capture', { concurrent: true }, () => {
  it('closes the output, the interface and the device, in that order', async () => {
    const { run, endWith, done } = fixture();
    const result = run();
    await endWith('stall');
    expect((await result).end).toMatchObject({ reason: 'stall', offset: 0 });
    expect(done).toEqual(['open', 'claim', 'sink closed', 'release', 'close']);
  });

  it.each([
    ['open', ['open', 'sink closed']],
    ['claim', ['open', 'claim', 'close', 'sink closed']],
  ] as const)('undoes the previous steps when it cannot %s', async (name, steps) => {
    const { run, done } = fixture({ [name]: failed });
    await expect(run()).rejects.toBe(failed);
    expect(done).toEqual(steps);
  });

  it('sends control requests after the transfers are submitted, and after they are drained', async () => {
    const { run, endWith, done, inFlight } = fixture({}, MESSAGES);
    const result = run();
    await endWith('stall');
    await result;
    const steps = ['open', 'claim', 'before', 'after', 'sink closed', 'release', 'close'];
    expect(done).toEqual(steps);
    expect(inFlight).toEqual([2, 0]);
  });

  it.each([
    'before',
    'after',
  ] as const)('reports that the request %s the stream failed', async (name) => {
    const refused = new UsbError('stall', 'refused');
    const { run, endpoint, done } = fixture({ [name]: refused }, MESSAGES);
    const result = run();
    while (!done.includes('before')) {
      await new Promise(setImmediate);
    }
    for (const submission of [...endpoint.submissions]) {
      submission.complete(name === 'before' ? 'cancelled' : 'stall', 0);
    }
    const reason = name === 'before' ? 'request-failed' : 'stall'; // the first failure
    expect((await result).end).toMatchObject({ reason });
    expect(done).toContain('after');
  });

  it('sends the requests before the stream once, however often it continues', async () => {
    const { run, done, endWith } = fixture({}, { ...MESSAGES, recovery: { keepGoing: 1 } });
    const ended = run();
    await endWith('stall');
    await endWith('stall');
    expect((await ended).end.reason).toBe('stall');
    expect(done.filter((step) => step === 'before')).toHaveLength(1);
  });

  it('sends no further request before the stream once it is stopped', async () => {
    const { run, endpoint, done, controller } = fixture(
      {},
      { before: [BEFORE, BEFORE].flatMap((messages) => messages ?? []), after: AFTER },
    );
    const result = run();
    while (!done.includes('before')) {
      await Promise.resolve();
    }
    controller.abort();
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
    expect((await result).end).toEqual({ reason: 'interrupted' });
    expect(done.filter((step) => step === 'before')).toHaveLength(1);
    expect(done).toContain('after');
  });

  it('sends no request to a lost device', async () => {
    const { run, endWith, done } = fixture({}, MESSAGES);
    const result = run();
    await endWith('no-device');
    expect((await result).end.reason).toBe('device-lost');
    expect(done).not.toContain('after');
  });

  it('ends when its signal is aborted', async () => {
    const { run, controller, endpoint } = fixture();
    const result = run();
    while (endpoint.submissions.length === 0) {
      await new Promise(setImmediate);
    }
    controller.abort();
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
    expect((await result).end).toEqual({ reason: 'interrupted' });
  });

  const unread = new Error('unreadable');

  it.each([
    ['the end', { reason: 'input-ended' }],
    [unread, { reason: 'input-failed', cause: unread }],
  ])('ends with its endpoint: %s', async (reason, end) => {
    const { run, endpoint } = fixture();
    const ended = new AbortController();
    const result = Object.assign(endpoint, { ended: ended.signal }) && run();
    await vi.waitUntil(() => endpoint.submissions.length > 0);
    ended.abort(reason);
    await vi.waitUntil(() => endpoint.cancellations.length > 0);
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
    expect((await result).end).toMatchObject(end);
    expect(getEventListeners(ended.signal, 'abort')).toHaveLength(0);
  });

  it('submits nothing to an endpoint that has ended', async () => {
    const { run, endpoint } = fixture();
    Object.assign(endpoint, { ended: AbortSignal.abort('the end') });
    expect((await run()).end).toEqual({ reason: 'input-ended' });
    expect(endpoint.requests).toEqual([]);
  });

  it('drains a run whose device is lost during the requests before it', async () => {
    const gone = new UsbError('no-device', 'gone');
    const { run, endpoint, connected } = fixture({ before: gone }, MESSAGES);
    connected.value = false;
    const result = run();
    await vi.waitUntil(() => endpoint.cancellations.length > 0);
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
    expect((await result).end.reason).toBe('device-lost');
  });

  it('ends after its duration', async () => {
    const { run, endpoint } = fixture({}, { duration: 5 });
    const result = run();
    while (endpoint.cancellations.length === 0) {
      await new Promise(setImmediate);
    }
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
    expect((await result).end).toEqual({ reason: 'duration' });
  });

  it('ends at once when its signal was aborted before the start', async () => {
    const { run, controller, endpoint, done } = fixture();
    controller.abort();
    expect((await run()).end).toEqual({ reason: 'interrupted' });
    expect(endpoint.requests).toEqual([]);
    expect(done.at(-1)).toBe('close');
  });

  it('distinguishes a disconnect from transfer errors', async () => {
    const gone = fixture();
    const unplugged = gone.run();
    await gone.endWith('error');
    gone.connected.value = false;
    expect((await unplugged).end.reason).toBe('device-lost');

    const alive = fixture();
    const result = alive.run();
    await alive.endWith('error');
    expect((await result).end.reason).toBe('error');
  });

  it.each<[TransferStatus, RecoveryOptions, number]>([
    ['stall', { keepGoing: 1 }, 1],
    ['error', { keepGoing: 1 }, 0],
    ['overflow', { keepGoing: 1 }, 0],
    ['stall', {}, 1],
    ['error', {}, 0],
  ])('clears a halt only after a stall, also at the end (%s, %o)', async (status, recovery, times) => {
    const { run, endpoint, endWith } = fixture({}, { recovery });
    const cleared = vi.spyOn(endpoint, 'clearHalt');
    const result = run();
    await endWith(status);
    if (recovery.keepGoing !== undefined) {
      await endWith('no-device');
    }
    await result;
    expect(cleared).toHaveBeenCalledTimes(times);
  });

  it.each([
    ['io', 'stall'],
    ['no-device', 'device-lost'],
  ] as const)('ends when the halt cannot be cleared: %s is reported as %s', async (code, reason) => {
    const { run, endpoint, endWith } = fixture({}, { recovery: { keepGoing: 1 } });
    const cause = new UsbError(code, 'not cleared');
    vi.spyOn(endpoint, 'clearHalt').mockRejectedValue(cause);
    const result = run();
    await endWith('stall');
    expect((await result).end).toMatchObject({ reason, cause });
  });

  it.each([
    true,
    undefined,
  ])('clears the halt before the first transfer if asked to: %s', async (clearHalt) => {
    const { run, controller, endpoint, done } = fixture({}, { claim: { clearHalt } });
    const steps: string[] = [];
    endpoint.clearHalt = async () => {
      steps.push(`${done.at(-1)}, ${endpoint.submissions.length} submitted`);
    };
    const result = run();
    while (endpoint.submissions.length === 0) {
      await new Promise(setImmediate);
    }
    controller.abort();
    for (const submission of [...endpoint.submissions]) {
      submission.complete('cancelled', 0);
    }
    await result;
    expect(steps).toEqual(clearHalt ? ['claim, 0 submitted'] : []);
  });

  it('undoes the previous steps when it cannot clear the halt', async () => {
    const { run, endpoint, done } = fixture({}, { claim: { clearHalt: true } });
    vi.spyOn(endpoint, 'clearHalt').mockRejectedValue(failed);
    await expect(run()).rejects.toBe(failed);
    expect(done).toEqual(['open', 'claim', 'release', 'close', 'sink closed']);
  });

  it('does not report a release that fails because the device is lost', async () => {
    const { run, endWith, done } = fixture({ release: new UsbError('no-device', 'gone') });
    const result = run();
    await endWith('no-device');
    expect((await result).end).toMatchObject({ reason: 'device-lost' });
    expect(done.at(-1)).toBe('close');
  });

  it.each([
    ['sink closed', { end: { reason: 'output-failed', cause: failed }, restoreError: undefined }],
    ['release', { end: { reason: 'interrupted' }, restoreError: failed }],
    ['close', { end: { reason: 'interrupted' }, restoreError: failed }],
  ] as const)('reports a failure of the step: %s', async (name, result) => {
    const { run, controller, done } = fixture({ [name]: failed });
    controller.abort();
    expect(await run()).toMatchObject(result);
    expect(done.at(-1)).toBe('close');
  });

  it('passes the claim options on', async () => {
    const { run, controller, claims } = fixture({}, { claim: { detachDriver: true } });
    controller.abort();
    await run();
    expect(claims).toEqual([{ detachDriver: true }]);
  });

  it('rejects invalid options without opening the device, and closes the sink', async () => {
    const { run, done } = fixture({}, { receive: { depth: 0, transferSize: 512 } });
    await expect(run()).rejects.toThrow(RangeError);
    expect(done).toEqual(['sink closed']);
  });

  it.each(['onStart', 'onGap'] as const)('restores everything when %s throws', async (callback) => {
    const { run, endWith, done } = fixture(
      {},
      callback === 'onStart' ? { onStart: bug } : { recovery: { keepGoing: 1, onGap: bug } },
    );
    const result = run();
    if (callback === 'onGap') {
      await endWith('error');
    }
    expect((await result).end).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
    expect(done.slice(-3)).toEqual(['sink closed', 'release', 'close']);
  });

  it('ends with output-failed when the sink cannot start', async () => {
    const { run, sink, endpoint } = fixture();
    sink.start = async () => {
      throw failed;
    };
    expect((await run()).end).toEqual({ reason: 'output-failed', cause: failed });
    expect(endpoint.requests).toEqual([]);
  });
});
