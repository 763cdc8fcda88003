import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { shell, usbxfer } from './usbxfer.js';

// test/unit/cli/help has the texts.

it.each([
  [['--help']],
  [['read', '--help']],
  [['help', 'list']],
])('%j prints the help on stdout', async (args) => {
  const { stdout, stderr, code } = await usbxfer(args);
  expect(stdout.toString()).toContain('Examples:\n');
  expect([stderr, code]).toEqual(['', 0]);
});

it('the version is printed, also after a command', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const args of [['--version'], ['-V'], ['list', '--version']]) {
    const { stdout, stderr, code } = await usbxfer(args);
    expect([stdout.toString(), stderr, code]).toEqual([`${version}\n`, '', 0]);
  }
});

it('a reader that closes early is no failure, and a full disk is one', async () => {
  const closed = await shell('set -o pipefail; usbxfer --help | true');
  expect([closed.stderr, closed.code]).toEqual(['', 0]);
  const full = await shell('usbxfer --help > /dev/full');
  expect(full.stderr).toBe('usbxfer: cannot write to stdout: no space left on device\n');
  expect(full.code).toBe(7);
});

it('without arguments, the same help is printed on stderr, with exit code 2', async () => {
  const { stdout, stderr, code } = await usbxfer([]);
  expect([stdout.length, code]).toEqual([0, 2]);
  expect(stderr).toBe((await usbxfer(['--help'])).stdout.toString());
});

it('the help has no colour, even with FORCE_COLOR', async () => {
  const { stdout } = await usbxfer(['--help'], { FORCE_COLOR: '1' });
  expect(stdout.includes(0x1b)).toBe(false);
});

it.runIf(process.platform === 'linux')('the help fits the width of the terminal', async () => {
  const help = async (columns: number) => {
    const { stdout } = await shell(
      `script -qec "stty cols ${columns}; node bin/usbxfer.js read --help" /dev/null < /dev/null`,
    );
    return stdout.toString();
  };
  const widest = (lines: readonly string[]) => Math.max(...lines.map(({ length }) => length));
  const wide = await help(200);
  expect(widest((await help(60)).match(/^ {4,}.*$/gm) ?? [])).toBeLessThanOrEqual(61);
  expect(widest(wide.split('\r\n'))).toBeLessThanOrEqual(100);
  expect(wide).toMatch(/^.{81,100}\r$/m);
});

it('a misspelled command prints one line and exits with 2', async () => {
  const { stdout, stderr, code } = await usbxfer(['lsit']);
  expect([stdout.length, code]).toEqual([0, 2]);
  expect(stderr).toMatch(/^usbxfer: unknown command 'lsit' \(did you mean list\?\); [^\n]*\n$/);
});

it('the completions of a word are printed on stdout', async () => {
  const { stdout, stderr, code } = await usbxfer(['__complete', '--', 'read', '--js']);
  expect(stdout.toString()).toMatch(/^--json\t[^\n]+\n$/);
  expect([stderr, code]).toEqual(['', 0]);
});
