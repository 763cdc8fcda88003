import { execFileSync } from 'node:child_process';
import {
  existsSync,
  fsync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openOutput } from '../../src/cli/session/output.js';
import { planOutput } from '../../src/cli/session/output-name.js';
import { counterBytes, isCounterPrefix } from '../support/counter-stream.js';
import { deviceInfo } from '../support/device-info.js';
import { start, usbxfer } from './usbxfer.js';

// The original function, whose calls a test counts.
vi.mock('node:fs', async (load) => {
  const fs = await load<typeof import('node:fs')>();
  return { ...fs, fsync: vi.fn(fs.fsync) };
});

const READ = ['read', '--pid', '5678'];
const KIB = 1024;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function at(name: string): string {
  return join(folder, name);
}

/** Captures into the directory with a template and returns the summary. */
async function split(template: string, ...args: string[]) {
  const { stdout, code } = await usbxfer([...READ, '--json', '-o', at(template), ...args]);
  return { code, summary: JSON.parse(stdout.toString()) };
}

/** Reads the files of the directory in order of their names. */
function parts(): Buffer[] {
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(at(name)));
}

function sizes(): number[] {
  return parts().map(({ length }) => length);
}

describe('--split-bytes', () => {
  it('loses and duplicates nothing at a thousand cuts at any offset', async () => {
    const args = ['--split-bytes', '4321', '--bytes', '4321500', '--transfer-size', '13k'];
    const { code, summary } = await split('{index:04}.bin', ...args);
    expect(code).toBe(0);
    expect(sizes()).toEqual([...Array<number>(1000).fill(4321), 500]);
    expect(Buffer.concat(parts()).equals(counterBytes(0, 4_321_500))).toBe(true);
    expect(summary).toMatchObject({
      bytes_written: 4_321_500,
      output: { files: 1001, first: at('0000.bin'), last: at('1000.bin') },
    });
  });

  it('creates no empty file after the last cut', async () => {
    const { code, summary } = await split('{index}', '--split-bytes', '64k', '--bytes', '256k');
    expect(code).toBe(0);
    expect(sizes()).toEqual(Array(4).fill(64 * KIB));
    expect(summary.output.files).toBe(4);
  });

  it('creates one file for a shorter or empty stream', async () => {
    const short = await split('short-{index}', '--split-bytes', '1M', '--bytes', '1000');
    expect(short.summary.output).toEqual({
      files: 1,
      first: at('short-0'),
      last: at('short-0'),
    });
    const silent = ['--scenario', 'silence@0', '--idle-timeout', '100ms'];
    expect((await split('silent-{index}', '--split-bytes', '1M', ...silent)).code).toBe(0);
    expect(readdirSync(folder)).toEqual(['short-0', 'silent-0']);
    expect(sizes()).toEqual([1000, 0]);
  });

  it('ends cleanly by a signal', async () => {
    const rate = ['--scenario', 'rate=2M'];
    const { child, outcome } = start([
      ...[...READ, '--json', '-o', at('{index:05}'), '--split-bytes', '10007'],
      ...rate,
    ]);
    while (!existsSync(at('00020'))) {
      await sleep(5);
    }
    child.kill('SIGINT');
    const { stdout, code } = await outcome;
    const summary = JSON.parse(stdout.toString());
    expect([code, summary.end_reason]).toEqual([0, 'interrupted']);
    const bytes = Buffer.concat(parts());
    expect(isCounterPrefix(bytes)).toBe(true);
    expect(summary).toMatchObject({ bytes_written: bytes.length, bytes_unwritten: 0 });
    expect(sizes().slice(0, -1)).toEqual(Array(summary.output.files - 1).fill(10007));
  });
});

describe('--split-every', () => {
  const slow = ['--bytes', '2M', '--scenario', 'rate=4M', '--transfer-size', '16k'];

  it('loses and duplicates nothing', async () => {
    const { code, summary } = await split('{index:03}', '--split-every', '100ms', ...slow);
    expect(code).toBe(0);
    expect(Buffer.concat(parts()).equals(counterBytes(0, 2 * KIB * KIB))).toBe(true);
    expect(parts().length).toBeGreaterThan(1);
    expect(parts()).toHaveLength(summary.output.files);
    expect(Math.min(...sizes())).toBeGreaterThan(0);
  });

  it('works with --split-bytes: the first condition counts', async () => {
    const both = ['--split-every', '100ms', '--split-bytes', '300k'];
    const { code } = await split('{index:03}', ...both, ...slow);
    expect(code).toBe(0);
    expect(Buffer.concat(parts()).equals(counterBytes(0, 2 * KIB * KIB))).toBe(true);
    expect(parts().length).toBeGreaterThan(6);
    expect(Math.max(...sizes())).toBeLessThanOrEqual(300 * KIB);
  });

  it('creates no file for a period without data', async () => {
    const silence = ['--bytes', '2k', '--scenario', 'silence@1k=1s', '--transfer-size', '1k'];
    const { code } = await split('{index}', '--split-every', '100ms', ...silence);
    expect(code).toBe(0);
    expect(sizes()).toEqual([KIB, KIB]);
  });
});

