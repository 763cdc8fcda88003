import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayBackend } from '../../../../src/backends/replay/backend.js';
import { readRecording } from '../../../../src/backends/replay/recording.js';
import type { ObservedCompletion } from '../../../../src/engine/queue/observer.js';
import { type CaptureResult, capture } from '../../../../src/engine/session/capture.js';
import type { RecoveryOptions } from '../../../../src/engine/session/recovery.js';
import { send } from '../../../../src/engine/session/send.js';
import { locateIn, locateOut } from '../../../../src/usb/locate.js';
import {
  captureOf,
  controlRequest,
  descriptorRequests,
  type Recorded,
  readerOf,
} from '../../../support/capture.js';
import { MemorySink } from '../../engine/support/memory-sink.js';
import { MemorySource } from '../../engine/support/memory-source.js';
import { ManualClock } from '../simulation/bus/manual-clock.js';
import { DEVICE, received, replay } from './replay.js';

interface Read extends CaptureResult {
  readonly text: string;
  /** The completions with data, or that failed. */
  readonly transfers: string[];
}

/** Reads the IN endpoint until something ends it. */
async function read(
  backend: ReplayBackend,
  recovery: RecoveryOptions = {},
  transferSize = 4096,
): Promise<Read> {
  const [device = DEVICE] = await backend.list();
  const sink = new MemorySink();
  const transfers: string[] = [];
  const onComplete = ({ status, actualLength }: ObservedCompletion) => {
    if (status !== 'cancelled' || actualLength > 0) {
      transfers.push(`${status} ${actualLength}`);
    }
  };
  const result = await capture({
    ...{ backend, device, sink, recovery, location: locateIn(device, {}) },
    receive: { depth: 2, transferSize },
    observer: { onComplete },
    signal: new AbortController().signal,
  });
  return { ...result, text: sink.contents.toString('latin1'), transfers };
}

const failure = (status: Recorded['status'], data = ''): Recorded => ({
  endpoint: 0x81,
  data: Buffer.from(data),
  ...(status && { status }),
});

