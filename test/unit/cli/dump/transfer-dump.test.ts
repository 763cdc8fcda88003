import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { ScreenLimit } from '../../../../src/cli/dump/screen-limit.js';
import { TransferDump } from '../../../../src/cli/dump/transfer-dump.js';
import { PacketHeaders } from '../../../../src/engine/receive/packet-headers.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';
import { MemorySink } from '../../engine/support/memory-sink.js';
import { MemorySource } from '../../engine/support/memory-source.js';

/** A dump into memory, and a device whose transfers complete one millisecond after the other. */
class Fixture {
  readonly sink = new MemorySink();
  readonly dump: TransferDump;
  packetSize = 8;
  #now = 1000;
  #sequence = 0;

  constructor(options: ConstructorParameters<typeof TransferDump>[1] = {}) {
    this.dump = new TransferDump(this.sink, options);
    this.dump.onSubmit({ ...this.#submission(0x82, 0), buffer: Buffer.alloc(0) });
  }

  #submission(endpoint: number, requested: number) {
    const { packetSize } = this;
    return { endpoint, sequence: this.#sequence, requested, packetSize, submittedAt: this.#now };
  }

  complete(data: string | number, status: TransferStatus = 'completed', endpoint = 0x82): this {
    const buffer = typeof data === 'string' ? Buffer.from(data) : Buffer.alloc(data, 'x');
    this.#now += 1;
    this.#sequence += 1;
    this.dump.onComplete({
      ...this.#submission(endpoint, buffer.length),
      ...{ buffer, status, actualLength: buffer.length, completedAt: this.#now },
    });
    return this;
  }

  /** Writes data as the engine does, and returns the result. */
  write(bytes: number): Promise<unknown> {
    return new Promise((resolve) => {
      this.dump.write([Buffer.alloc(bytes)], (error, written) => resolve(error ?? written));
    });
  }

  /** The headings so far, without the times. */
  async headings(): Promise<string[]> {
    await turn();
    await turn();
    const lines = this.sink.contents.toString().split('\n').slice(0, -1);
    return lines
      .filter((line) => /^[<>.]/.test(line))
      .map((line) => line.replace(/[\d.]+ s {2}/, ''));
  }
}

describe('a transfer', () => {
  it('is a block of text with direction, time, endpoint, length and status', async () => {
    const { sink, dump } = new Fixture().complete('*IDN?\n', 'completed', 0x01).complete('x');
    await dump.close();
    expect(sink.contents.toString()).toBe(
      '> 0.001000 s  0x01  6 bytes  completed\n' +
        '00000000  2a 49 44 4e 3f 0a                                 |*IDN?.|\n' +
        '< 0.002000 s  0x82  1 byte  completed\n' +
        '00000000  78                                                |x|\n',
    );
    expect(sink.closed).toBe(true);
  });

  it('is shown if it is empty or failed, but not if it was cancelled without data', async () => {
    const fixture = new Fixture()
      .complete('')
      .complete('', 'cancelled')
      .complete('ab', 'cancelled')
      .complete('', 'timed-out')
      .complete('a', 'timed-out')
      .complete('', 'error');
    expect(await fixture.headings()).toEqual([
      '< 0x82  0 bytes  completed',
      '< 0x82  2 bytes  cancelled',
      '< 0x82  1 byte  timed-out',
      '< 0x82  0 bytes  error',
    ]);
  });

  it('that repeats a failure without data is not shown', async () => {
    const fixture = new Fixture();
    for (let i = 0; i < 4; i += 1) {
      fixture.complete('', 'stall').complete('', 'stall', 0x02);
    }
    fixture.complete('', 'no-device').complete('a').complete('', 'stall');
    expect(await fixture.headings()).toEqual([
      '< 0x82  0 bytes  stall',
      '> 0x02  0 bytes  stall',
      '< 0x82  0 bytes  no-device',
      '< 0x82  1 byte  completed',
      '< 0x82  0 bytes  stall',
    ]);
  });

  it('is shown in full if any of its bytes is written', async () => {
    const fixture = new Fixture({ skip: 5, bytes: 4 });
    fixture.complete('').complete('aaa').complete('b', 'completed', 0x02).complete('bb');
    expect(await fixture.headings()).toEqual(['> 0x02  1 byte  completed']);
    fixture.complete('').complete('ccc').complete('ddd').complete('eee').complete('');
    expect((await fixture.headings()).slice(1)).toEqual([
      '< 0x82  0 bytes  completed',
      '< 0x82  3 bytes  completed',
      '< 0x82  3 bytes  completed',
    ]);
  });
});

describe('packet headers', () => {
  const headers = new PacketHeaders(2);

  it('are not shown, and do not count towards the limits', async () => {
    const fixture = new Fixture({ headers, skip: 3, bytes: 8 });
    fixture.complete('HHabc').complete('HHdefghiHHj').complete('HHk').complete('HHlm');
    expect(await fixture.headings()).toEqual([
      '< 0x82  7 bytes  completed',
      '< 0x82  1 byte  completed',
    ]);
    expect(fixture.sink.contents.toString()).toContain('64 65 66 67 68 69 6a  ');
  });

  it('are found in packets of the size that the endpoint has now', async () => {
    const fixture = new Fixture({ headers }).complete('HHabcdefHHghi');
    fixture.packetSize = 16; // the device was connected again, at another speed
    fixture.complete('HHabcdefHHghi');
    expect(await fixture.headings()).toEqual([
      '< 0x82  9 bytes  completed',
      '< 0x82  11 bytes  completed',
    ]);
  });

  it('alone are not shown, but a failure and an empty packet are; what is sent has none', async () => {
    const fixture = new Fixture({ headers });
    fixture.complete('HH').complete('H').complete('').complete('HH', 'stall');
    fixture.complete('HH', 'completed', 0x02);
    expect(await fixture.headings()).toEqual([
      '< 0x82  0 bytes  completed',
      '< 0x82  0 bytes  stall',
      '> 0x02  2 bytes  completed',
    ]);
  });
});

describe('a write of data', () => {
  it('ends when the text before it is written', async () => {
    const fixture = new Fixture().complete('abc');
    fixture.sink.held = true;
    let written: unknown;
    const done = fixture.write(3).then((bytes) => {
      written = bytes;
    });
    await turn();
    await turn();
    expect(written).toBeUndefined();
    fixture.sink.held = false;
    fixture.sink.release();
    await done;
    expect(written).toBe(3);
    expect(fixture.sink.contents.toString()).toContain('|abc|');
  });

  it('ends at once without text', async () => {
    expect(await new Fixture({ skip: 10 }).complete('abc').write(3)).toBe(3);
  });

  it('fails if the text before it was lost, and nothing is kept after that', async () => {
    const fixture = new Fixture().complete('abc');
    fixture.sink.capacity = 20;
    expect(await fixture.write(3)).toBeInstanceOf(Error);
    const { length } = fixture.sink.contents;
    fixture.complete('more');
    expect(await fixture.write(4)).toBeInstanceOf(Error);
    await fixture.dump.close(); // the engine knows
    expect([fixture.sink.contents.length, fixture.sink.closed]).toEqual([length, true]);
  });
});

it('a failure that no write of data has reported is one of the close', async () => {
  const { sink, dump } = new Fixture().complete('abc', 'completed', 0x02);
  sink.capacity = 20;
  await expect(dump.close()).rejects.toThrow();
  const closed = new Fixture().complete('abc', 'completed', 0x02);
  closed.sink.capacity = 20;
  closed.sink.failure = Object.assign(new Error('closed'), { code: 'EPIPE' });
  await closed.dump.close();
});

it('a source is not read while much text waits', async () => {
  const fixture = new Fixture();
  const source = fixture.dump.throttle(new MemorySource(Buffer.from('ab')));
  const read = () =>
    new Promise((resolve) => source.read(Buffer.alloc(1), 0, 1, (_, bytes) => resolve(bytes)));
  expect(await read()).toBe(1);
  fixture.sink.held = true;
  fixture.complete(300_000, 'completed', 0x02);
  let bytes: unknown;
  const second = read().then((count) => {
    bytes = count;
  });
  await turn();
  await turn();
  expect(bytes).toBeUndefined();
  fixture.sink.held = false;
  fixture.sink.release();
  await second;
  expect(bytes).toBe(1);
});

describe('on a terminal', () => {
  const onTerminal = (rows: number) => new Fixture({ screen: new ScreenLimit(() => rows) });

  it('transfers that do not fit the screen are counted, and named when it is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const fixture = onTerminal(7); // 6 lines
      fixture.complete('a').complete('b').complete('c').complete('d').complete('');
      expect(await fixture.headings()).toHaveLength(3);
      vi.advanceTimersByTime(1000);
      expect((await fixture.headings()).slice(3)).toEqual([
        '... 2 transfers with 1 byte not shown',
      ]);
      fixture.complete('e');
      expect((await fixture.headings()).slice(4)).toEqual(['< 0x82  1 byte  completed']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('a large transfer is cut to what fits', async () => {
    const fixture = onTerminal(7).complete(1000);
    await fixture.dump.close();
    const lines = fixture.sink.contents.toString().split('\n').slice(0, -1);
    expect(lines).toHaveLength(6);
    expect(lines.at(-2)).toMatch(/^00000030 /);
    expect(lines.at(-1)).toBe('... 936 more bytes');
  });

  it('what was not shown is named at the end', async () => {
    const fixture = onTerminal(2).complete('a').complete('b').complete('');
    await fixture.dump.close();
    expect(await fixture.headings()).toEqual(['... 3 transfers with 2 bytes not shown']);
  });
});
