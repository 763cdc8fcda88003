import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/cli/errors/codes.js';
import { BINARY, listening, type Outcome, received, shell, start, usbxfer } from './usbxfer.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  writeFileSync(join(folder, 'precious'), 'precious');
  mkdirSync(join(folder, 'folder'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const onLinux = process.platform === 'linux';
const onPlainLinux = onLinux && !existsSync('/sys/bus/usb');

/** A module that is loaded before usbxfer and makes it fail once. */
const FAULT = `data:text/javascript,${encodeURIComponent(`
  const { padStart } = String.prototype;
  String.prototype.padStart = () => {
    String.prototype.padStart = padStart;
    throw new TypeError("planted\\n\\x1b[31m");
  };`)}`;

/** Runs a script in the folder. `$JSON` and `$STREAM_JSON` print JSON on stderr, or are empty. */
function run(script: string, json: boolean): Promise<Outcome> {
  return shell(
    `cd '${folder}'; JSON=${json ? '--json' : ''} STREAM_JSON=${json ? '--json=/dev/stderr' : ''}\n${script}`,
  );
}

// test/unit/cli/errors/printed.test.ts has the others.
describe.each<[ErrorCode, number, string, boolean?]>([
  ['internal', 1, `NODE_OPTIONS='--import=${FAULT}'; export NODE_OPTIONS; usbxfer list $JSON`],
  ['usage', 2, 'usbxfer read 1234:5678 1234:5679 $JSON'],
  [
    'stdout-is-terminal',
    2,
    `script -qec "'${process.execPath}' '${BINARY}' read --pid 5678 $JSON 2> words" /dev/null < /dev/null
     code=$?; cat words >&2; exit $code`,
  ],
  ['no-bus', 3, 'usbxfer read --backend libusb $JSON', onPlainLinux],
  ['no-such-device', 3, 'usbxfer read --vid dead $JSON'],
  ['no-memory', 4, 'usbxfer read --pid 5678 --scenario memory=1M --transfer-size 1M $JSON'],
  ['stdout-closed', 7, 'usbxfer read --pid 5678 $JSON >&-', onLinux],
  ['output-exists', 7, 'usbxfer read --pid 5678 -o precious $STREAM_JSON'],
  ['output-unsuitable', 7, 'usbxfer read --pid 5678 -o folder $STREAM_JSON'],
  ['cannot-open-output', 7, 'usbxfer read --pid 5678 -o nowhere/x $STREAM_JSON'],
  ['output-failed', 7, 'usbxfer list $JSON > /dev/full', onLinux],
])('%s exits %i: %s', (code, exitCode, script, possible = true) => {
  it.runIf(possible)('prints one line, or one JSON object with the same text', async () => {
    const text = await run(script, false);
    const json = await run(script, true);
    expect([text.stdout.toString(), json.stdout.toString()]).toEqual(['', '']);
    expect([text.code, json.code]).toEqual([exitCode, exitCode]);
    expect(text.stderr).toMatch(/^usbxfer: [^\p{Cc}]+\n$/u);
    const { schema, message, advice, ...rest } = JSON.parse(json.stderr);
    expect(schema).toBe('usbxfer.error/1');
    expect(rest).toMatchObject({ code, exit_code: exitCode });
    expect(rest).not.toHaveProperty('debug');
    const line = advice === undefined ? message : `${message}; ${advice}`;
    const shown = line.replace('\x1b', '\\x1b');
    expect(text.stderr).toBe(`usbxfer: ${shown}\n`);
  });
});

describe.each<[ErrorCode, number, string, boolean?]>([
  [
    'submit-failed',
    4,
    'usbxfer read --pid 5678 --transfers 1 --transfer-size 64KiB --scenario memory=65664 $JSON',
  ],
  ['device-lost', 5, 'usbxfer read --pid 5678 --scenario unplug@1k $JSON'],
  ['stall', 6, 'usbxfer read --pid 5678 --scenario stall@1k $JSON'],
  ['transfer-error', 6, 'usbxfer read --pid 5678 --scenario error@1k $JSON'],
  ['overflow', 6, 'usbxfer read --pid 5678 --scenario babble@1k $JSON'],
  ['gaps', 6, 'usbxfer read --pid 5678 --keep-going --bytes 1M --scenario stall@1k $JSON'],
  ['output-failed', 7, 'usbxfer read --pid 5678 -o /dev/full $STREAM_JSON', onLinux],
  ['idle', 8, 'usbxfer read --pid 5678 --idle-timeout 50ms --bytes 1M --scenario silence@1k $JSON'],
])('a capture that ends with %s exits %i', (code, exitCode, script, possible = true) => {
  it.runIf(possible)('prints the failure in the last line and in the summary', async () => {
    const text = await run(`${script} > /dev/null`, false);
    const json = await run(`${script} > /dev/null`, true);
    expect([text.code, json.code]).toEqual([exitCode, exitCode]);
    const summary = JSON.parse(json.stderr);
    expect(summary).toMatchObject({ error_code: code, exit_code: exitCode });
    expect(summary.error).toMatch(/^[^\p{Cc}]+$/u);
    const last = text.stderr.trimEnd().split('\n').at(-1) ?? '';
    expect(withoutNumbers(last)).toBe(`usbxfer: ${withoutNumbers(summary.error)}`);
  });
});

/** The number of bytes received after a failure varies. */
function withoutNumbers(text: string): string {
  return text.replace(/\d{3,}/g, 'N');
}

it('a successful capture has no error and no error code', async () => {
  const { stderr } = await usbxfer(['read', '--pid', '5678', '--bytes', '1k', '--json', '--debug']);
  const summary = JSON.parse(stderr);
  expect(summary).toMatchObject({ error: null, error_code: null, exit_code: 0 });
  expect(summary).not.toHaveProperty('debug');
});

describe('a signal', () => {
  it.runIf(onLinux)('during the wait for the device is a failure with a code', async () => {
    const running = start(['read', '--vid', 'dead', '--wait', '--json'], { _: '' });
    await listening(running);
    running.child.kill('SIGTERM');
    const { stdout, stderr, code } = await running.outcome;
    expect([stdout.length, code]).toEqual([0, 143]);
    expect(JSON.parse(stderr)).toEqual({
      schema: 'usbxfer.error/1',
      code: 'interrupted',
      message: 'SIGTERM while waiting for the device',
      exit_code: 143,
    });
  });

  it('before the limit is a failure', async () => {
    const args = ['read', '--pid', '5678', '--bytes', '1T', '--scenario', 'rate=20M', '--json'];
    const running = start(args);
    await received(running, 1);
    running.child.kill('SIGINT');
    const { stderr, code } = await running.outcome;
    expect(code).toBe(130);
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: 'interrupted',
      error: expect.stringMatching(
        /^SIGINT before --bytes was reached; the \d+ bytes before it were written$/,
      ),
      error_code: 'interrupted',
      exit_code: 130,
    });
  });
});

