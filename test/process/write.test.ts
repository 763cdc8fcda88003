import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { violations } from './schema.js';
import { hasTmux, Terminal } from './terminal.js';
import { type Outcome, opened, shell, start, usbxfer } from './usbxfer.js';

const COUNTER = ['write', '-d', '1234:5678'];
const SIZE = 3_000_000;

const violated = violations('write');
const statsViolated = violations('write-stats');

let folder = '';
let file = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
beforeEach(() => {
  file = join(folder, 'data.bin');
  writeFileSync(file, '');
  truncateSync(file, SIZE);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(...args: string[]): Promise<Outcome> {
  return usbxfer([...COUNTER, '-i', file, ...args]);
}

/** Returns the JSON summary and checks it against its schema. */
async function summary(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout, code } = await write('--json', ...args);
  const record: Record<string, unknown> = JSON.parse(stdout.toString());
  expect(violated(record)).toBeUndefined();
  expect(record['exit_code']).toBe(code);
  return record;
}

describe('usbxfer write', () => {
  it('sends a whole file, and prints a summary on stderr', async () => {
    const { stdout, stderr, code } = await write();
    const lines = stderr
      .replace(/[\d.]+ s$/m, 'T')
      .replace(/[\d.]+ .iB\/s.*/, 'R')
      .split('\n')
      .filter((line) => !/^(throttled|starved| {2})/.test(line)); // if this machine is slow
    expect(lines).toEqual([
      `from       ${file}`,
      'to         1-1 (1234:5678 virtual counter), endpoint 0x02',
      'bytes      3000000 (2.86 MiB)',
      'time       T',
      'rate       R',
      'transfers  12',
      'ended      end of the input',
      '',
    ]);
    expect([code, stdout.length]).toEqual([0, 0]);
  });

  it.each([
    ['a file', 'usbxfer write --pid 5678 < "$FILE"'],
    ['a pipe', 'cat "$FILE" | usbxfer write --pid 5678 -i -'],
    ['a pipe by name', 'cat "$FILE" | usbxfer write --pid 5678 -i /dev/stdin'],
    [
      'a FIFO',
      'mkfifo "$FILE.fifo"; cat "$FILE" > "$FILE.fifo" & usbxfer write --pid 5678 -i "$FILE.fifo"',
    ],
  ])('sends all of %s', async (_, script) => {
    const { stderr, code } = await shell(`FILE='${file}'; ${script}`);
    expect(stderr).toMatch(/^bytes {6}3000000 /m);
    expect(stderr).toMatch(/^ended {6}end of the input$/m);
    expect(code).toBe(0);
  });

  it.each(['0x02', '02', '2', '0X2'])('accepts --ep %s', async (ep) => {
    expect(await summary('--ep', ep)).toMatchObject({ endpoint: '0x02', exit_code: 0 });
  });

  it('succeeds with an empty input', async () => {
    truncateSync(file, 0);
    expect(await summary()).toMatchObject({
      bytes_accepted: 0,
      transfers: 0,
      first_byte_seconds: null,
      end_reason: 'input-ended',
      exit_code: 0,
    });
  });

  it.each([
    [['--skip', '0'], SIZE],
    [['--skip', '1M'], SIZE - 1_048_576],
    [['--skip', '3MB'], 0],
    [['--bytes', '1MB'], 1_000_000],
    [['--bytes', '1MB', '--skip', '2MB'], 1_000_000],
    [['--bytes', '3MB'], SIZE],
  ])('with %j sends that part', async (args, bytes) => {
    const record = await summary(...args);
    expect(record).toMatchObject({ bytes_read: bytes, bytes_accepted: bytes, error: null });
    expect(record['resume_at']).toBe(Number(record['skip']) + bytes);
  });

  it('reads no more from a pipe than it sends', async () => {
    const { stdout } = await shell(
      `cat '${file}' | (usbxfer write --pid 5678 -q --bytes 1000000; wc -c)`,
    );
    expect(Number(stdout)).toBe(SIZE - 1_000_000);
  });

  it.each([
    [['--transfer-size', '1000000'], 3, 0],
    [['--transfer-size', '700001'], 5, 0],
    [['--transfer-size', '1', '--bytes', '500'], 500, 0],
    [['--transfer-size', '512', '--bytes', '5120', '--zlp', 'always'], 20, 10],
    [['--transfer-size', '500', '--bytes', '5120', '--zlp', 'always'], 11, 0],
    [['--transfer-size', '512', '--bytes', '5120', '--zlp', 'auto'], 11, 1],
    [['--transfer-size', '512', '--bytes', '5121', '--zlp', 'auto'], 11, 0],
    [['--transfer-size', '512', '--bytes', '5120'], 10, 0],
  ])('with %j sends %i transfers', async (args, transfers, zeroLengthPackets) => {
    expect(await summary(...args)).toMatchObject({
      transfers,
      zero_length_packets: zeroLengthPackets,
      exit_code: 0,
    });
  });

  it('prints one JSON object with --json', async () => {
    expect(await summary('--skip', '7', '--bytes', '1000')).toMatchObject({
      schema: 'usbxfer.write/2',
      device: { path: '1-1', bus: 1, address: 2, vid: '1234', pid: '5678', serial: 'V0001' },
      endpoint: '0x02',
      interface: 0,
      alternate_setting: 0,
      input: file,
      skip: 7,
      bytes_read: 1000,
      bytes_accepted: 1000,
      bytes_unsent: 0,
      bytes_after_gap: 0,
      resume_at: 1007,
      statuses: { completed: 1 },
      end_reason: 'limit',
      error_code: null,
    });
  });

  it('prints nothing with --quiet', async () => {
    expect((await write('-q')).stderr).toBe('');
  });
});

describe('the end of usbxfer write', () => {
  const limits = ['--skip', '100', '--idle-timeout', '200ms'];

  it.each([
    ['out-stall', 6, 'stall', 'endpoint 0x02 stalled: the device halted it'],
    ['out-silence', 8, 'idle', 'the device accepted nothing more before all data was sent'],
    ['out-unplug', 5, 'device-lost', 'the device was disconnected'],
  ])('by %s reports how much the device accepted, and exits %i', async (fault, exitCode, code, message) => {
    const record = await summary(...limits, '--scenario', `${fault}@1MiB`);
    expect(record).toMatchObject({
      bytes_accepted: 1_048_576,
      bytes_after_gap: 0,
      resume_at: 1_048_676,
      error: `${message}; the device accepted 1048576 bytes; --skip 1048676 sends the rest`,
      error_code: code,
      exit_code: exitCode,
    });
    expect(Number(record['bytes_unsent'])).toBeGreaterThan(0);
  });

  it.each([
    ['1', /^.*power supply; the device accepted 1048576 bytes; --skip 1048576 sends the rest$/],
    [
      '16',
      /^.*power supply; the device accepted 1048576 bytes(, and \d+ after the failed transfer; start over|; --)/,
    ],
  ])('by a protocol error, with %s transfers, suggests only a safe continuation', async (transfers, told) => {
    const scenario = ['--scenario', 'out-error@1MiB', '--transfers', transfers];
    const { error, ...record } = await summary(...scenario);
    expect(record).toMatchObject({ error_code: 'transfer-error', exit_code: 6 });
    expect(error).toMatch(told);
    expect(/after the failed transfer/.test(String(error))).toBe(
      Number(record['bytes_after_gap']) > 0,
    );
  });

  it('by a stall is where a second run continues', async () => {
    const first = await summary('--scenario', 'out-stall@1000000');
    const resumed = await summary('--skip', String(first['resume_at']));
    expect(resumed['exit_code']).toBe(0);
    expect(Number(first['bytes_accepted']) + Number(resumed['bytes_accepted'])).toBe(SIZE);
  });

  it('by a stall shows the remaining --bytes', async () => {
    const { stderr } = await write('--bytes', '2MiB', '--scenario', 'out-stall@1MiB');
    expect(stderr).toMatch(/; --skip 1048576 --bytes 1048576 sends the rest\n$/);
  });

  it('before --bytes is a failure', async () => {
    const record = await summary('--bytes', '4MB');
    expect(record).toMatchObject({
      end_reason: 'input-ended',
      error_code: 'short-input',
      exit_code: 8,
    });
    expect(record['error']).toMatch(
      /after 3000000 of 4000000 bytes \(--bytes\); .* accepted all of them$/,
    );
  });

  it('by --duration is a failure', async () => {
    const { error, ...record } = await summary('--scenario', 'rate=1M', '--duration', '300ms');
    expect(record).toMatchObject({ end_reason: 'duration', error_code: 'timeout', exit_code: 8 });
    expect(error).toMatch(
      /^the time limit \(--duration\) expired before all data was sent; the device accepted /,
    );
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s is a failure, and exits %i', async (signal, exitCode) => {
    const slow = ['--scenario', 'rate=1M', '--transfer-size', '16k', '--json'];
    const running = start([...COUNTER, '-i', file, ...slow, '--stats', '-', '--interval', '20ms']);
    let killed = false;
    running.child.stdout?.on('data', (records: Buffer) => {
      if (!killed && /"bytes_accepted":[1-9]/.test(records.toString())) {
        killed = running.child.kill(signal);
      }
    });
    const { stderr, code } = await running.outcome;
    const record = JSON.parse(stderr);
    expect(violated(record)).toBeUndefined();
    expect(record).toMatchObject({ end_reason: 'interrupted', signal, exit_code: exitCode });
    expect(record['error']).toBe(
      `${signal} before all data was sent; the device accepted ${record['bytes_accepted']} bytes; ` +
        `--skip ${record['resume_at']} sends the rest`,
    );
    expect(code).toBe(exitCode);
  });

  it('by the second signal is immediate, and reports what is known', async () => {
    const unanswered = ['--after', 'in vendor device 3 0 0 8'];
    const running = start([...COUNTER, '-i', file, '--scenario', 'rate=1M', ...unanswered]);
    await opened(running, file);
    running.child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 1100)); // not the same request
    running.child.kill('SIGINT');
    const { stderr, signal } = await running.outcome;
    expect(stderr).toMatch(
      /second SIGINT: exiting immediately; the device accepted at least \d+ bytes\n$/,
    );
    expect(signal).toBe('SIGINT');
  });
});

