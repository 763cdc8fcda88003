import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../process/schema.js';
import { Folder } from '../../../support/folder.js';
import { usbxfer } from '../../../support/run-command.js';

const folder = new Folder();
let runs = 0;

interface Line {
  readonly type: string;
  readonly seconds: number;
  readonly time?: string;
  readonly offset?: number;
  readonly length?: number;
  readonly short?: boolean;
  readonly status?: string;
  readonly cause?: string;
  readonly end_reason?: string;
}

interface Pause {
  readonly seconds: number;
}

/** Reads into a file, and returns the lines of the index after checking them against the schema. */
async function index(...args: string[]) {
  runs += 1;
  const [data, file] = ['data.bin', 'index.jsonl'].map((name) =>
    join(folder.path, `${runs}-${name}`),
  );
  const options = ['-q', '-o', data ?? '', '--index', file ?? ''];
  const { code } = await usbxfer(['read', '-d', '1234:5678', ...options, ...args]);
  const text = readFileSync(file ?? '', 'utf8');
  const lines: Line[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(violations('index')).filter((found) => found !== undefined)).toEqual([]);
  const transfers = lines.filter(({ type }) => type === 'transfer');
  return { code, file: file ?? '', lines, transfers, data: readFileSync(data ?? '') };
}

describe('read --index', () => {
  it('has the place of each piece of the output', async () => {
    const { code, lines, transfers, data } = await index(
      ...['--bytes', '300000', '--transfer-size', '64KiB', '--skip', '100000'],
    );
    expect(code).toBe(0);
    expect([lines[0]?.type, lines.at(-1)?.type]).toEqual(['start', 'end']);
    expect(lines.at(-1)).toMatchObject({ offset: 300_000, end_reason: 'limit' });
    let end = 0;
    let before = 0;
    for (const { offset, length = 0, seconds } of transfers) {
      expect(offset).toBe(end);
      expect(seconds).toBeGreaterThanOrEqual(before);
      end += length;
      before = seconds;
    }
    expect(end).toBe(data.length);
  });

  it('tells which transfers were short: they end the messages of the device', async () => {
    const { transfers, file } = await index(
      ...['--count', '20', '--scenario', 'message=700'],
      ...['--transfer-size', '512'],
    );
    expect(transfers.slice(0, 4).map(({ length, short }) => [length, short])).toEqual([
      [512, false],
      [188, true],
      [512, false],
      [188, true],
    ]);
    const { code, stdout } = await usbxfer(['index', file, '--json']);
    const summary = JSON.parse(stdout);
    expect([code, violations('index-summary')(summary)]).toEqual([0, undefined]);
    expect(summary.message_sizes).toEqual({ count: 10, min: 700, p50: 700, p99: 700, max: 700 });
    expect(summary).toMatchObject({ complete: true, bytes: 7000, transfers_with_data: 20 });
  });

  it('counts the bytes that remain of each packet', async () => {
    const { transfers, data } = await index(
      ...['--bytes', '10000', '--scenario', 'packet-header=2', '--strip-packet', '2'],
    );
    const lengths = transfers.reduce((sum, { length = 0 }) => sum + length, 0);
    expect([lengths, data.length]).toEqual([10_000, 10_000]);
  });

  it('has failures, and the gaps after them', async () => {
    const { code, lines, file } = await index(
      ...['--bytes', '2MiB', '--keep-going', '--scenario', 'stall@1MiB'],
    );
    expect(code).toBe(6);
    const gap = lines.findIndex(({ type }) => type === 'gap');
    expect(lines[gap]).toMatchObject({ offset: 1024 * 1024, cause: 'stall' });
    expect(lines.slice(0, gap).some(({ status }) => status === 'stall')).toBe(true);
    const { stdout } = await usbxfer(['index', file]);
    expect(stdout).toMatch(/^gaps +at byte 1048576, after \d+\.\d{6} s: stall$/m);
    expect(stdout).toMatch(/^bytes +2097152 \(2\.00 MiB\)$/m);
    expect(stdout).toMatch(/^transfers +\d+ with data, .*\d+ stall/m);
  });

  it('has both clocks, read at the same moment', async () => {
    const { lines } = await index('--bytes', '8MiB', '--scenario', 'rate=20M');
    const [start, end] = [lines[0], lines.at(-1)];
    const wall = (Date.parse(end?.time ?? '') - Date.parse(start?.time ?? '')) / 1000;
    const monotonic = (end?.seconds ?? 0) - (start?.seconds ?? 0);
    expect(Math.abs(wall - monotonic)).toBeLessThan(0.02);
  });
});

const START = {
  ...{ schema: 'usbxfer.index/1', type: 'start', seconds: 0, endpoint: '0x82' },
  time: '2026-11-30T00:00:00.000000Z',
};

