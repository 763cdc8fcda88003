import { existsSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benchResult, FINAL, progress, stats } from '../../../support/plot.js';
import { usbxfer } from '../../../support/run-command.js';
import { Plots } from '../plot/support/plots.js';

const plots = new Plots();

describe('usbxfer plot refuses, in one line,', () => {
  const file = (...lines: (object | string)[]) => plots.file(lines);
  const summary = { schema: 'usbxfer.read/2' };

  it.each<[string, () => string, RegExp]>([
    ['no file', () => '/nowhere.jsonl', /cannot read \/nowhere.jsonl: no such file/],
    ['a directory', () => plots.folder.path, /is a directory; name a file in it/],
    ['an empty file', () => file(), /it is empty; usbxfer plot reads what --stats/],
    ['only line ends', () => file('\n\n'), /it is empty/],
    ['a cut first line', () => file('{"schema":"us'), /it ends within its first record/],
    ['other text', () => file('a,b\n1,2\n'), /line 1: this is not JSON;/],
    [
      'text without a line end',
      () => file('hello'),
      /line 1: this is not JSON; usbxfer plot reads/,
    ],
    ['bytes', () => file('\0\x01\x7f\n'), /line 1: this is not JSON;/],
    ['a list', () => file('[1]\n'), /line 1: this is not a JSON object/],
    ['JSON of another program', () => file({ a: 1 }), /line 1: the object has no schema/],
    ['a schema that is no text', () => file({ schema: [] }), /line 1: the object has no schema/],
    [
      'another schema',
      () => file({ schema: 'usbxfer.list/1' }),
      /usbxfer.list\/1 cannot be plotted/,
    ],
    [
      'a schema like a property',
      () => file({ schema: '__proto__' }),
      /__proto__ cannot be plotted/,
    ],
    [
      'an older schema',
      () => file({ schema: 'usbxfer.stats/1' }),
      /usbxfer.stats\/1 cannot be plotted/,
    ],
    [
      'mixed schemas',
      () => file(stats(), summary),
      /line 2: usbxfer.read\/2 after usbxfer.stats\/2; write each kind to a file of its own/,
    ],
    [
      'a record without a schema',
      () => file(stats(), { a: 1 }),
      /line 2: an object without a schema after/,
    ],
    [
      'broken JSON in the middle',
      () => file(stats(), '{"a":\n', stats()),
      /line 2: this is not JSON/,
    ],
    [
      'half a summary',
      () => file('{\n  "schema": "usbxfer.read/2",\n'),
      /it ends within its first record/,
    ],
    [
      'half of a second summary',
      () => file(benchResult([1]), '{\n  "sch'),
      /line 3: the file ends within this object/,
    ],
    ['a missing field', () => file(summary), /line 1: device is missing/],
    [
      'a wrong type',
      () => file({ ...stats(), seconds: '1' }),
      /line 1: seconds is not a number from 0/,
    ],
    [
      'a negative number',
      () => file(stats({ seconds: -1 })),
      /line 1: seconds is not a number from 0/,
    ],
    [
      'a huge time',
      () => file({ ...stats(), seconds: 1e300 }),
      /seconds is not a number from 0 to 1000000000/,
    ],
    [
      'a negative size',
      () => file(stats({ bytes: -5 })),
      /interval_bytes_received is not a number from 0/,
    ],
    [
      'a number that is infinite',
      () => file(JSON.stringify(stats()).replace('"bytes_buffered":0', '"bytes_buffered":1e999')),
      /line 1: bytes_buffered is not a number/,
    ],
    [
      'null for a number',
      () => file(stats({ transfers: null })),
      /line 1: transfers is not a number/,
    ],
    ['a wrong part', () => file(stats({ statuses: [] })), /line 1: statuses is not an object/],
    [
      'a missing part',
      () => file(stats({ statuses: {} })),
      /line 1: statuses.completed is missing/,
    ],
    [
      'a last record without an end',
      () => file({ ...stats(), final: true }),
      /line 1: end_reason is missing/,
    ],
    [
      'half of a pipe record',
      () => file({ ...stats(), schema: 'usbxfer.pipe-stats/2' }),
      /line 1: in is missing/,
    ],
    [
      'an index without its start',
      () => file({ schema: 'usbxfer.index/1', type: 'clock', seconds: 0, time: '' }),
      /line 1: the index does not begin with its start/,
    ],
    [
      'a bench without runs',
      () => file(benchResult([])),
      /line 1: the result has no complete run; there is nothing to draw; run usbxfer bench again\n$/,
    ],
    [
      'a bench whose first run received wrong data',
      () => file({ ...benchResult([]), first_mistake: { run: 1, part: 'messages', offset: 9 } }),
      /no complete run, because run 1 received wrong data at byte 9 of its single messages; there/,
    ],
    [
      'a wrong run',
      () => file(benchResult([1, -1])),
      /line 1: runs\[1\].bytes_per_second is not a number/,
    ],
    [
      'too many runs',
      () => file(benchResult(Array(1001).fill(1))),
      /line 1: runs has more than 1000 entries/,
    ],
    [
      'a long line',
      () => file(`{"a":"${'x'.repeat(5_000_000)}"}\n`),
      /line 1: .*more than 4194304 bytes; usbxfer plot reads/,
    ],
    [
      'a long object',
      () => file('{\n', `${'x'.repeat(1000)}\n`.repeat(4300)),
      /has more than 4194304 bytes/,
    ],
    [
      'many appended runs',
      () => file(...Array.from({ length: 17 }, () => ({ ...stats(), ...FINAL }))),
      /line 17: too many runs: a page has at most 16; split/,
    ],
  ])('%s', async (_, make, message) => {
    const { code, stderr } = await plots.plot(make());
    expect([code, stderr]).toEqual([7, expect.stringMatching(message)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    [
      'no output',
      ['x.jsonl'],
      /required option '-o, --output <file>' not specified; see usbxfer plot --help/,
    ],
    ['no file', ['-o', 'x.html'], /missing required argument 'file'/],
    [
      'another format',
      ['x.jsonl', '-o', 'x.svg'],
      /-o x.svg: usbxfer plot writes HTML; give a name/,
    ],
    ['an empty name', ['x.jsonl', '-o', ''], /writes HTML/],
    ['an empty name of a file', ['', '-o', 'x.html'], /the name of the file is empty; - is stdin/],
    [
      'too many files',
      [...Array(17).fill('x'), '-o', 'x.html'],
      /17 files are too many: .* at most 16/,
    ],
    ['stdin twice', ['-', '-', '-o', 'x.html'], /stdin is named twice/],
  ])('%s', async (_, args, message) => {
    const { code, stderr } = await usbxfer(['plot', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync('x.html')).toBe(false);
  });
});

/** An object with a value in place of that of one of its fields, at any depth. */
function replaced(object: object, choices: readonly number[], value: unknown): object {
  const [choice = 0, ...others] = choices;
  const entries = Object.entries(object);
  const [name, old] = entries[choice % entries.length] ?? [''];
  const isDeep = typeof old === 'object' && old !== null && Object.keys(old).length > 0;
  return Array.isArray(object)
    ? object.map((one, i) => (String(i) === name ? value : one))
    : { ...object, [name]: isDeep && choice % 3 > 0 ? replaced(old, others, value) : value };
}

describe('usbxfer plot', () => {
  it('draws or refuses any record, and never fails in another way', async () => {
    const time = '2026-11-30T00:00:00.000000Z';
    const json = async (...args: string[]): Promise<object> =>
      JSON.parse((await usbxfer([...args, '--json'])).stdout);
    const faults = ['--keep-going', '--scenario', 'stall@2k,stall@3k'];
    const files: readonly (readonly object[])[] = [
      [await json('read', '1234:5678', '--bytes', '4k', '-o', plots.path('data'), ...faults)],
      [await json('tune', '1234:5678', '--duration', '1ms', '--scenario', 'memory=140KiB')],
      [stats(), stats({ seconds: 2 }), { ...stats({ seconds: 3 }), ...FINAL }],
      [{ schema: 'usbxfer.pipe-stats/2', final: false, time, in: progress(), out: progress() }],
      [benchResult([1, 2])],
      [
        { schema: 'usbxfer.index/1', type: 'start', seconds: 0, time, endpoint: '0x82' },
        ...[1, 2].map((seconds) => ({
          ...{ type: 'transfer', seconds, offset: 0, length: 9, short: true, status: 'completed' },
        })),
        { type: 'gap', seconds: 3, offset: 18, cause: 'stall', cancelled: false },
        { type: 'end', seconds: 4, time, offset: 18, end_reason: 'limit' },
      ],
    ];
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(
        -1,
        1e9,
        2 ** 53,
        1e308,
        '',
        'x'.repeat(999),
        time,
        '+275760-09-13T00:00:00.000Z',
      ),
    );
    const places = fc.array(fc.nat(), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.nat(),
        places,
        value,
        async (lines, n, path, v) => {
          const changed = lines.map((line, i) =>
            i === n % lines.length ? replaced(line, path, v) : line,
          );
          const { code, stderr } = await plots.plot(plots.file(changed));
          expect([0, 7]).toContain(code);
          expect(stderr.split('\n').length).toBe(code === 0 ? 1 : 2);
        },
      ),
      { numRuns: 500 },
    );
  });
});