describe('usbxfer write with control requests', () => {
  it.each(['--before', '--after'])('reports a request that fails with %s', async (option) => {
    const record = await summary(option, 'out vendor device 1 1', option, 'out vendor device 9');
    expect(record).toMatchObject({ error_code: 'request-failed', exit_code: 6 });
    expect(record['error']).toMatch(
      /^the control request 'out vendor device 0x9 0x0 0x0' failed: the device .*; the device accepted (nothing|\d+ bytes)$/,
    );
  });

  it('sends no data if a request before it fails', async () => {
    const record = await summary('--before', 'out vendor device 9');
    expect(record).toMatchObject({ bytes_accepted: 0, transfers: 0, end_reason: 'request-failed' });
    expect(record['error']).toMatch(/the device accepted nothing$/);
  });

  it('sends the same data as without them', async () => {
    const around = ['--before', 'out vendor device 1 1', '--after', 'out vendor device 1 0'];
    expect(await summary(...around)).toMatchObject({ bytes_accepted: SIZE, exit_code: 0 });
  });
});

describe('what usbxfer write refuses', () => {
  it('includes an input with fewer bytes than --skip', async () => {
    const { stderr, code } = await write('--skip', '3000001');
    expect(stderr).toMatch(/^usbxfer: cannot read .*fewer than the 3000001 to skip\n$/);
    expect(code).toBe(7);
  });

  it('includes a closed stdin', async () => {
    const { stderr, code } = await shell('usbxfer write --pid 5678 <&-');
    expect(stderr).toMatch(/^usbxfer: stdin is closed; /);
    expect(code).toBe(7);
  });

  it('includes --stats to the pipe that is the input', async () => {
    const { stderr, code } = await shell(
      `mkfifo '${folder}/pipe'; usbxfer write --pid 5678 -i '${folder}/pipe' --stats '${folder}/pipe'`,
    );
    expect(stderr).toMatch(/^usbxfer: --stats .*pipe is where the data comes from; /);
    expect(code).toBe(2);
  });
});