/** Sums up an index with these lines. */
async function sumUp(lines: readonly (object | string)[], ...args: string[]) {
  runs += 1;
  const file = join(folder.path, `${runs}-made.jsonl`);
  const text = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`));
  writeFileSync(file, text.join(''));
  return usbxfer(['index', file, ...args]);
}

const transfer = (seconds: number, offset: number, length: number, short = false) => ({
  ...{ type: 'transfer', seconds, offset, length, short, status: 'completed' },
});

describe('usbxfer index', () => {
  it('finds the longest pauses and the drift of the clocks', async () => {
    const lines = [
      ...[START, transfer(1, 0, 10), transfer(1.5, 10, 10, true), transfer(100, 20, 10)],
      ...[transfer(103, 30, 5, true), { type: 'later', seconds: 1 }],
      {
        type: 'end',
        seconds: 1000,
        time: '2026-11-30T00:16:40.010000Z',
        offset: 35,
        end_reason: 'idle',
      },
    ];
    const { code, stdout } = await sumUp(lines, '--json');
    const summary = JSON.parse(stdout);
    expect([code, violations('index-summary')(summary)]).toEqual([0, undefined]);
    expect(summary.longest_pauses).toEqual([
      { seconds: 98.5, end_seconds: 100, offset: 20 },
      { seconds: 3, end_seconds: 103, offset: 30 },
      { seconds: 0.5, end_seconds: 1.5, offset: 10 },
    ]);
    expect(summary.message_sizes).toMatchObject({ count: 2, min: 15, max: 20 });
    expect(summary.clock_drift_ppm).toBeCloseTo(10, 6);
    expect(summary.seconds).toBe(102);
    const { stdout: text } = await sumUp(lines);
    expect(text).toMatch(
      /^clock +the time of day ran 10\.00 ppm faster than the monotonic clock$/m,
    );
    expect(text).toMatch(/^pauses +98\.500000 s before byte 20, up to 100\.000000 s$/m);
  });

  it('keeps the runs of an appended index apart', async () => {
    const next = { ...START, time: '2026-11-30T01:00:00.000000Z' };
    const last = { type: 'end', seconds: 100, time: '2026-11-30T01:01:40.000000Z' };
    const runs = [
      ...[START, transfer(50, 0, 10), transfer(60, 10, 10)],
      ...[next, transfer(90, 0, 10), transfer(95, 10, 5, true), last],
    ];
    const { code, stdout } = await sumUp(runs, '--json');
    const { longest_pauses, ...summary } = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(summary).toMatchObject({
      ...{ start_time: '2026-11-30T00:00:00.000Z', bytes: 35, seconds: 15, clock_drift_ppm: 0 },
      message_sizes: { count: 1, max: 15 },
    });
    expect(longest_pauses.map(({ seconds }: Pause) => seconds)).toEqual([10, 5]);
  });

  it('sums up what a killed run has left', async () => {
    const { code, stdout } = await sumUp([START, transfer(1, 0, 10), '{"type":"transf']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/the index has no end/)]);
  });

  it('counts a limited number of statuses', async () => {
    const lines = Array.from({ length: 200 }, (_, i) => ({
      ...transfer(1, i, 1),
      status: `s${i}`,
    }));
    const { code, stdout } = await sumUp([START, ...lines], '--json');
    const { transfers_with_data, transfer_statuses } = JSON.parse(stdout);
    expect([code, transfers_with_data]).toEqual([0, 200]);
    expect(Object.keys(transfer_statuses).length).toBeLessThan(100);
  });

  it.each([
    ['no file', undefined, /cannot read .*: no such file/],
    ['an empty file', [], /it has no line; usbxfer read --index FILE writes an index/],
    ['a file that ends within its first line', ['{"schema":"usb'], /it has no line/],
    ['no index', ['hello\n'], /line 1 is not an index/],
    ['an index without a start', [{ schema: START.schema }], /line 1 is not an index/],
    ['another format', [{ schema: 'usbxfer.stats/2' }], /line 1 is not an index/],
    [
      'a wrong field',
      [START, { ...transfer(1, 0, 1), offset: '0' }],
      /line 2 is not a line of an index/,
    ],
    ['a time that is none', [{ ...START, time: 'noon' }], /line 1 is not an index/],
    ['a negative length', [START, transfer(1, 0, -1)], /line 2 is not a line of an index/],
    ['a long line', [START, 'x'.repeat(600_000)], /a line has more than 65536 bytes/],
  ])('refuses %s', async (_, lines, message) => {
    const { code, stderr } =
      lines === undefined ? await usbxfer(['index', '/nowhere']) : await sumUp(lines);
    expect([code, stderr]).toEqual([7, expect.stringMatching(message)]);
  });
});
