import { describe, expect, test } from 'vitest';
import { hasTmux, Terminal } from './terminal.js';
import { usbxfer } from './usbxfer.js';

const onTerminal = test.extend<{ terminal: Terminal }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of other fixtures here
  terminal: async ({}, use) => {
    const terminal = new Terminal(90, 30);
    await use(terminal);
    terminal.close();
  },
});

const SCENARIO = '--scenario rate=20M,memory=140KiB';

function isIdle(lines: string[]): boolean {
  return lines.at(-1) === '$';
}

describe.runIf(hasTmux)('on a terminal', { concurrent: true }, () => {
  onTerminal(
    'bench shows the run and its rate, and leaves only the result',
    async ({ terminal }) => {
      terminal.type(
        'clear; usbxfer bench read 1234:5678 --runs 2 --duration 1s --scenario rate=20M',
      );
      const line = / of 2 {2}[█░]{10,} {2}[\d.]+ MiB\/s {2}left 0:0\d$/;
      await terminal.shows(([first = '']) => first.startsWith('run 1') && line.test(first));
      await terminal.shows(([first = '']) => first.startsWith('run 2') && line.test(first));
      const [first, second] = await terminal.shows(isIdle);
      expect([first, second]).toEqual([
        expect.stringMatching(/^run 1 {2}█+ +\d/),
        expect.stringMatching(/^run 2 {2}█+ +\d/),
      ]);
    },
  );

  onTerminal('tune shows the round and the candidate', async ({ terminal }) => {
    terminal.type(`clear; usbxfer tune 1234:5678 --duration 4s ${SCENARIO}`);
    const line =
      /^round \d of [39] {2}[█░]{10,} {2}[48] x 16\.0 KiB {2}[\d.]+ MiB\/s {2}left 0:0\d$/;
    await terminal.shows(([first = '']) => line.test(first));
    const [first] = await terminal.shows(isIdle);
    expect(first).toMatch(/^ {3}transfers +in flight/);
  });

  onTerminal('--quiet shows nothing', async ({ terminal }) => {
    terminal.type(
      'clear; usbxfer bench read 1234:5678 --runs 1 --duration 600ms --quiet; echo end',
    );
    await terminal.shows((lines) => {
      expect(lines.join('\n')).not.toContain('left');
      return lines.includes('end');
    });
  });
});

test('a pipe has no progress, unless it is wanted', async () => {
  const bench = ['bench', 'read', '-d', '1234:5678', '--runs', '1', '--duration', '400ms'];
  expect((await usbxfer(bench)).stderr).toBe('');
  expect((await usbxfer([...bench, '--progress', 'always'])).stderr).toContain('run 1 of 1');
});
