import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCounterPrefix } from '../support/counter-stream.js';
import { violations } from './schema.js';
import { BINARY, opened, type Running, received, shell, start } from './usbxfer.js';

const READ = ['read', '--pid', '5678'];

/** The variable that nohup sets: these tests may run under it. */
const ENVIRONMENT = { _: '' };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

// These tests wait most of the time.
const CONCURRENT = { concurrent: true };

/** After this time in milliseconds, a signal is a second one. */
const SECOND = 1100;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resolves when a process exits, even if another process still holds its output. */
function exited({ child }: Running): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
  });
}

/** A capture whose reader has stopped and whose pipe is full. */
async function withStuckReader(...options: string[]): Promise<Running> {
  const running = start([...READ, ...options], ENVIRONMENT);
  await received(running, 1);
  running.child.stdout?.pause();
  await pause(300);
  return running;
}

/** Checks the last message against the output of the process. */
function expectLastWords(stderr: string, stdout: Buffer, why: RegExp): void {
  const [, written, missing] =
    /; at least (\d+) bytes were written, at most (\d+) received but not written\n$/.exec(stderr) ??
    [];
  expect(stderr).toMatch(why);
  expect(stdout.length).toBeGreaterThanOrEqual(Number(written));
  expect(stdout.length).toBeLessThanOrEqual(Number(written) + Number(missing));
  expect(isCounterPrefix(stdout)).toBe(true);
}

