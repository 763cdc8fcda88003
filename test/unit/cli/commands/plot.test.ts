import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChartFile } from '../../../../src/cli/plot/chart-data.js';
import { benchResult, FINAL, fact, progress, START, stats } from '../../../support/plot.js';
import { usbxfer } from '../../../support/run-command.js';
import { Plots } from '../plot/support/plots.js';

const plots = new Plots();

describe('usbxfer plot', () => {
  it('draws the runs of bench and the grid of tune', async () => {
    const scenario = ['--scenario', 'memory=140KiB,rate=bus', '--json'];
    const bench = await usbxfer([
      'bench',
      'read',
      '1234:5678',
      '--bytes',
      '64k',
      '--runs',
      '3',
      '--json',
    ]);
    const tune = await usbxfer(['tune', '1234:5678', '--duration', '1ms', ...scenario]);
    const { files } = await plots.plot(plots.file([bench.stdout]), plots.file([tune.stdout]));
    expect(files.map(({ kind, streams }) => [kind, streams])).toEqual([
      ['bench', []],
      ['tune', []],
    ]);
    expect(files[0]?.bench).toHaveLength(3);
    const record = JSON.parse(tune.stdout);
    expect(files[1]?.tune).toMatchObject({
      ...{ sizes: [16_384], depths: [4, 8], options: record.options },
      cells: record.candidates.map((one: { bytes_per_second: object }, depth: number) => ({
        ...{ size: 0, depth, ...one.bytes_per_second },
      })),
    });
    const best = files[1]?.tune?.cells[files[1].tune.best];
    expect(best?.median).toBe(record.best.bytes_per_second.median);
  });

  it('has the smallest and the largest rate of many records, in a small page', async () => {
    const count = 100_000;
    const lines = Array.from({ length: count }, (_, i) => {
      const bytes = i === 7777 ? 9_000_000 : i === 88_888 ? 0 : 1_000_000;
      return stats({ seconds: i + 1, bytes, bytes_buffered: i === 4444 ? 4096 : 0 });
    });
    const { html, files } = await plots.plot(plots.file(lines));
    const [stream] = files[0]?.streams ?? [];
    expect(stream?.seconds.length).toBeLessThanOrEqual(2048);
    expect(stream?.seconds.length).toBeGreaterThan(1000);
    expect(Math.min(...(stream?.rateMin ?? []))).toBe(0);
    expect(Math.max(...(stream?.rateMax ?? []))).toBe(9_000_000);
    expect(Math.max(...(stream?.buffered ?? []))).toBe(4096);
    expect(stream?.rateMean.filter((rate) => rate === 1_000_000).length).toBeGreaterThan(1000);
    expect(html.length).toBeLessThan(1_000_000);
  });

  it('compares the counters of each record with those before', async () => {
    const run = await plots.plotOne(
      plots.file([
        stats({ seconds: 1, bytes: 100, starved_seconds: 0.25 }),
        stats({ seconds: 2, bytes: 300, starved_seconds: 0.25, statuses: statuses(5) }),
        stats({ seconds: 3, bytes: 200, starved_seconds: 1, statuses: statuses(9), gap_count: 3 }),
      ]),
    );
    expect(run.startTime).toBe(new Date(START).toISOString());
    expect(run.streams).toEqual([
      {
        direction: 'in',
        seconds: [0.5, 1.5, 2.5].map((time) => expect.closeTo(time, 2)),
        ...{ rateMean: [100, 300, 200], rateMin: [100, 300, 200], rateMax: [100, 300, 200] },
        ...{ buffered: [0, 0, 0], starved: [0.25, 0, 0.75] },
        statuses: [{ status: 'completed', counts: [0, 5, 4] }],
      },
    ]);
    const gap = { direction: 'in', offset: null, seconds: 3, cause: 'unknown' };
    const time = new Date(START + 3000).toISOString();
    expect([run.gaps, run.gapCount]).toEqual([Array(3).fill({ ...gap, time }), 3]);
    expect(fact(run, 'ended')).toContain('was killed');
  });

  it('has the gaps, the peak and the device of a summary', async () => {
    const faults = ['--scenario', 'stall@64KiB,stall@128KiB', '--keep-going', '-o', '/dev/null'];
    const read = ['read', '1234:5678', '--ep', '0x82', '--bytes', '1MiB', ...faults, '--json'];
    const { stdout } = await usbxfer(read);
    const summary = JSON.parse(stdout);
    expect(summary.gaps).toHaveLength(2);
    const run = await plots.plotOne(plots.file([stdout]));
    expect(run.gapCount).toBe(2);
    expect(run.gaps.map(({ offset, seconds, time }) => ({ offset, seconds, time }))).toEqual(
      summary.gaps.map(({ offset, seconds, time }: (typeof run.gaps)[number]) => ({
        ...{ offset, seconds, time },
      })),
    );
    expect(fact(run, 'gaps')).toBe('2');
    const [peak = 0] = run.streams[0]?.rateMax ?? [];
    expect(peak / summary.peak_bytes_per_second).toBeCloseTo(1, 2); // the page has three digits
    expect(run.subject).toContain('1234:5678 0x82');
  });

  it('tells no gap apart from a file that does not count them', async () => {
    const sent = {
      ...stats({ starved_seconds: 1, starved_count: 2 }),
      schema: 'usbxfer.write-stats/2',
    };
    const index = { schema: 'usbxfer.index/1', type: 'start', seconds: 0, time: new Date(START) };
    const { files } = await plots.plot(
      ...[stats(), sent, benchResult([1]), index].map((line) => plots.file([line])),
    );
    expect(files.map(({ gapCount }) => gapCount)).toEqual([0, null, null, 0]);
    expect(files.map((run) => fact(run, 'gaps'))).toEqual(['0', undefined, undefined, '0']);
    expect(files.map((run) => fact(run, 'queue empty'))).toEqual([
      ...['never', '1.00 s, 2 times', 'never', undefined],
    ]);
    expect([
      fact(files[0] as ChartFile, 'events'),
      fact(files[0] as ChartFile, 'throttled'),
    ]).toEqual([...['none', 'never']]);
  });

  it('says which run of bench received wrong data', async () => {
    const first_mistake = { run: 2, part: 'data', offset: 9 };
    const run = await plots.plotOne(plots.file([{ ...benchResult([1]), first_mistake }]));
    expect(fact(run, 'failure')).toBe('run 2 received wrong data at byte 9');
  });

  it('has no peak for the short rest at the end', async () => {
    const end = { ...stats({ seconds: 2.001, duration: 0.001, bytes: 1000 }), ...FINAL };
    const { streams } = await plots.plotOne(
      plots.file([stats({ seconds: 1, bytes: 100 }), stats({ seconds: 2, bytes: 100 }), end]),
    );
    expect(streams[0]?.rateMax).toEqual([100, 100]);
    expect(streams[0]?.rateMean[1]).toBeCloseTo(1100 / 1.001, -1);
  });

  it('draws each run of a file to which several were appended', async () => {
    const { code, files } = await plots.plot(
      plots.file([
        ...[stats({ seconds: 1 }), stats({ seconds: 2 })], // killed
        ...[stats({ seconds: 1 }), { ...stats({ seconds: 0.5 }), ...FINAL }],
        stats({ seconds: 7 }),
      ]),
    );
    expect(code).toBe(0);
    expect(files.map(({ name }) => name.replace(/^\d+-/, ''))).toEqual([
      'made.jsonl (run 1)',
      'made.jsonl (run 2)',
      'made.jsonl (run 3)',
    ]);
    expect(files.map((run) => fact(run, 'ended')?.slice(0, 11))).toEqual([
      'not in the ',
      'interrupted',
      'not in the ',
    ]);
  });

  it('leaves out the incomplete last line of a run that was killed, and says so', async () => {
    const { code, stderr, files } = await plots.plot(
      plots.file([
        stats(),
        stats({ seconds: 2 }),
        JSON.stringify(stats({ seconds: 3 })).slice(0, 99),
      ]),
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/^usbxfer: \S+: line 3 is incomplete, .*; it is left out\n$/);
    expect(files[0]?.streams[0]?.seconds).toHaveLength(2);
  });

  it('accepts the mark that some programs write before a text', async () => {
    const { kind } = await plots.plotOne(plots.file(['\ufeff', stats()]));
    expect(kind).toBe('stats');
  });

  it('accepts a last line without a line end', async () => {
    const { streams } = await plots.plotOne(
      plots.file([stats(), JSON.stringify(stats({ seconds: 2 }))]),
    );
    expect(streams[0]?.seconds).toHaveLength(2);
  });

  it('gives the time of day of a gap between two clocks', async () => {
    const start = { schema: 'usbxfer.index/1', type: 'start', seconds: 0 };
    const { gaps, startTime } = await plots.plotOne(
      plots.file([
        { ...start, time: '2026-11-30T00:00:00.000000Z' },
        { type: 'gap', seconds: 50, offset: 512, cause: 'stall', cancelled: false },
        { type: 'clock', seconds: 100, time: '2026-11-30T00:01:42.000000Z' },
        { type: 'gap', seconds: 101, offset: 1024, cause: 'new-cause', cancelled: false },
      ]),
    );
    expect(startTime).toBe('2026-11-30T00:00:00.000Z');
    expect(gaps).toMatchObject([
      { offset: 512, time: '2026-11-30T00:00:51.000Z', cause: 'stall' },
      { offset: 1024, time: '2026-11-30T00:01:43.000Z', cause: 'new-cause' },
    ]);
  });
});

