import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  planPipe,
  planRead,
  planWrite,
  type RawStreamOptions,
} from '../../../../src/cli/options/plan.js';
import { openInput } from '../../../../src/cli/session/input.js';
import { openOutput } from '../../../../src/cli/session/output.js';
import { planOutput } from '../../../../src/cli/session/output-name.js';
import { planSide, SideOutput } from '../../../../src/cli/session/side-output.js';
import { deviceInfo } from '../../../support/device-info.js';
import { Folder } from '../../../support/folder.js';

const folder = new Folder();
const shutdown = { signal: new AbortController().signal, received: undefined };
const noData = { input: undefined, output: undefined };
const raw: RawStreamOptions = {
  ...{ backend: 'virtual', progress: 'auto' as const, transfers: 1, transferSize: 512, buffer: 1 },
};

describe('the JSON without a file name', () => {
  const plans = { read: planRead, write: planWrite, pipe: planPipe };

  // A process in which stdout is neither closed nor a terminal, as that of the tests.
  it.each([
    ['read', {}, 2],
    ['read', { output: '-' }, 2],
    ['read', { output: '/dev/stdout' }, 2],
    ['read', { output: 'dump.bin' }, 1],
    ['read', { output: 'dump-{index}.bin' }, 1],
    ['read', { output: 'dump.bin', stats: '-' }, 2],
    ['read', { output: 'dump.bin', stats: 'fd:1' }, 2],
    ['read', { output: 'dump.bin', stats: 'stats.jsonl' }, 1],
    ['write', {}, 1],
    ['write', { stats: '-' }, 2],
    ['pipe', {}, 2],
    ['pipe', { output: 'dump.bin' }, 1],
  ] as const)('of %s %j goes to descriptor %i', (name, given, target) => {
    const defaults: RawStreamOptions = name === 'write' ? raw : { ...raw, output: '-' };
    const { json } = plans[name]({ ...defaults, ...given, json: true }).report;
    expect(json).toMatchObject({ target });
  });
});

describe('a name', () => {
  it.each([
    ['stats.jsonl', 'stats.jsonl'],
    ['-', 1],
    ['/dev/stdout', 1],
    ['/dev/stderr', 2],
    ['/dev/fd/63', 63],
    ['fd:3', 3],
    ['fd:', 'fd:'],
    ['fd:3x', 'fd:3x'],
    ['fd:1234567890', 'fd:1234567890'],
  ])('%s is %s', (name, target) => {
    expect(planSide('--stats', name, {})).toMatchObject({ target });
  });
});

describe('a path that cannot be used', () => {
  folder.file('file', '');
  const paths = [
    [folder.link('loop', 'loop'), 'too many symbolic links encountered'],
    [join(folder.path, 'x'.repeat(400)), 'name too long'],
    [join(folder.path, 'file', 'x'), 'not a directory'],
  ] as const;
  const output = (path: string, options = {}) =>
    openOutput(planOutput({ output: path, ...options }), deviceInfo(), shutdown);
  const uses = {
    '--stats': (path: string) =>
      SideOutput.open(planSide('--stats', path, {}), { input: '-', output: '-' }, shutdown),
    '--json': (path: string) => SideOutput.open(planSide('--json', path, {}), noData, shutdown),
    '-o': (path: string) => output(path),
    '-o with --fsync': (path: string) => output(path, { fsync: true }),
    '-i': (path: string) => openInput({ input: path }, shutdown),
  };
  const cases = Object.entries(uses).flatMap(([option, open]) =>
    paths.map(([path, reason]) => [option, reason, path, open] as const),
  );

  it.each(cases)('is named by %s: %s', async (option, reason, path, open) => {
    const [code, verb] =
      option === '-i' ? ['input-failed', 'read'] : ['cannot-open-output', 'write'];
    await expect(open(path)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`^cannot ${verb} .*: ${reason}$`)),
    });
  });

  it.each(paths)('and has the data is not the file of the text: %s', async (path) => {
    const plan = planSide('--stats', join(folder.path, 'text'), {});
    const text = await SideOutput.open(plan, { input: path, output: path }, shutdown);
    expect(await text.close()).toBeUndefined();
  });
});

describe('a text output', () => {
  const data = folder.file('data', '');
  const link = folder.link('link', 'data');

  it.each([
    ['goes', { output: data }],
    ['goes', { output: link }],
    ['comes from', { input: data }],
  ])('is refused as a descriptor of the file where the data %s: %j', async (verb, used) => {
    const fd = openSync(data, 'w');
    const plan = planSide('--stats', `fd:${fd}`, {});
    await expect(SideOutput.open(plan, { ...noData, ...used }, shutdown)).rejects.toMatchObject({
      code: 'conflicting-options',
      message: `--stats fd:${fd} is where the data ${verb}`,
    });
    closeSync(fd);
  });

  it('shares /dev/null with the data', async () => {
    const fd = openSync('/dev/null', 'w');
    const plan = planSide('--json', `fd:${fd}`, {});
    const text = await SideOutput.open(plan, { ...noData, output: '/dev/null' }, shutdown);
    expect(text.isOpenOn(fstatSync(fd))).toBe(false);
    closeSync(fd);
  });

  it('is refused for a file that another text has', async () => {
    const both = join(folder.path, 'both');
    const json = await SideOutput.open(planSide('--json', both, {}), noData, shutdown);
    const isTaken = json.isOpenOn.bind(json);
    const stats = planSide('--stats', both, { force: true });
    await expect(SideOutput.open(stats, noData, shutdown, isTaken)).rejects.toMatchObject({
      code: 'output-unsuitable',
    });
    await json.close();
  });

  it('empties a file at the first text, and removes one that it created and did not use', async () => {
    const old = folder.file('old', 'precious');
    const text = await SideOutput.open(planSide('--json', old, { force: true }), noData, shutdown);
    expect(readFileSync(old, 'utf8')).toBe('precious');
    text.put('new');
    await text.close();
    expect(readFileSync(old, 'utf8')).toBe('new');
    const created = join(folder.path, 'created');
    const unused = await SideOutput.open(planSide('--json', created, {}), noData, shutdown);
    expect(existsSync(created)).toBe(true);
    await unused.close();
    expect(existsSync(created)).toBe(false);
  });
});