describe('the first signal', CONCURRENT, () => {
  it.each([
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
  ] as const)('%s is a clean end without a limit', async (signal) => {
    const running = start([...READ, '--scenario', 'rate=20M', '--json'], ENVIRONMENT);
    await received(running, 100_000);
    running.child.kill(signal);
    const { stdout, stderr, code } = await running.outcome;
    const summary = JSON.parse(stderr);
    expect(code).toBe(0);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(summary).toMatchObject({
      end_reason: 'interrupted',
      signal,
      bytes_written: stdout.length,
    });
    expect(summary.statuses.cancelled).toBeGreaterThan(0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s before a limit exits %i', async (signal, exitCode) => {
    const running = start([...READ, '--scenario', 'rate=20M', '--bytes', '1T'], ENVIRONMENT);
    await received(running, 100_000);
    running.child.kill(signal);
    const { stdout, code } = await running.outcome;
    expect(code).toBe(exitCode);
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it('ends a capture from a silent device, with the data of its cancelled transfers', async () => {
    const size = ['--transfer-size', '16k'];
    const running = start([...READ, ...size, '--scenario', 'silence@100k'], ENVIRONMENT);
    await received(running, 96 * 1024);
    running.child.kill('SIGINT');
    const { stdout, code } = await running.outcome;
    expect([code, stdout.length]).toEqual([0, 100 * 1024]);
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it.skipIf(process.platform !== 'linux')('ends the wait for the reader of a FIFO', async () => {
    const [input, output] = [join(folder, 'input'), join(folder, 'output')];
    execFileSync('mkfifo', [input, output]);
    const running = start(['pipe', '--pid', '5679', '-i', input, '-o', output], ENVIRONMENT);
    await opened(running, input);
    running.child.kill('SIGTERM');
    const { stderr, code } = await running.outcome;
    expect(stderr).toBe(`usbxfer: SIGTERM while waiting for a reader of ${output}\n`);
    expect(code).toBe(143);
  });

  it('waits for a slow reader to read all received data', async () => {
    const running = await withStuckReader();
    running.child.kill('SIGINT');
    await pause(1000);
    running.child.stdout?.resume();
    const { stdout, stderr, code } = await running.outcome;
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^bytes +${stdout.length} `, 'm'));
    expect(stderr).not.toContain('not written');
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it('waits longer for a large write', async () => {
    const running = start(['read', '-d', '1234:5678', '--buffer', '16M']);
    await received(running, 64 * 1024 * 1024); // fast enough for the largest writes
    running.child.stdout?.pause();
    await pause(200);
    running.child.kill('SIGINT');
    await pause(6000);
    running.child.stdout?.resume();
    const { stdout, stderr, code } = await running.outcome;
    expect(stderr).not.toContain('gave up');
    expect(stderr).toMatch(new RegExp(`^bytes +${stdout.length} `, 'm'));
    expect(code).toBe(0);
  });

  it('gives up on a reader that never reads, and dies by the signal', async () => {
    const running = await withStuckReader();
    running.child.kill('SIGTERM');
    expect(await exited(running)).toBe('SIGTERM');
    running.child.stdout?.resume();
    const { stdout, stderr } = await running.outcome;
    expectLastWords(stderr, stdout, /^usbxfer: SIGTERM: no output progress for \d+ s: giving up;/);
  });
});

describe('a repeated signal', CONCURRENT, () => {
  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGHUP', 'SIGHUP'],
    ['SIGINT', 'SIGTERM'],
  ] as const)('within a second of the first, is the same request: %s, %s', async (first, second) => {
    const running = await withStuckReader('--json');
    running.child.kill(first);
    await pause(3); // signals of one kind would merge
    running.child.kill(second);
    await pause(300);
    running.child.stdout?.resume();
    const { stdout, stderr, code } = await running.outcome;
    const summary = JSON.parse(stderr);
    expect(summary).toMatchObject({
      end_reason: 'interrupted',
      bytes_written: stdout.length,
      bytes_unwritten: 0,
    });
    // If the process does not run between them, the kernel delivers both at once, in no certain order.
    expect([first, second]).toContain(summary.signal);
    expect([isCounterPrefix(stdout), code]).toEqual([true, 0]);
  });
});

describe('a signal after the summary', () => {
  it('does not change the exit status', async () => {
    for (let round = 0; round < 4; round += 1) {
      const running = start([...READ, '--bytes', '1M', '--json'], ENVIRONMENT);
      running.child.stdout?.resume();
      running.child.stderr?.once('data', function flood() {
        if (running.child.kill('SIGTERM') && running.child.exitCode === null) {
          setImmediate(flood);
        }
      });
      const { stderr, code, signal } = await running.outcome;
      expect(JSON.parse(stderr)).toMatchObject({ signal: null, exit_code: 0 });
      expect([code, signal]).toEqual([0, null]);
    }
  });
});

describe('the second signal', CONCURRENT, () => {
  it.each([
    ['SIGINT', 'SIGINT'],
    ['SIGINT', 'SIGTERM'],
    ['SIGTERM', 'SIGHUP'],
  ] as const)('after %s, %s, exits immediately', async (first, second) => {
    const running = await withStuckReader();
    running.child.kill(first);
    await pause(SECOND);
    running.child.kill(second);
    expect(await exited(running)).toBe(second);
    running.child.stdout?.resume();
    const { stdout, stderr } = await running.outcome;
    const why = new RegExp(`^usbxfer: second ${second}: exiting immediately;`);
    expectLastWords(stderr, stdout, why);
  });

  it('prints an object with --json', async () => {
    const running = await withStuckReader('--json');
    running.child.kill('SIGINT');
    await pause(SECOND);
    running.child.kill('SIGTERM');
    expect(await exited(running)).toBe('SIGTERM');
    running.child.stdout?.resume();
    const { stderr } = await running.outcome;
    const record = JSON.parse(stderr);
    expect(violations('error')(record)).toBeUndefined();
    expect(record).toMatchObject({
      code: 'interrupted',
      message: expect.stringMatching(/^second SIGTERM: exiting immediately; at least \d+ bytes/),
      exit_code: 143,
    });
  });
});

describe('nohup', CONCURRENT, () => {
  /** Runs a capture under nohup, sends SIGHUP, and ends it by another signal. */
  const script = (output: string): string => `
    nohup '${process.execPath}' '${BINARY}' read --pid 5678 --scenario rate=20M --json=/dev/stderr \\
      -o ${output} > /dev/null 2> ${output}.json &
    until [[ -s ${output} ]]; do sleep 0.05; done
    kill -HUP $!; sleep 0.3; kill -TERM $!; wait $!`;

  it('makes SIGHUP ignored in a script', async () => {
    const output = join(folder, 'script');
    const { code } = await shell(script(output));
    const summary = JSON.parse(readFileSync(`${output}.json`, 'utf8'));
    expect(summary).toMatchObject({ end_reason: 'interrupted', signal: 'SIGTERM' });
    expect(code).toBe(0);
  });

  it('makes SIGHUP ignored on a terminal, under a shell that does not set the variable', async () => {
    const output = join(folder, 'terminal');
    // Without job control (set -m), the shell itself would replace stdin.
    const { stdout } = await shell(`
      cat > ${output}.sh <<'END'
      set -m
      ${script(output).replace('nohup', 'nohup env _=')}
END
      script -qec 'bash ${output}.sh' /dev/null < /dev/null`);
    const summary = readFileSync(`${output}.json`, 'utf8').replace(/^nohup: .*\n/, '');
    expect(stdout.toString()).not.toContain('rror');
    expect(JSON.parse(summary)).toMatchObject({ end_reason: 'interrupted', signal: 'SIGTERM' });
  });
});

describe('Ctrl-Z', () => {
  it('stops a capture, and SIGCONT continues it without a gap', async () => {
    const running = start([...READ, '--scenario', 'rate=20M', '--bytes', '10M'], ENVIRONMENT);
    await received(running, 100_000);
    running.child.kill('SIGTSTP');
    await pause(500);
    running.child.kill('SIGCONT');
    const { stdout, code } = await running.outcome;
    expect([code, stdout.length]).toEqual([0, 10 * 1024 * 1024]);
    expect(isCounterPrefix(stdout)).toBe(true);
  });
});