function statuses(completed: number) {
  return { ...progress().statuses, completed };
}

describe('the file of the page', () => {
  it('is not overwritten without --force', async () => {
    const [input, page] = [plots.file([stats()]), plots.path('old.html')];
    writeFileSync(page, 'old');
    const refused = await usbxfer(['plot', input, '-o', page]);
    expect([refused.code, refused.stderr]).toEqual([
      7,
      expect.stringMatching(/already exists; choose another name, or overwrite it with --force/),
    ]);
    expect(readFileSync(page, 'utf8')).toBe('old');
    expect((await usbxfer(['plot', input, '-o', page, '--force'])).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!DOCTYPE html>/);
  });

  it('keeps its permissions and its link if it is overwritten, and leaves no other file', async () => {
    const folder = plots.path('folder');
    mkdirSync(folder);
    const [page, link] = [join(folder, 'old.html'), join(folder, 'link.html')];
    writeFileSync(page, 'old');
    chmodSync(page, 0o600);
    symlinkSync('old.html', link);
    expect((await usbxfer(['plot', plots.file([stats()]), '-o', link, '--force'])).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!DOCTYPE html>/);
    expect([statSync(page).mode & 0o777, lstatSync(link).isSymbolicLink()]).toEqual([0o600, true]);
    expect(readdirSync(folder)).toEqual(['link.html', 'old.html']);
  });

  it('is overwritten although its name is as long as can be', async () => {
    const folder = plots.path('folder');
    mkdirSync(folder);
    const page = join(folder, `${'n'.repeat(250)}.html`);
    writeFileSync(page, 'old');
    expect((await usbxfer(['plot', plots.file([stats()]), '-o', page, '--force'])).code).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/^<!DOCTYPE html>/);
  });

  it.skipIf(process.getuid?.() === 0)(
    'is not overwritten in a folder that takes no file',
    async () => {
      const folder = plots.path('folder');
      mkdirSync(folder);
      const page = join(folder, 'old.html');
      writeFileSync(page, 'old');
      chmodSync(folder, 0o500);
      const { code, stderr } = await usbxfer([
        'plot',
        plots.file([stats()]),
        '-o',
        page,
        '--force',
      ]);
      chmodSync(folder, 0o700);
      expect([code, stderr]).toEqual([
        7,
        expect.stringMatching(
          /cannot make a file in its folder: permission denied; choose a name in/,
        ),
      ]);
      expect(readFileSync(page, 'utf8')).toBe('old');
    },
  );

  it('is not made, and not changed, if an input cannot be plotted', async () => {
    const [good, bad] = [plots.file([stats()]), plots.file(['no\n'])];
    const [fresh, old] = [plots.path('new.html'), plots.path('old.html')];
    writeFileSync(old, 'old');
    expect((await usbxfer(['plot', good, bad, '-o', fresh])).code).toBe(7);
    expect((await usbxfer(['plot', good, bad, '-o', old, '--force'])).code).toBe(7);
    expect(readdirSync(plots.folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect([existsSync(fresh), readFileSync(old, 'utf8')]).toEqual([false, 'old']);
  });

  it('is none of the inputs', async () => {
    const input = plots.file([stats()], 'stats.html');
    const before = readFileSync(input, 'utf8');
    const { code, stderr } = await usbxfer(['plot', input, '-o', input, '--force']);
    expect([code, stderr]).toEqual([7, expect.stringMatching(/is in use for something else/)]);
    expect(readFileSync(input, 'utf8')).toBe(before);
  });
});

describe('hostile text', () => {
  const HTML = '<img src=x onerror=alert(1)>';
  const ESCAPES = '\u001b]0;owned\u0007\u202e';

  /** Whether a text has one of the characters of `ESCAPES` that a terminal acts on. */
  const acts = (text: string) => [...'\u001b\u0007\u202e'].some((unsafe) => text.includes(unsafe));

  it('of a file is text in the page, without characters that a terminal acts on', async () => {
    const device = { vid: '1234', pid: '5678', serial: `${HTML}</script>${ESCAPES}` };
    const { html, files } = await plots.plot(
      plots.file([
        { ...benchResult([1]), device },
        { ...benchResult([2]), device, in: 'x'.repeat(10_000) },
        { ...benchResult([3]), device: { vid: `${HTML}${ESCAPES}`, pid: 'x'.repeat(10_000) } },
      ]),
    );
    expect(files[0]?.subject).toContain(HTML);
    expect(files[1]?.subject.length).toBeLessThan(1000);
    expect(files[2]?.subject.length).toBeLessThan(1000);
    expect(html).not.toContain(HTML);
    expect(acts(html)).toBe(false);
  });

  it('in the name of a file is escaped on the terminal, and is text in the page', async () => {
    const folder = plots.path(`${HTML.replaceAll('/', '')}${ESCAPES}`);
    mkdirSync(folder);
    const name = `${folder}/${HTML}${ESCAPES}.jsonl`;
    writeFileSync(name, 'no JSON\n');
    const { code, stderr } = await plots.plot(name);
    expect(code).toBe(7);
    expect(acts(stderr)).toBe(false);
    writeFileSync(name, `${JSON.stringify(stats())}\n{"cut`);
    const { stderr: notice, files, html } = await plots.plot(name);
    expect(acts(notice)).toBe(false);
    expect(files[0]?.name).toBe(`${HTML}\\x1b]0;owned\\x07\\u{202e}.jsonl`);
    expect(html).not.toContain(HTML);
  });
});
