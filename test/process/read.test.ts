import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCounterPrefix } from '../support/counter-stream.js';
import { BINARY, shell, usbxfer } from './usbxfer.js';

const COUNTER = ['read', '--vid', '1234', '--pid', '5678', '--ep', '0x82'];
const MIB = 1024 * 1024;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('usbxfer read', () => {
  it('streams exactly the requested bytes to stdout, and a summary to stderr', async () => {
    const { stdout, stderr, code } = await usbxfer([...COUNTER, '--bytes', '64MiB']);
    expect(code).toBe(0);
    expect(stdout).toHaveLength(64 * MIB);
    expect(isCounterPrefix(stdout)).toBe(true);
    const [first, ...rest] = stderr
      .replace(/[\d.]+ s$/m, 'T')
      .replace(/[\d.]+ .iB\/s.*/, 'R')
      .split('\n');
    expect(first).toBe('from       1-1 (1234:5678 virtual counter), endpoint 0x82');
    expect(rest).toEqual([
      'to         stdout',
      'bytes      67108864 (64.0 MiB)',
      'time       T',
      'rate       R',
      'transfers  256',
      'ended      limit reached (--bytes)',
      '',
    ]);
  });

  it.each(['0x82', '82', '2', '0X82'])('accepts --ep %s', async (ep) => {
    const { stdout, code } = await usbxfer([
      'read',
      '-d',
      '1234:5678',
      '--ep',
      ep,
      '--bytes',
      '1k',
    ]);
    expect([code, stdout.length]).toEqual([0, 1024]);
  });

  it('reads each report of an interrupt endpoint as it comes', async () => {
    const args = ['read', '-d', '1234:5678', '--ep', '0x84', '--count', '5'];
    const { stdout, code } = await usbxfer(args);
    expect([code, stdout.length, isCounterPrefix(stdout)]).toEqual([0, 40, true]);
  });

  it('uses the only bulk IN endpoint by default', async () => {
    const { stdout, code } = await usbxfer(['read', '-d', '1234:5678', '--bytes', '1000']);
    expect([code, stdout.length]).toEqual([0, 1000]);
  });

  it.each([
    ['--path', '1-1'],
    ['--serial', 'V0001'],
    ['--bus', '1', '--address', '002'],
    ['--vid', '0x1234', '--pid', '5678'],
    ['--interface', '0', '--pid', '5678'],
    ['--alt', '1', '--pid', '5678'],
  ])('selects by %s', async (...selection) => {
    const { code, stderr } = await usbxfer(['read', ...selection, '--bytes', '1k']);
    expect(stderr).toMatch(/^bytes +1024 /m);
    expect(code).toBe(0);
  });

  it.each([
    ['1', '512'],
    ['2', '1000'],
    ['16', '256KiB'],
    ['64', '4k'],
  ])('keeps the order with %s transfers of %s', async (transfers, size) => {
    const args = [...COUNTER, '--transfers', transfers, '--transfer-size', size];
    const { stdout, code } = await usbxfer([...args, '--bytes', '3000000']);
    expect(code).toBe(0);
    expect(stdout).toHaveLength(3_000_000);
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it('stops after --duration and writes all received data', async () => {
    const args = [...COUNTER, '--duration', '300ms', '--scenario', 'rate=4M', '--json'];
    const { stdout, stderr, code } = await usbxfer(args);
    const summary = JSON.parse(stderr);
    expect(code).toBe(0);
    expect(summary).toMatchObject({ end_reason: 'duration', bytes_written: stdout.length });
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it('fails if --duration ends before --bytes', async () => {
    const args = [...COUNTER, '--duration', '200ms', '--scenario', 'rate=1M', '--json'];
    const { stderr, code } = await usbxfer([...args, '--bytes', '1GiB']);
    expect(code).toBe(8);
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: 'duration',
      limit: 'duration',
      error_code: 'timeout',
      error: expect.stringMatching(
        /^the time limit \(--duration\) expired before --bytes was reached; the \d+ bytes before it were written$/,
      ),
    });
  });

  it('prints one JSON object with --json', async () => {
    const { stderr } = await usbxfer([...COUNTER, '--bytes', '1MB', '--json']);
    expect(JSON.parse(stderr)).toMatchObject({
      schema: 'usbxfer.read/2',
      device: { path: '1-1', bus: 1, address: 2, vid: '1234', pid: '5678', serial: 'V0001' },
      endpoint: '0x82',
      interface: 0,
      alternate_setting: 0,
      bytes_received: 1_000_448,
      bytes_written: 1_000_000,
      bytes_discarded: 448,
      bytes_unwritten: 0,
      statuses: {
        completed: 4,
        error: 0,
        timed_out: 0,
        cancelled: 0,
        stall: 0,
        no_device: 0,
        overflow: 0,
      },
      end_reason: 'limit',
      signal: null,
      error: null,
      exit_code: 0,
    });
  });

  it('prints nothing with --quiet', async () => {
    const { stderr } = await usbxfer([...COUNTER, '--bytes', '1k', '-q']);
    expect(stderr).toBe('');
  });

  it('prefers --backend over the environment', async () => {
    const env = { USBXFER_BACKEND: 'libusb' };
    const { code } = await usbxfer([...COUNTER, '--bytes', '1k', '--backend', 'virtual'], env);
    expect(code).toBe(0);
    const empty = await usbxfer([...COUNTER, '--backend', 'virtual', '--bytes', '1k'], {
      USBXFER_BACKEND: '',
    });
    expect(empty.code).toBe(0);
  });

  it('reads the scenario from a file', async () => {
    const file = join(folder, 'faults.scenario');
    writeFileSync(file, '# halts after a kilobyte\nrate=unlimited\nstall@1k\n');
    const { stdout, code } = await usbxfer([...COUNTER, '--scenario', `@${file}`]);
    expect([code, stdout.length]).toEqual([6, 1024]);
  });
});

describe('the end of usbxfer read', () => {
  it.each([
    ['stall@1MiB', 6, /endpoint 0x82 stalled: .*; the 1048576 bytes before it were written\n$/],
    ['error@1MiB', 6, /error on endpoint 0x82: .*; 1048576 of the \d+ bytes written precede it\n$/],
    ['babble@1MiB', 6, /endpoint 0x82 overflowed: .*; 1048576 of the \d+ bytes written precede it/],
    ['unplug@1MiB', 5, /the device was disconnected; the 1048576 bytes before it were written\n$/],
  ])('with %s keeps every byte before it and exits %i', async (scenario, exitCode, message) => {
    const { stdout, stderr, code } = await usbxfer([...COUNTER, '--scenario', scenario]);
    expect(code).toBe(exitCode);
    expect(stdout.length).toBeGreaterThanOrEqual(MIB);
    expect(isCounterPrefix(stdout.subarray(0, MIB))).toBe(true);
    expect(stderr).toMatch(message);
  });

  it('is clean when the reader closes the pipe', async () => {
    const { stdout, stderr, code } = await shell(
      'set -o pipefail; usbxfer read --pid 5678 | head -c 1000 | wc -c; echo "$PIPESTATUS"',
    );
    expect(stdout.toString().split(/\s+/).slice(0, 2)).toEqual(['1000', '0']);
    expect(stderr).toMatch(/^ +not written: \d+ not accepted by the output$/m);
    expect(stderr).toMatch(/^ended +the reader closed the pipe$/m);
    expect(code).toBe(0);
  });

  it('is clean when the reader resets its TCP connection', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const output = connect(port, '127.0.0.1');
    await once(output, 'connect');
    const child = spawn(process.execPath, [BINARY, ...COUNTER, '--json=/dev/stderr'], {
      stdio: ['ignore', output, 'pipe'],
      env: { ...process.env, USBXFER_BACKEND: 'virtual' },
    });
    output.destroy();
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    server.close();
    expect(JSON.parse(stderr)).toMatchObject({ end_reason: 'reader-closed', error: null });
    expect(code).toBe(0);
  });
});

describe('what usbxfer read refuses', () => {
  // test/unit/cli/commands/refusals.test.ts has the others.
  it.each([
    [2, ['--bytes', '-1'], /it must be above 0/],
    [3, ['--vid', 'dead'], /no such device/],
    [7, ['--pid', '5678', '--scenario', '@/no/such/file'], /cannot read/],
  ])('exits %i for %j, in one line', async (exitCode, args, message) => {
    const { stdout, stderr, code } = await usbxfer(['read', ...args]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^usbxfer: [^\n]+\n$/);
    expect([code, stdout.length]).toEqual([exitCode, 0]);
  });

  it('creates no file if there is no device', async () => {
    const file = join(folder, 'never.bin');
    const { code } = await usbxfer(['read', '--vid', 'dead', '-o', file]);
    expect(code).toBe(3);
    expect(existsSync(file)).toBe(false);
  });

  it('shows no control character of its arguments', async () => {
    const { stderr } = await usbxfer(['read', '--vid', '\x1b]0;owned\x07']);
    expect(stderr.trimEnd()).not.toMatch(/\p{Cc}/u);
    expect(stderr).toContain('\\x1b]0;owned\\x07');
  });
});
