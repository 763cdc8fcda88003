import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { counterBytes, isCounterPrefix } from '../support/counter-stream.js';
import { violations } from './schema.js';
import { BINARY, type Outcome, received, shell, start, usbxfer } from './usbxfer.js';

const LOOPBACK = ['pipe', '-d', '1234:5679', '--linger', '200ms'];
const COUNTER = ['pipe', '-d', '1234:5678', '--linger', '200ms'];
const INPUT = counterBytes(0, 1_000_001);

const violated = violations('pipe');
const statsViolated = violations('pipe-stats');

let folder = '';
let file = '';
let output = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  file = join(folder, 'ask.bin');
  output = join(folder, 'reply.bin');
  writeFileSync(file, INPUT);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Returns the JSON summary and checks it against its schema. */
function recordOf({ stderr, code }: Outcome) {
  const record = JSON.parse(stderr);
  expect(violated(record)).toBeUndefined();
  expect(record.exit_code).toBe(code);
  return record;
}

describe('usbxfer pipe', () => {
  it('sends its input and writes the response', async () => {
    const { stdout, stderr, code } = await usbxfer([...LOOPBACK, '-i', file]);
    expect(stdout.equals(INPUT)).toBe(true);
    const lines = stderr
      .split('\n')
      .filter((line) => /^(from|to|bytes|ended)/.test(line))
      .map((line) => line.replace(/ +/g, ' '));
    expect(lines).toEqual([
      `from ${file}`,
      'to 1-2 (1234:5679 virtual loopback), endpoint 0x01',
      'bytes 1000001 (977 KiB)',
      'from 1-2 (1234:5679 virtual loopback), endpoint 0x81',
      'to stdout',
      'bytes 1000001 (977 KiB)',
      'ended end of the input',
    ]);
    expect(code).toBe(0);
  });

  it.each([
    [[], 'speed=high'],
    [['--transfers', '1', '--transfer-size', '700'], 'speed=full'],
    [['--in', '1', '--out', '0x01', '--zlp', 'auto'], 'speed=super'],
    [['--transfer-size', '512', '--zlp', 'always'], 'rate=20M'],
  ])('with %j and %s', async (args, scenario) => {
    const outcome = await shell(
      `head -c 512000 '${file}' | usbxfer ${LOOPBACK.join(' ')} --scenario ${scenario} ${args.join(' ')} --json`,
    );
    expect(outcome.stdout.equals(INPUT.subarray(0, 512_000))).toBe(true);
    expect(recordOf(outcome)).toMatchObject({
      end_reason: 'input-ended',
      in: { endpoint: '0x81', bytes_written: 512_000 },
      out: { endpoint: '0x01', bytes_accepted: 512_000, bytes_unsent: 0 },
      error: null,
    });
  });

  it('sends typed input immediately, also a few bytes', async () => {
    const args = [BINARY, 'pipe', '--backend', 'virtual', '-d', '1234:5679', '-q'];
    const child = spawn(process.execPath, [...args, '--linger', '50ms']);
    for (const word of ['a', 'bc', 'def']) {
      child.stdin.write(word);
      const [reply] = await once(child.stdout, 'data');
      expect(String(reply)).toBe(word);
    }
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('waits for the response after the end of the input', async () => {
    const args = ['--scenario', 'silence@0=300ms,silence@1000', '--linger', '1s'];
    const { stdout, code } = await usbxfer([...COUNTER, ...args]);
    expect(stdout.equals(counterBytes(0, 1000))).toBe(true);
    expect(code).toBe(0);
  });

  it('stops at --bytes and requests no more', async () => {
    const { stdout, code } = await usbxfer([...COUNTER, '-q', '--bytes', '100000']);
    expect(stdout.equals(counterBytes(0, 100_000))).toBe(true);
    expect(code).toBe(0);
  });

  it('sends the whole input after the reader closed the output', async () => {
    const outcome = await shell(
      `usbxfer ${LOOPBACK.join(' ')} -i '${file}' --scenario rate=2M --json | head -c 1000; exit \${PIPESTATUS[0]}`,
    );
    expect(outcome.stdout).toHaveLength(1000);
    const record = recordOf(outcome);
    expect(record).toMatchObject({
      end_reason: 'reader-closed',
      out: { bytes_accepted: INPUT.length },
    });
    expect(record.in.bytes_unwritten).toBe(record.in.bytes_received - record.in.bytes_written);
  });

  it('reports that it continues to send after the reader closed the output', async () => {
    const { stderr } = await shell(
      `usbxfer ${LOOPBACK.join(' ')} -i '${file}' --scenario rate=2M | head -c 1000`,
    );
    expect(stderr).toMatch(/^usbxfer: the reader of the output is gone; sending the rest [^\n]*\n/);
  });

  it('fails if the device sends nothing more before --bytes', async () => {
    const outcome = await usbxfer([...LOOPBACK, '-i', file, '--bytes', '2000000', '--json']);
    expect(outcome.stdout.equals(INPUT)).toBe(true);
    const record = recordOf(outcome);
    expect(record).toMatchObject({ end_reason: 'input-ended', error_code: 'idle', exit_code: 8 });
    expect(record.error).toMatch(
      /^the device sent nothing more before --bytes.* 1000001 of 1000001 bytes received were written$/,
    );
  });

  it.each([
    'usbxfer pipe --pid 5679 -i "$FILE" -o "$FILE" --force',
    'usbxfer pipe --pid 5679 -i "$FILE" -o "$FILE" --append',
    'ln -sf "$FILE" "$FILE.link"; usbxfer pipe --pid 5679 -i "$FILE" -o "$FILE.link" --force',
    'usbxfer pipe --pid 5679 -o "$FILE" --force < "$FILE"',
    'usbxfer pipe --pid 5679 < "$FILE" >> "$FILE"',
  ])('does not write to its own input: %s', async (script) => {
    const same = join(folder, 'same');
    writeFileSync(same, INPUT);
    const { stderr, code } = await shell(`FILE='${same}'; ${script}`);
    expect(stderr).toMatch(/^usbxfer: .*(in use for something else|stdout is the input file); /);
    expect([readFileSync(same).equals(INPUT), code]).toEqual([true, 7]);
  });

  it('writes to a new file and overwrites no existing file', async () => {
    const { code } = await usbxfer([...LOOPBACK, '-i', file, '-o', output]);
    expect(code).toBe(0);
    expect(readFileSync(output).equals(INPUT)).toBe(true);
    const refused = await usbxfer([...LOOPBACK, '-i', file, '-o', output]);
    expect(refused.stderr).toMatch(/already exists/);
    expect(refused.code).toBe(7);
  });

  it.each([
    ['out-stall@100000', 6, 'stall', /endpoint 0x02 stalled.* accepted 99840 of /],
    ['stall@100000', 6, 'stall', /endpoint 0x82 stalled/],
    [
      'out-unplug@100000',
      5,
      'device-lost',
      /the device was disconnected; the device accepted \d+ of \d+ bytes read/,
    ],
  ])('%s ends both', async (scenario, exitCode, errorCode, message) => {
    const args = ['-i', file, '--scenario', `${scenario},rate=20M`, '--json'];
    const outcome = await usbxfer([...COUNTER, ...args]);
    const record = recordOf(outcome);
    expect([record.exit_code, record.error_code]).toEqual([exitCode, errorCode]);
    expect(record.error).toMatch(message);
    expect(isCounterPrefix(outcome.stdout)).toBe(true);
    expect(record.out.bytes_accepted + record.out.bytes_unsent).toBe(record.out.bytes_read);
  });

  it.each([
    ['all that was read is sent', '/dev/null', ['--linger', 'forever'], 0],
    ['a limit was asked for', '/dev/null', ['--linger', 'forever', '--bytes', '1G'], 130],
    ['the device lacks some of it', '/dev/zero', [], 130],
  ])('the exit code after SIGINT depends on the goal: %s', async (_, input, args, exitCode) => {
    const running = start([...COUNTER, '-i', input, '--scenario', 'rate=20M', '-q', ...args]);
    await received(running, 100_000);
    running.child.kill('SIGINT');
    const { stdout, code } = await running.outcome;
    expect(code).toBe(exitCode);
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it.each([
    ['none, of an input that waits', '/dev/null', 'speed=high', 0],
    ['some', 'package.json', 'out-silence@0', 8],
    ['some, of an input without an end', '/dev/zero', 'out-silence@0', 0],
  ])('the exit code after --duration depends on unsent bytes: %s', async (_, input, scenario, exitCode) => {
    const args = ['-i', input, '--scenario', scenario, '--duration', '300ms', '-q'];
    const { code } = await usbxfer([...COUNTER, ...args, '-o', '/dev/null', '--linger', 'forever']);
    expect(code).toBe(exitCode);
  });

  it('starts and stops a device with control requests', async () => {
    const { stdout, code } = await usbxfer([
      ...[...COUNTER, '--scenario', 'start=request', '--bytes', '10000'],
      ...['--before', 'out vendor device 1 1', '--after', 'out vendor device 1 0'],
    ]);
    expect([stdout.length, code]).toEqual([10_000, 0]);
  });

  it('writes records of both directions with --stats', async () => {
    const stats = join(folder, 'stats');
    const args = ['--scenario', 'rate=2M', '--interval', '50ms', '--stats', stats, '-q'];
    await usbxfer([...LOOPBACK, '-i', file, ...args]);
    const records = readFileSync(stats, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.length).toBeGreaterThan(2);
    expect(records.map(statsViolated)).toEqual(records.map(() => undefined));
    expect(records.at(-1)).toMatchObject({
      final: true,
      in: { bytes_written: INPUT.length },
      out: { bytes_accepted: INPUT.length },
      end_reason: 'input-ended',
    });
  });

  it('prints status lines of both directions with --interval', async () => {
    const args = ['--scenario', 'rate=2M', '--interval', '50ms'];
    const { stderr } = await usbxfer([...LOOPBACK, '-i', file, ...args]);
    expect(stderr).toMatch(/^in: [\d.]+ s: \d+ bytes .*; out: [\d.]+ s: \d+ bytes /m);
  });
});
