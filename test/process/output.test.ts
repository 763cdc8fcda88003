import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { counterBytes, isCounterPrefix } from '../support/counter-stream.js';
import { shell, usbxfer } from './usbxfer.js';

const READ = ['read', '--pid', '5678'];
const MIB = 1024 * 1024;

const onLinux = it.skipIf(process.platform !== 'linux');

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  file = join(folder, 'out.bin');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function fifo(): string {
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

describe('the output file', () => {
  it('is a new file', async () => {
    expect((await usbxfer([...READ, '--bytes', '1M', '-o', file])).code).toBe(0);
    const bytes = readFileSync(file);
    expect(bytes).toHaveLength(MIB);
    expect(isCounterPrefix(bytes)).toBe(true);
  });

  it('is never an existing file without --force', async () => {
    writeFileSync(file, 'precious'.repeat(1000));
    const refused = await usbxfer([...READ, '--bytes', '1k', '-o', file]);
    expect(refused.code).toBe(7);
    expect(refused.stderr).toMatch(
      /^usbxfer: cannot write .*out\.bin: already exists; .*--append, .*--force.*\n$/,
    );
    expect(statSync(file).size).toBe(8000);
    const forced = await usbxfer([...READ, '--bytes', '1k', '-o', file, '--force']);
    expect(forced.code).toBe(0);
    expect(isCounterPrefix(readFileSync(file))).toBe(true);
    expect(statSync(file).size).toBe(1024);
  });

  it('is appended to with --append', async () => {
    const read = [...READ, '--bytes', '1k', '-o', file, '--append'];
    expect((await usbxfer(read)).code).toBe(0);
    expect((await usbxfer(read)).code).toBe(0);
    const kilobyte = counterBytes(0, 1024);
    expect(readFileSync(file).equals(Buffer.concat([kilobyte, kilobyte]))).toBe(true);
  });

  it('may be the target of a link', async () => {
    const link = join(folder, 'link');
    writeFileSync(file, 'precious');
    symlinkSync(file, link);
    expect((await usbxfer([...READ, '--bytes', '1k', '-o', link])).code).toBe(7);
    expect((await usbxfer([...READ, '--bytes', '1k', '-o', link, '--force'])).code).toBe(0);
    expect(isCounterPrefix(readFileSync(file))).toBe(true);
  });

  it('may not be a dangling link', async () => {
    const link = join(folder, 'link');
    symlinkSync('no\x1bwhere', link);
    const { stderr, code } = await usbxfer([...READ, '-o', link]);
    expect(code).toBe(7);
    expect(stderr).toMatch(/: is a link to no\\x1bwhere, which does not exist; [^\n]*\n$/);
  });

  it.each([
    ['.', 'is a directory'],
    ['no/such/folder/x.bin', 'no such file or directory'],
  ])('may not be %s', async (path, reason) => {
    const { stderr, code } = await usbxfer([...READ, '-o', path]);
    expect(code).toBe(7);
    expect(stderr).toContain(`cannot write ${path}: ${reason}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('may be a FIFO', async () => {
    const { stdout } = await shell(`
      usbxfer read --pid 5678 --bytes 100k -q -o '${fifo()}' & cat '${folder}/fifo'`);
    expect(stdout).toHaveLength(102_400);
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it('may be a process of the shell', async () => {
    const { stdout } = await shell('usbxfer read --pid 5678 --bytes 100k -q -o >(wc -c); wait $!');
    expect(stdout.toString().trim()).toBe('102400');
  });

  it('may be a character device', async () => {
    const { code } = await usbxfer([...READ, '--bytes', '1M', '-o', '/dev/null']);
    expect(code).toBe(0);
  });

  it.each([
    [['--append', '--force', '-o', 'x'], /'--append' cannot be used with option '--force'/],
    [['--append'], /--append needs -o FILE; the shell appends with >> FILE/],
    [['--fsync'], /--fsync needs a file on a disk; stdout is not one/],
    [['--fsync', '-o', '/dev/null'], /--fsync needs a file on a disk; \/dev\/null is not one/],
  ])('is refused with %j', async (args, message) => {
    const { stderr, code } = await usbxfer([...READ, '--bytes', '1k', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('is flushed to the disk at the end with --fsync', async () => {
    const named = await usbxfer([...READ, '--bytes', '1M', '--fsync', '-o', file]);
    expect([named.code, statSync(file).size]).toEqual([0, MIB]);
    const redirected = await shell(
      `usbxfer read --pid 5678 --bytes 1k --append --fsync -o '${file}' &&
        usbxfer read --pid 5678 --bytes 1k --fsync >> '${file}'`,
    );
    expect([redirected.code, statSync(file).size]).toEqual([0, MIB + 2048]);
  });
});

describe('stdout', () => {
  onLinux('closed at the start is reported, and nothing is opened', async () => {
    for (const output of ['-', '/dev/stdout', '/dev/fd/1']) {
      const { stderr, code } = await shell(`usbxfer read --pid 5678 -o ${output} >&-`);
      expect(stderr).toMatch(/^usbxfer: stdout is closed; redirect it .*-o FILE.*\n$/);
      expect(code).toBe(7);
    }
  });

  onLinux.each([
    'list',
    'info 1234:5678',
    'help sizes',
    'read --help',
    '--version',
    'completion bash',
    'watch --initial --count 1',
    'bench read 1234:5678 --scenario stall@0', // before it measures
    'tune 1234:5678 --scenario stall@0',
  ])('closed at the start is an output failure of usbxfer %s', async (args) => {
    const { stderr, code } = await shell(`usbxfer ${args} >&-`);
    expect(stderr).toMatch(/^usbxfer: stdout is closed; redirect it .*\/dev\/null.*\n$/);
    expect(code).toBe(7);
  });

  onLinux.each(['doctor', 'reset -d 1234:5678'])(
    'closed at the start does not matter to usbxfer %s, whose exit code is the result',
    async (args) => {
      const { stderr, code } = await shell(`usbxfer ${args} >&-`);
      expect([stderr, code]).toEqual(['', 0]);
    },
  );

  onLinux('closed at the start does not matter to a file', async () => {
    const { code } = await shell(`usbxfer read --pid 5678 --bytes 1M -o '${file}' >&-`);
    expect(code).toBe(0);
    expect(isCounterPrefix(readFileSync(file))).toBe(true);
  });

  it('on /dev/null does not count as closed', async () => {
    const { code } = await shell('usbxfer read --pid 5678 --bytes 1M > /dev/null');
    expect(code).toBe(0);
  });

  it('may not be a terminal', async () => {
    const { stdout, code } = await shell(
      `script -qec "'${process.execPath}' bin/usbxfer.js read --pid 5678" /dev/null < /dev/null`,
    );
    expect(stdout.toString()).toContain('will not write binary data to a terminal');
    expect(code).toBe(2);
  });

  it.each([
    '/dev/stdout',
    '/dev/fd/1',
    '/proc/self/fd/1',
  ])('as %s is the same file, written at its current offset', async (name) => {
    await shell(`exec > '${file}'; echo before
        usbxfer read --pid 5678 --bytes 1k -o ${name}; echo after`);
    const bytes = Buffer.concat([Buffer.from('before\n'), counterBytes(0, 1024)]);
    expect(readFileSync(file).equals(Buffer.concat([bytes, Buffer.from('after\n')]))).toBe(true);
  });

  it('as /dev/stdout may be a socket', async () => {
    // Node uses sockets as pipes between its processes.
    const { stdout, code } = await usbxfer([...READ, '--bytes', '1M', '-o', '/dev/stdout']);
    expect([stdout.length, code]).toEqual([MIB, 0]);
  });

  it('that is a non-blocking pipe loses nothing', async () => {
    const pipe = openSync(fifo(), constants.O_RDWR | constants.O_NONBLOCK);
    const run = shell(
      `(sleep 0.5; cat '${folder}/fifo') 3>&- &
       usbxfer read --pid 5678 --bytes 20M --json >&3 3>&-; code=$?
       exec 3>&-; wait; exit $code`,
      pipe,
    );
    closeSync(pipe);
    const { stdout, stderr, code } = await run;
    expect([stdout.length, code]).toEqual([20 * MIB, 0]);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(JSON.parse(stderr)).toMatchObject({ bytes_written: 20 * MIB, bytes_unwritten: 0 });
  });

  it('with a reader that sleeps throttles the device, and loses nothing', async () => {
    const { stdout, stderr, code } = await shell(
      'set -o pipefail; usbxfer read --pid 5678 --bytes 100M --json | (sleep 1; cat)',
    );
    expect([stdout.length, code]).toEqual([100 * MIB, 0]);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(JSON.parse(stderr)).toMatchObject({ end_reason: 'limit', bytes_unwritten: 0 });
  });
});

describe('an output that fails', () => {
  /** Checks that every received byte is written or counted as not written. */
  function expectFailure(json: string, code: number | null, error: RegExp): { written: number } {
    const summary = JSON.parse(json);
    expect(code).toBe(7);
    expect(summary).toMatchObject({ end_reason: 'output-failed', exit_code: 7 });
    expect(summary.error).toMatch(error);
    expect(summary.error).toContain(
      `${summary.bytes_written} of ${summary.bytes_received} bytes received were written`,
    );
    expect(summary.bytes_received).toBe(summary.bytes_written + summary.bytes_unwritten);
    expect(summary.bytes_received).toBeGreaterThan(0);
    return { written: summary.bytes_written };
  }

  it.skipIf(!existsSync('/dev/full'))('by a full disk (ENOSPC) exits 7', async () => {
    const { stdout, code } = await usbxfer([...READ, '--json', '-o', '/dev/full']);
    expect(
      expectFailure(stdout.toString(), code, /failed: no space left on device; \d+ of /),
    ).toEqual({
      written: 0,
    });
  });

  onLinux.each([
    ['-o', (path: string) => `-o '${path}'`],
    ['stdout', (path: string) => `> '${path}'`],
  ])('by a limit on file sizes (EFBIG) keeps what fits, through %s', async (_, to) => {
    // The unit is 1024 bytes.
    const { stderr, code } = await shell(
      `ulimit -f 1500; usbxfer read --pid 5678 --json=/dev/stderr ${to(file)}`,
    );
    const { written } = expectFailure(stderr, code, /file too large/);
    const bytes = readFileSync(file);
    expect([written, bytes.length]).toEqual([1_536_000, 1_536_000]);
    expect(isCounterPrefix(bytes)).toBe(true);
  });

  it('by a descriptor that cannot be written (EBADF) exits 7', async () => {
    const { stderr, code } = await shell('usbxfer read --pid 5678 --json 1< /dev/zero');
    expect(expectFailure(stderr, code, /bad file descriptor/)).toEqual({ written: 0 });
  });
});