describe('usbxfer write --stats', () => {
  it.each([
    ['all goes well', []],
    ['the device stalls', ['--scenario', 'rate=10M,out-stall@1M']],
    ['the device is unplugged', ['--scenario', 'rate=10M,out-unplug@1M']],
    ['nothing is there', ['--skip', '3MB']],
  ])('writes records that match the schema and the summary, when %s', async (_, args) => {
    const { stdout, code } = await write('-q', '--stats', '-', '--interval', '20ms', ...args);
    const records: Record<string, unknown>[] = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(statsViolated)).toEqual(records.map(() => undefined));
    const sent = records.reduce((sum, record) => sum + Number(record['interval_bytes_sent']), 0);
    expect(records.at(-1)).toMatchObject({
      schema: 'usbxfer.write-stats/2',
      final: true,
      bytes_accepted: sent,
      in_flight: 0,
      exit_code: code,
    });
    expect(records.slice(0, -1).every(({ final }) => final === false)).toBe(true);
  });
});

describe('the progress of usbxfer write', () => {
  it('is a status line with --interval', async () => {
    const { stderr } = await write('--scenario', 'rate=10M', '--interval', '50ms');
    expect(stderr).toMatch(/^0\.\d s: \d+ bytes \(.*\), .*\/s now, .*\/s on average/);
  });

  it.runIf(hasTmux)('is a line on the terminal, with a bar for a file', async () => {
    const terminal = new Terminal(120, 12, { FILE: file });
    try {
      terminal.type('usbxfer write --pid 5678 -i "$FILE" --scenario rate=1M --transfer-size 16k');
      await terminal.shows((lines) =>
        lines.some((line) => /█+░+ {2}\d.* of 2\.86 MiB {2}\d+ % .* left /.test(line)),
      );
      terminal.press('C-c');
      await terminal.shows((lines) => lines.some((line) => /^ended +SIGINT$/.test(line)));
    } finally {
      terminal.close();
    }
  });
});