describe('a recorded IN endpoint', () => {
  it('sends the recorded transfers as messages, and ends the stream after them', async () => {
    const { text, transfers, end } = await read(await replay(received('one', '', 'three')));
    expect(text).toBe('onethree');
    expect(transfers).toEqual(['completed 3', 'completed 0', 'completed 5']);
    expect(end).toMatchObject({ reason: 'input-ended' });
  });

  it('ends a message of full packets with an empty packet, if it ended so in the recording', async () => {
    const data = Buffer.alloc(512);
    const recorded: Recorded[] = [
      { endpoint: 0x81, data, requested: 1024 },
      { endpoint: 0x81, data, requested: 512 },
      { endpoint: 0x81, data: Buffer.from('end') },
    ];
    const inFull = await read(await replay(recorded), {}, 512);
    expect(inFull.transfers).toEqual([
      'completed 512',
      'completed 0',
      'completed 512',
      'completed 3',
    ]);
    const larger = await read(await replay(recorded), {}, 1024);
    expect(larger.transfers).toEqual(['completed 512', 'completed 512', 'completed 3']);
  });

  it('has nothing more for a stream that starts after its end', async () => {
    const backend = await replay(received('data'));
    await read(backend);
    expect(await read(backend)).toMatchObject({ text: '', end: { reason: 'input-ended' } });
  });

  it('sends one stream if only the data counts', async () => {
    const backend = await replay(received('one', '', 'three'), { mode: 'stream' });
    const { text, transfers, statistics } = await read(backend, {}, 512);
    expect(text).toBe('onethree');
    expect(transfers).toEqual(['cancelled 8']); // one transfer waits for more at the end
    expect(statistics.bytesReceived).toBe(8);
  });

  it('gives back the data of any capture, whatever the sizes of transfers', async () => {
    const transfer = fc.record({
      data: fc.uint8Array({ maxLength: 3000 }),
      status: fc.constantFrom('completed' as const, 'cancelled' as const, 'timed-out' as const),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(transfer, { maxLength: 10 }),
        fc.constantFrom('messages' as const, 'stream' as const),
        fc.integer({ min: 1, max: 5 }),
        async (transfers, mode, packets) => {
          const recorded = transfers.map((one) => ({ endpoint: 0x81, ...one }));
          const { text, end } = await read(await replay(recorded, { mode }), {}, 512 * packets);
          const data = Buffer.concat(transfers.map((one) => one.data));
          expect(Buffer.from(text, 'latin1').equals(data)).toBe(true);
          expect(end.reason).toBe('input-ended');
        },
      ),
    );
  });

  it.each([
    ['stall' as const, 'stall'],
    ['error' as const, 'error'],
    ['overflow' as const, 'overflow'],
  ])('fails where the recording has a failure: %s', async (status, reason) => {
    const recorded = [...received('before'), failure(status), ...received('after')];
    const once = await read(await replay(recorded));
    expect(once).toMatchObject({ text: 'before', end: { reason, offset: 6 } });
    const all = await read(await replay(recorded), { keepGoing: 1 });
    expect(all).toMatchObject({ text: 'beforeafter', end: { reason: 'input-ended' } });
    expect(all.statistics.gaps).toMatchObject([{ offset: 6, cause: reason }]);
  });

  it('makes one failure of those that follow each other without data', async () => {
    const failures = Array.from({ length: 16 }, () => failure('stall'));
    const recorded = [failure('stall', 'part'), ...failures, ...received('after')];
    const { text, statistics } = await read(await replay(recorded), { keepGoing: 1 });
    expect(text).toBe('partafter');
    expect(statistics.gaps).toMatchObject([{ offset: 4, cause: 'stall' }]);
  });

  it('has a gap where data is not in the capture', async () => {
    const cut: Recorded = { endpoint: 0x81, data: Buffer.from('cut'), length: 1000 };
    const { text, statistics } = await read(await replay([cut, ...received('whole')]), {
      keepGoing: 1,
    });
    expect(text).toBe('cutwhole');
    expect(statistics.gaps).toMatchObject([{ offset: 3, cause: 'error' }]);
  });

  it('unplugs the device where it was unplugged, and plugs it in again with its next address', async () => {
    const again = { ...DEVICE, address: 9 };
    const recorded = [
      ...received('first'),
      failure('error'),
      failure('no-device'),
      ...descriptorRequests(again),
      { endpoint: 0x81, device: 9, data: Buffer.from('second') },
    ];
    const once = await read(await replay(recorded));
    expect(once).toMatchObject({ text: 'first', end: { reason: 'device-lost' } });
    const backend = await replay(recorded);
    const { text, statistics, end } = await read(backend, { reconnect: 1000 });
    expect(text).toBe('firstsecond');
    expect(statistics.gaps).toMatchObject([{ offset: 5, cause: 'device-lost' }]);
    expect(end.reason).toBe('input-ended');
    expect(await backend.list()).toMatchObject([{ path: '1-2', address: 9 }]);
  });

  it('ends the stream as a failed input where the capture cannot be read', async () => {
    const bytes = captureOf([...descriptorRequests(DEVICE), ...received('data', 'lost')]);
    const recording = await readRecording(readerOf(bytes));
    const damaged = captureOf([...descriptorRequests(DEVICE), ...received('data')]);
    const readAt = readerOf(Buffer.concat([damaged, Buffer.of(6, 0, 0, 0)]));
    const { text, end } = await read(new ReplayBackend({ ...recording, readAt }));
    expect(text).toBe('data');
    expect(end).toMatchObject({ reason: 'input-failed', cause: { name: 'CaptureError' } });
  });

  it('sends at the recorded pace, or faster', async () => {
    const clock = new ManualClock();
    const recorded = [
      { endpoint: 0x81, data: Buffer.from('a'), at: 1000 },
      { endpoint: 0x81, data: Buffer.from('b'), at: 1600 },
    ];
    const backend = await replay(recorded, { clock, speed: 2 });
    const [info = DEVICE] = await backend.list();
    const device = await backend.open(info);
    const endpoint = (await device.claim(0, 0)).endpoint(0x81);
    const ends: number[] = [];
    for (let i = 0; i < 2; i++) {
      endpoint.createTransfer(() => ends.push(clock.now())).submit(Buffer.alloc(512), 512);
    }
    const start = clock.now();
    while (ends.length < 2 && clock.now() < start + 5000) {
      clock.pass(1);
    }
    const [first = 0, second = 0] = ends;
    expect(second - first).toBe(300);
  });
});