describe('the files of a capture', () => {
  const FOUR = ['--split-bytes', '64k', '--bytes', '256k'];

  it('end at the first that exists, and keep all before it', async () => {
    writeFileSync(at('2'), 'precious');
    const { code, summary } = await split('{index}', ...FOUR);
    expect(code).toBe(7);
    expect(summary).toMatchObject({
      end_reason: 'output-failed',
      bytes_written: 128 * KIB,
      output: { files: 2, first: at('0'), last: at('1') },
    });
    expect(summary.bytes_received).toBe(summary.bytes_written + summary.bytes_unwritten);
    expect(summary.error).toContain(
      `cannot write ${at('2')}: already exists; choose another name, or overwrite it with --force`,
    );
    expect(readFileSync(at('2'), 'utf8')).toBe('precious');
    rmSync(at('2'));
    expect(Buffer.concat(parts()).equals(counterBytes(0, 128 * KIB))).toBe(true);
  });

  it('are not started if the first exists', async () => {
    writeFileSync(at('0'), 'precious');
    const { stderr, code } = await usbxfer([...READ, '-o', at('{index}'), ...FOUR]);
    expect(stderr).toMatch(/^usbxfer: cannot write .*\/0: already exists; [^\n]*\n$/);
    expect(code).toBe(7);
    expect(readdirSync(folder)).toEqual(['0']);
  });

  it('are overwritten with --force, each as a whole', async () => {
    for (const name of ['0', '1', '3']) {
      writeFileSync(at(name), Buffer.alloc(100 * KIB));
    }
    const { code } = await split('{index}', '--force', ...FOUR);
    expect(code).toBe(0);
    expect(sizes()).toEqual(Array(4).fill(64 * KIB));
    expect(Buffer.concat(parts()).equals(counterBytes(0, 256 * KIB))).toBe(true);
  });

  it.each([
    ['a FIFO', () => execFileSync('mkfifo', [at('1')]), 'is a FIFO or a device'],
    ['a device', () => symlinkSync('/dev/null', at('1')), 'is a FIFO or a device'],
    ['a link to nowhere', () => symlinkSync('nowhere', at('1')), 'is a link to nowhere'],
  ])('end at %s', async (_, make, message) => {
    make();
    const { code, summary } = await split('{index}', '--force', ...FOUR);
    expect([code, summary.bytes_written]).toEqual([7, 64 * KIB]);
    expect(summary.error).toContain(`cannot write ${at('1')}: ${message}`);
    expect(readdirSync(folder)).toEqual(['0', '1']);
  });

  it('are each flushed to the disk with --fsync', async () => {
    const plan = await planOutput({ output: at('{index}'), fsync: true, splitBytes: 1000 });
    const { signal } = new AbortController();
    const { sink } = await openOutput(plan, deviceInfo(), { signal, received: undefined });
    await sink.start();
    await new Promise((resolve) => {
      sink.write([counterBytes(0, 2500)], resolve);
    });
    await sink.close();
    expect(sizes()).toEqual([1000, 1000, 500]);
    expect(vi.mocked(fsync)).toHaveBeenCalledTimes(3);
  });

  it('are not created if the capture does not start', async () => {
    const plan = await planOutput({ output: at('{index}'), splitBytes: 1000 });
    const { signal } = new AbortController();
    const { sink } = await openOutput(plan, deviceInfo(), { signal, received: undefined });
    expect(readdirSync(folder)).toEqual(['0']);
    await sink.close();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the name of an output', () => {
  it('has its placeholders replaced, also for a single file', async () => {
    const { code, summary } = await split(
      '{{{vid}}}_{pid}_{serial}_{path}_{index}',
      '--bytes',
      '1k',
    );
    expect(code).toBe(0);
    const name = '{1234}_5678_V0001_1-1_0';
    expect(readdirSync(folder)).toEqual([name]);
    expect(summary.output).toEqual({ files: 1, first: at(name), last: at(name) });
  });

  it('contains the time at which the file was started', async () => {
    const before = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    await split('{time}', '--bytes', '1k');
    const after = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
    const [name = ''] = readdirSync(folder);
    expect(name).toMatch(/^\d{8}T\d{6}Z$/);
    expect(name >= `${before}Z` && name <= `${after}Z`).toBe(true);
  });

  it('does not apply to stdout', async () => {
    const { stderr } = await usbxfer([...READ, '--json', '--bytes', '1k']);
    expect(JSON.parse(stderr)).toHaveProperty('output', null);
  });

  it('takes directories only from the given name', async () => {
    const { stderr, code } = await usbxfer([...READ, '-o', at('{serial}/x.bin')]);
    expect(stderr).toMatch(
      /^usbxfer: cannot write .*\/V0001\/x\.bin: no such file or directory\n$/,
    );
    expect(code).toBe(7);
  });
});

describe('usage', () => {
  const NEED = '--split-bytes and --split-every need';

  it('a FIFO is refused without a wait', async () => {
    execFileSync('mkfifo', [at('0')]);
    const args = [...READ, '--split-bytes', '1M', '-o', at('{index}')];
    const { stderr, code } = await usbxfer(args);
    expect(stderr).toBe(`usbxfer: ${NEED} regular files; ${at('0')} is not one\n`);
    expect(code).toBe(2);
  });

  it('a name that is no file is reported once, also with --fsync', async () => {
    const { stderr, code } = await usbxfer([...READ, '--fsync', '-o', 'x'.repeat(300)]);
    expect(stderr).toMatch(/^usbxfer: cannot write x+…: name too long\n$/);
    expect(code).toBe(7);
  });
});