describe('--json', () => {
  it('contains the native error code of the system', async () => {
    const output = join(folder, 'nowhere', 'x');
    const { stdout } = await usbxfer(['read', '--pid', '5678', '-o', output, '--json']);
    const { native } = JSON.parse(stdout.toString());
    expect(native).toMatchObject({ code: 'ENOENT', syscall: 'open' });
    expect(native.errno).toBeLessThan(0);
  });

  it('is not an option after --', async () => {
    const { stderr, code } = await usbxfer(['read', '--', '--json']);
    expect([stderr.split(':')[0], code]).toEqual(['usbxfer', 2]);
  });
});

describe('--debug', () => {
  const name = 'no\x1b]0;where\x07\n/x';
  const args = ['read', '--pid', '5678', '-o', name];

  it.each([
    [['--debug', ...args], {}],
    [[...args, '--debug'], {}],
    [args, { USBXFER_DEBUG: '1' }],
  ])('prints the causes before the last line: %j %j', async (given, env) => {
    const plain = await usbxfer(args);
    const { stderr, stdout, code } = await usbxfer(given, env);
    expect([stdout.length, code]).toEqual([0, 7]);
    expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    const lines = stderr.split('\n');
    expect(`${lines.at(-2)}\n`).toBe(plain.stderr);
    expect(lines[0]).toMatch(/^debug: CliError: cannot write no\\x1b\]0;where/);
    expect(lines[1]).toMatch(/^ {4}at .*\/stream\.js:/);
    const cause = lines.find((line) => line.startsWith('caused by: '));
    expect(cause).toMatch(/^caused by: Error: ENOENT: .* \(ENOENT, errno -\d+, open\)$/);
  });

  it('is not enabled by an empty USBXFER_DEBUG', async () => {
    const { stderr } = await usbxfer(args, { USBXFER_DEBUG: '' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('prints nothing if nothing fails', async () => {
    const { stderr, code } = await usbxfer(['list', '--debug']);
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('adds to the object of --json', async () => {
    const { stderr } = await usbxfer([...args, '--json=/dev/stderr', '--debug']);
    expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    const { code, debug } = JSON.parse(stderr);
    expect(code).toBe('cannot-open-output');
    expect(debug.causes).toMatchObject([
      {
        name: 'CliError',
        stack: expect.arrayContaining([expect.stringMatching(/^at .*\/base\.js:/)]),
      },
      { name: 'Error', native: { code: 'ENOENT', syscall: 'open' } },
    ]);
    expect(debug.causes[1].message).toContain(name);
  });

  it('prints the location of an internal error', async () => {
    const { stderr } = await usbxfer(['list', '--debug'], { NODE_OPTIONS: `--import=${FAULT}` });
    expect(stderr).toMatch(
      /^debug: TypeError: planted\\x0a\\x1b\[31m\n {4}at .*\n {4}at \w+ \(.*\/base\.js:/,
    );
    expect(stderr).toMatch(
      /\nusbxfer: internal error: planted \\x1b\[31m; please report it[^\n]*\n$/,
    );
  });

  it.runIf(onLinux)('prints the cause that ended a capture', async () => {
    const full = ['read', '--pid', '5678', '-o', '/dev/full', '--debug'];
    const text = await usbxfer([...full, '--quiet']);
    expect(text.stderr).toMatch(
      /^debug: Error: ENOSPC: .* \(ENOSPC, errno -\d+, write\)\n( {4}at .*\n)*usbxfer: the output failed: [^\n]*\n$/,
    );
    const json = await usbxfer([...full, '--json']);
    expect(JSON.parse(json.stdout.toString()).debug.causes).toMatchObject([
      { name: 'Error', native: { code: 'ENOSPC', syscall: 'write' } },
    ]);
  });
});