describe('recorded control requests', () => {
  const MEMORY = [0xc0, 2, 1, 7] as const;
  const setup = { requestType: 0xc0, request: 2, value: 1, index: 7 };

  async function open(...recorded: Recorded[]) {
    const backend = await replay(recorded);
    const [info = DEVICE] = await backend.list();
    const device = await backend.open(info);
    return async (request = setup, length = 8, timeout = 20) => {
      const data = Buffer.alloc(length);
      const moved = await device.control(request, data, timeout);
      return data.toString('latin1', 0, moved);
    };
  }

  it('get the answers in their order, then the last one again', async () => {
    const ask = await open(
      controlRequest(MEMORY, Buffer.from('one')),
      controlRequest([0xc0, 2, 1, 8], Buffer.from('other')),
      controlRequest(MEMORY, Buffer.from('two')),
    );
    expect(await ask()).toBe('one');
    expect(await ask()).toBe('two');
    expect(await ask()).toBe('two');
    expect(await ask({ ...setup, index: 8 })).toBe('other');
  });

  it('get as much of an answer as they ask for', async () => {
    const ask = await open(controlRequest(MEMORY, Buffer.from('a longer answer')));
    expect(await ask(setup, 8)).toBe('a longer');
  });

  it('are rejected, or not answered, as in the recording, and rejected if they are not in it', async () => {
    const ask = await open(
      controlRequest(MEMORY, Buffer.alloc(0), 'stall'),
      controlRequest([0xc0, 3, 1, 7], Buffer.alloc(0), 'cancelled'),
    );
    await expect(ask()).rejects.toMatchObject({ code: 'stall' });
    await expect(ask({ ...setup, request: 3 })).rejects.toMatchObject({ code: 'timed-out' });
    await expect(ask({ ...setup, request: 4 })).rejects.toMatchObject({ code: 'stall' });
  });

  it('to the device take data', async () => {
    const ask = await open(controlRequest([0x40, 2, 1, 7], Buffer.from('data')));
    expect(await ask({ ...setup, requestType: 0x40 }, 4)).toHaveLength(4);
  });

  it('remember the place of many requests', async () => {
    const all = Array.from({ length: 40 }, (_, index) => index);
    const ask = await open(
      ...[...all, ...all].map((value, i) =>
        controlRequest([0xc0, 9, value, 0], Buffer.from(`${i < 40 ? 'first' : 'second'} ${value}`)),
      ),
    );
    const request = (value: number) => ask({ requestType: 0xc0, request: 9, value, index: 0 }, 99);
    for (const value of all) {
      expect(await request(value)).toBe(`first ${value}`);
    }
    for (const value of all) {
      expect(await request(value)).toBe(`second ${value}`);
    }
  });

  it('do not make the file be read again once their last answer is known, or if they are not in it', async () => {
    const bytes = captureOf([
      ...descriptorRequests(DEVICE),
      ...Array.from({ length: 40 }, (_, value) =>
        controlRequest([0xc0, 9, value, 0], Buffer.from(`answer ${value}`)),
      ),
      ...Array.from({ length: 3000 }, () => ({ endpoint: 0x81 })),
    ]);
    const readAt = readerOf(bytes);
    let read = 0;
    const backend = new ReplayBackend(
      await readRecording((into, position) => {
        const length = readAt(into, position);
        read += length;
        return length;
      }),
    );
    const [info = DEVICE] = await backend.list();
    const device = await backend.open(info);
    const ask = (request: number, value: number) =>
      device.control({ requestType: 0xc0, request, value, index: 0 }, Buffer.alloc(8), 1000);
    const askAll = async () => {
      for (let value = 0; value < 40; value++) {
        expect(await ask(9, value)).toBe(8);
      }
    };
    await askAll();
    read = 0;
    await askAll();
    await askAll();
    expect(read).toBeLessThan(bytes.length); // the answers alone, of a file that is larger than a window
    read = 0;
    for (let value = 0; value < 100; value++) {
      await expect(ask(10, value)).rejects.toMatchObject({ code: 'stall' });
    }
    expect(read).toBe(0);
  });

  it('for descriptors and strings are answered', async () => {
    const ask = await open();
    const get = (value: number) => ask({ requestType: 0x80, request: 6, value, index: 0 }, 255);
    expect(await get(0x0100)).toHaveLength(18);
    expect(Buffer.from(await get(0x0302), 'latin1').toString('utf16le', 2)).toBe('thing');
  });
});

describe('a recorded OUT endpoint', () => {
  const sent: Recorded[] = [
    { endpoint: 0x02, data: Buffer.from('hello ') },
    { endpoint: 0x02, data: Buffer.from('world') },
  ];

  async function write(text: string, check: boolean) {
    const mismatches: object[] = [];
    const backend = await replay(sent, check ? { onMismatch: (one) => mismatches.push(one) } : {});
    const [device = DEVICE] = await backend.list();
    const { end, statistics } = await send({
      ...{ backend, device, location: locateOut(device, {}) },
      ...{ source: new MemorySource(Buffer.from(text)), signal: new AbortController().signal },
      send: { depth: 2, transferSize: 512 },
    });
    return { end, statistics, mismatches };
  }

  it('accepts any data', async () => {
    const { end, statistics } = await write('something else', false);
    expect(end.reason).toBe('input-ended');
    expect(statistics.bytesAccepted).toBe(14);
  });

  it.each([
    ['hello world', undefined],
    ['hello', undefined],
    ['hello World', { endpoint: 2, offset: 6, sent: 0x57, recorded: 0x77 }],
    ['hello world!', { endpoint: 2, offset: 11, sent: 0x21, recorded: undefined }],
  ])('compares %j with the recording', async (text, mismatch) => {
    const { end, mismatches } = await write(text, true);
    expect(mismatches).toEqual(mismatch === undefined ? [] : [mismatch]);
    expect(end.reason).toBe(mismatch === undefined ? 'input-ended' : 'error');
  });
});
