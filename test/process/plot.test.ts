import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ChartFile, ChartStream } from '../../src/cli/plot/chart-data.js';
import { Folder } from '../support/folder.js';
import { dataIn, fact } from '../support/plot.js';
import { BINARY, shell, start, usbxfer } from './usbxfer.js';

const folder = new Folder();

function path(name: string): string {
  return join(folder.path, name);
}

/** Plots a file to stdout, and returns its only run. */
async function plotOne(file: string): Promise<ChartFile> {
  const { code, stdout, stderr } = await usbxfer(['plot', file, '-o', '-']);
  expect([code, stderr]).toEqual([0, '']);
  const [only, ...others] = dataIn(stdout.toString()).files;
  if (only === undefined || others.length > 0) {
    throw new Error(`the page has ${others.length} runs too many`);
  }
  return only;
}

function countOf(stream: ChartStream | undefined, status: string): number {
  const { counts = [] } = stream?.statuses.find((one) => one.status === status) ?? {};
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Reads from a device that halts and disconnects; returns the files about it. */
async function captureWithGaps() {
  const [statsFile, summary, index] = ['s.jsonl', 's.json', 'i.jsonl'].map((name) =>
    path(name),
  ) as [string, string, string];
  const { code } = await usbxfer([
    ...['read', '1234:5678', '-q', '-o', path('data.bin'), '--bytes', '6MiB'],
    ...['--keep-going', '--reconnect', '--transfer-size', '64KiB'],
    ...['--scenario', 'rate=20M,stall@2MiB,unplug@4MiB=20ms'],
    ...['--interval', '20ms', '--stats', statsFile, `--json=${summary}`, '--index', index],
  ]);
  expect(code).toBe(6);
  return { statsFile, summary, index };
}

const capture = captureWithGaps();

describe('usbxfer plot', () => {
  it('draws a --stats file: rate, statuses, and each gap with its time', async () => {
    const { statsFile } = await capture;
    const run = await plotOne(statsFile);
    const [stream] = run.streams;
    expect(run).toMatchObject({ kind: 'stats', gapCount: 2, bench: null, tune: null });
    expect(stream?.direction).toBe('in');
    expect(stream?.seconds.length).toBeGreaterThan(5);
    expect(stream?.buffered.length).toBe(stream?.seconds.length);
    const last = JSON.parse(readFileSync(statsFile, 'utf8').trimEnd().split('\n').at(-1) ?? '');
    for (const [status, count] of Object.entries<number>(last.statuses)) {
      expect(countOf(stream, status.replace('_', '-'))).toBe(count);
    }
    expect(run.gaps.map(({ cause, offset }) => [cause, offset])).toEqual([
      ['stall', null],
      ['disconnection', null],
    ]);
    expect(fact(run, 'bytes')).toBe('6291456 (6.00 MiB)');
    expect(fact(run, 'ended')).toMatch(/^limit \(exit code 6\): the output has 2 gaps/);
  });

  it('finds the same gaps in a summary and in an index', async () => {
    const { summary, index } = await capture;
    const [one, other] = [await plotOne(summary), await plotOne(index)];
    expect([one.kind, other.kind]).toEqual(['summary', 'index']);
    expect(one.subject).toBe('1234:5678 0x82, serial V0001');
    expect(other.subject).toBe(one.subject);
    const places = ({ gaps }: ChartFile) =>
      gaps.map(({ offset, cause, direction }) => [offset, cause, direction]);
    expect(places(one)).toEqual([
      [2 * 1024 * 1024, 'stall', 'in'],
      [4 * 1024 * 1024, 'disconnection', 'in'],
    ]);
    expect(places(other)).toEqual(places(one));
    for (const [i, { time, seconds }] of one.gaps.entries()) {
      expect(other.gaps[i]?.seconds).toBeCloseTo(seconds ?? Number.NaN, 3);
      const apart = Date.parse(other.gaps[i]?.time ?? '') - Date.parse(time ?? '');
      expect(Math.abs(apart)).toBeLessThan(50);
    }
    const [rate] = other.streams;
    expect(countOf(rate, 'stall')).toBeGreaterThan(0);
    expect([rate?.buffered, rate?.starved]).toEqual([[], []]);
    expect(one.streams[0]?.rateMean).toHaveLength(2);
  });

  it('draws both directions of pipe', async () => {
    const [file, summary] = [path('p.jsonl'), path('p.json')];
    const input = folder.file('input.bin', Buffer.alloc(100_000));
    const { code } = await usbxfer([
      ...['pipe', '1234:5679', '-q', '-i', input, '-o', path('p.bin')],
      ...['--linger', '20ms', '--stats', file, `--json=${summary}`],
    ]);
    expect(code).toBe(0);
    for (const name of [file, summary]) {
      const run = await plotOne(name);
      expect(run.streams.map(({ direction }) => direction)).toEqual(['in', 'out']);
      expect(fact(run, 'bytes IN')).toMatch(/^100000 /);
      expect(fact(run, 'bytes OUT')).toMatch(/^100000 /);
    }
  });

  it('reads stdin and writes stdout', async () => {
    const { summary } = await capture;
    const { code, stdout, stderr } = await shell(`usbxfer plot - -o - < '${summary}'`);
    expect([code, stderr]).toEqual([0, '']);
    expect(dataIn(stdout.toString()).files[0]?.name).toBe('stdin');
  });

  it('is done when the reader of the page has gone', async () => {
    const { summary } = await capture;
    const { stdout, stderr } = await shell(
      `usbxfer plot '${summary}' -o - | head -c 15; echo " \${PIPESTATUS[0]}"`,
    );
    expect([stdout.toString(), stderr]).toEqual(['<!DOCTYPE html> 0\n', '']);
  });

  it('leaves no file if the disk is full', async () => {
    const { summary } = await capture;
    const page = path('limited.html');
    const { stdout, stderr } = await shell(
      `trap '' XFSZ; ulimit -f 8; usbxfer plot '${summary}' -o '${page}'; echo $?`,
    );
    expect(stdout.toString()).toBe('7\n');
    expect(stderr).toMatch(/cannot write .*limited.html: file too large/i);
    expect(existsSync(page)).toBe(false);
  });

  it('keeps the old page if the disk is full', async () => {
    const { summary } = await capture;
    const places = path('places');
    mkdirSync(places);
    const page = join(places, 'old.html');
    writeFileSync(page, 'old');
    const { stdout, stderr } = await shell(
      `trap '' XFSZ; ulimit -f 8; usbxfer plot '${summary}' --force -o '${page}'; echo $?`,
    );
    expect(stdout.toString()).toBe('7\n');
    expect(stderr).toMatch(/cannot write .*old.html: file too large/i);
    expect([readFileSync(page, 'utf8'), readdirSync(places)]).toEqual(['old', ['old.html']]);
  });

  it('names no option of another command if stdin is closed', async () => {
    const { stderr } = await shell('usbxfer plot - -o x.html <&-');
    expect(stderr).toBe('usbxfer: stdin is closed; redirect it (< FILE) or name a file\n');
  });

  it('gives up at a signal if no process reads the page', async () => {
    const { summary } = await capture;
    const fifo = path('unread');
    execFileSync('mkfifo', [fifo]);
    const { stdout, stderr } = await shell(
      `exec 3<>'${fifo}'; '${process.execPath}' '${BINARY}' plot '${summary}' -o - >&3 & ` +
        'head -c 1 <&3; kill -TERM $!; wait $!; echo " $?"',
    );
    expect(stdout.toString()).toBe('< 143\n');
    expect(stderr).toMatch(
      /^usbxfer: SIGTERM: no output progress for 5 s: giving up; the page is not complete\n/,
    );
  });

  it('ends at a signal while it waits for its input, and leaves no file', async () => {
    const [page, fifo] = [path('waiting.html'), path('fifo')];
    execFileSync('mkfifo', [fifo]);
    const { child, outcome } = start(['plot', fifo, '-o', page]);
    while (!existsSync(page)) {
      await sleep(20);
    }
    child.kill('SIGTERM');
    const { code, stderr } = await outcome;
    expect([code, stderr]).toEqual([143, `usbxfer: SIGTERM while reading ${fifo}\n`]);
    expect(existsSync(page)).toBe(false);
  });
});
