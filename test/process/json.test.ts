import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { violations } from './schema.js';
import { BINARY, type Outcome, received, shell, start } from './usbxfer.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Runs a script in the folder. */
function run(script: string): Promise<Outcome> {
  return shell(`cd '${folder}'; R='read -d 1234:5678 --bytes 1MiB'\n${script}`);
}

function content(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

describe('--json', () => {
  it.each([
    ['read', 'usbxfer $R -o dump.bin', { bytes_written: 2 ** 20 }],
    ['write', 'head -c 1000 /dev/zero | usbxfer write -d 1234:5678', { bytes_accepted: 1000 }],
    ['pipe', 'echo hi | usbxfer pipe -d 1234:5679 -o dump.bin', { in: { bytes_written: 3 } }],
  ])('of %s goes to stdout if the data does not, and nothing to stderr', async (name, command, expected) => {
    const { stdout, stderr, code } = await run(`${command} --json`);
    const summary = JSON.parse(stdout.toString());
    expect(summary).toMatchObject({ ...expected, exit_code: 0 });
    expect(violations(name)(summary)).toBeUndefined();
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('has the peak memory of usbxfer, without that of the process that started it', async () => {
    const parent = `
      const large = Buffer.alloc(600e6, 1);
      const args = ['read', '-d', '1234:5678', '--bytes', '1k', '-o', 'dump.bin', '--json'];
      require('child_process').spawnSync(process.execPath, ['${BINARY}', ...args], { stdio: 'inherit' });`;
    const { stdout } = await run(`"${process.execPath}" -e "${parent}"`);
    const { peak_memory_bytes: peak } = JSON.parse(stdout.toString());
    expect(peak).toBeGreaterThan(10e6);
    expect(peak).toBeLessThan(400e6);
  });

  it('leaves stdout to --stats', async () => {
    const { stdout, stderr } = await run('usbxfer $R -o dump.bin --stats - --json');
    expect(JSON.parse(stdout.toString())).toMatchObject({ schema: 'usbxfer.stats/2' });
    expect(JSON.parse(stderr)).toMatchObject({ schema: 'usbxfer.read/2' });
  });

  it('on stdout has failures, which stderr has as text', async () => {
    const { stdout, stderr, code } = await run(
      'usbxfer $R -o dump.bin --scenario stall@64k --json --stats /dev/null',
    );
    const { error } = JSON.parse(stdout.toString());
    expect([stderr, code]).toEqual([`usbxfer: ${error}\n`, 6]);
    const early = await run('usbxfer read -d dead -o early.bin --json');
    expect(JSON.parse(early.stdout.toString())).toMatchObject({ code: 'no-such-device' });
    expect([early.stderr.slice(0, 23), early.code]).toEqual(['usbxfer: no such device', 3]);
  });

  it('without a reader is no failure', async () => {
    const { code } = await run('set -o pipefail; usbxfer $R -o dump.bin --json | true');
    expect(code).toBe(0);
  });
});

describe('--json=FILE', () => {
  it('has the JSON; stdout has the data and stderr the text', async () => {
    const { stdout, stderr, code } = await run('usbxfer $R --json=summary.json');
    expect([stdout.length, code]).toEqual([2 ** 20, 0]);
    expect(JSON.parse(content('summary.json'))).toMatchObject({ bytes_written: 2 ** 20 });
    expect(stderr).toMatch(/^from .*\nended +limit reached \(--bytes\)\n$/s);
  });

  it('has a failure before the stream', async () => {
    const { stdout, stderr, code } = await run('usbxfer $R --ep 0x8f --json=summary.json');
    const { message } = JSON.parse(content('summary.json'));
    expect([stdout.length, stderr, code]).toEqual([0, `usbxfer: ${message}\n`, 3]);
  });

  it('may be a descriptor, stderr too', async () => {
    await run('usbxfer $R -o dump.bin -q --json=fd:3 3> summary.json');
    expect(JSON.parse(content('summary.json'))).toMatchObject({ bytes_written: 2 ** 20 });
    const { stdout, stderr } = await run('usbxfer $R -o other.bin --json=/dev/stderr');
    expect([stdout.length, JSON.parse(stderr)['error_code']]).toEqual([0, null]);
  });

  it('is overwritten with --force, and extended with --append', async () => {
    writeFileSync(join(folder, 'summary.json'), '{"old":1}');
    const refused = await run('usbxfer $R --json=summary.json');
    expect([refused.stdout.length, refused.code]).toEqual([0, 7]);
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'output-exists' });
    await run('usbxfer $R -o dump.bin --json=summary.json --append');
    expect(content('summary.json')).toMatch(/^\{"old":1\}\{\n/);
    await run('usbxfer $R -o dump.bin --json=summary.json --force');
    expect(JSON.parse(content('summary.json'))).toMatchObject({ exit_code: 0 });
  });

  it.each([
    ['$R --json=-', 2, '--json=-: stdout is used for something else'],
    ['$R --json=- >&-', 7, '--json=-: stdout is closed'],
    ['$R --json=', 2, '--json needs a file name'],
    ['$R --json=fd:77', 2, '--json=fd:77: descriptor 77 is not open'],
    ['$R --json=fd:3 3>&1', 2, '--json=fd:3 is where the data goes'],
    ['$R -o dump.bin --json=dump.bin', 2, '--json=dump.bin is where the data goes'],
    ['$R --json=nowhere/x', 7, 'cannot write nowhere/x: no such file or directory'],
    ['write -d 1234:5678 -i input --json=input', 2, '--json=input is where the data comes from'],
  ])('refuses %s', async (args, exitCode, message) => {
    writeFileSync(join(folder, 'input'), 'precious');
    const { stdout, stderr, code } = await run(`usbxfer ${args}`);
    expect([stdout.length, code]).toEqual([0, exitCode]);
    expect(JSON.parse(stderr)).toMatchObject({ message, exit_code: exitCode });
    expect(existsSync(join(folder, 'dump.bin'))).toBe(false);
    expect(content('input')).toBe('precious');
  });

  it('that is full is a failure, unless the run has failed already', async () => {
    const full = await run('usbxfer $R --json=/dev/full -q');
    expect([full.stdout.length, full.code, full.stderr]).toEqual([
      ...[2 ** 20, 7],
      'usbxfer: cannot write the JSON to /dev/full: no space left on device\n',
    ]);
    const stalled = await run('usbxfer $R --json=/dev/full -q --scenario stall@64k > /dev/null');
    expect(stalled.code).toBe(6);
  });

  it('cannot be the file of --stats', async () => {
    const { stderr, code } = await run('usbxfer $R -o dump.bin --json=both --stats both --force');
    expect(stderr).toMatch(/cannot write both: is in use for something else/);
    expect([code, JSON.parse(content('both'))['code']]).toEqual([7, 'output-unsuitable']);
  });

  it('has an error if a second signal ends the process', async () => {
    const summary = join(folder, 'summary.json');
    const args = ['read', '-d', '1234:5678', `--json=${summary}`];
    const running = start(args);
    await received(running, 1);
    running.child.stdout?.pause(); // and the pipe is soon full
    await expect
      .poll(() => running.child.kill('SIGTERM') && statSync(summary).size, {
        interval: 300,
        timeout: 20_000,
      })
      .not.toBe(0);
    const { code } = JSON.parse(readFileSync(summary, 'utf8'));
    expect(code).toBe('interrupted');
    running.child.stdout?.resume();
    await running.outcome;
  });
});
