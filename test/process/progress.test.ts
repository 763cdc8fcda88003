import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { hasTmux, Terminal } from './terminal.js';
import { received, shell, start, usbxfer } from './usbxfer.js';

const READ = 'usbxfer read -d 1234:5678 --scenario rate=20M';

/** The line of a capture without a limit and with one. */
const LIVE = /^[\d.]+ (B|[KM]iB)( {2}|$)/;
/** The end of a drawn line. */
const END = '\x1b[K\x1b[?7h';

const BAR = /^[█░]{8,} {2}[\d.]+ (B|[KM]iB) of 1\.00 GiB {2}\d+ %/;

/** A test with a terminal of its own. */
function terminalTest(env: Readonly<Record<string, string>> = {}) {
  return test.extend<{ terminal: Terminal }>({
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of other fixtures here
    terminal: async ({}, use) => {
      const terminal = new Terminal(100, 20, env);
      await use(terminal);
      terminal.close();
    },
  });
}

const onTerminal = terminalTest();
const withoutUnicode = terminalTest({ LANG: 'C', NO_COLOR: '1' });

function isLive(line = ''): boolean {
  return LIVE.test(line);
}

/** Returns whether the shell shows its prompt again. */
function isIdle(lines: string[]): boolean {
  return lines.at(-1) === '$';
}

// These tests wait most of the time.
const CONCURRENT = { concurrent: true };

describe.runIf(hasTmux)('the line on a terminal', CONCURRENT, () => {
  onTerminal('appears, is redrawn, and leaves only the summary', async ({ terminal }) => {
    terminal.type(`clear; ${READ} -o /dev/null`);
    const [first] = await terminal.shows(([line]) => isLive(line));
    await terminal.shows(([line]) => isLive(line) && line !== first);
    const [graph = ''] = await terminal.shows(([line]) => /[▁▂▃▄▅▆▇█]{2}$/.test(line ?? ''));
    expect(graph).toMatch(
      / {2}elapsed 0:\d\d {2}now .* {2}average .* {2}last minute: [▁▂▃▄▅▆▇█]+$/,
    );
    terminal.press('C-c');
    const lines = await terminal.shows(isIdle);
    expect(lines[0]).toMatch(/^from /);
    expect(lines.some(isLive)).toBe(false);
  });

  onTerminal('has a bar if there is a limit', async ({ terminal }) => {
    terminal.type(`clear; ${READ} -o /dev/null --bytes 1GiB`);
    await terminal.shows(([line]) => BAR.test(line ?? ''));
    await terminal.shows(([line]) => / [1-9]\d* % {2}.*left \d+:\d\d/.test(line ?? ''));
    terminal.press('C-c');
    await terminal.shows(isIdle);
  });

  onTerminal(
    'disappears before the process stops, and returns when it continues',
    async ({ terminal }) => {
      terminal.type(`clear; ${READ} -o /dev/null`);
      await terminal.shows(([line]) => isLive(line));
      terminal.press('C-z');
      const stopped = await terminal.shows(isIdle);
      expect(stopped.filter((line) => line !== '')).toEqual([
        expect.stringMatching(/^\[1\]\+ +Stopped /),
        '$',
      ]);
      terminal.type('sleep 0.5; fg');
      await terminal.shows((lines) => isLive(lines.at(-1)));
      terminal.press('C-c');
      const ended = await terminal.shows(isIdle);
      expect(ended.some(isLive)).toBe(false);
      expect(ended.join('\n')).toMatch(/^suspended +[\d.]+ s, 1 time/m);
    },
  );

  onTerminal('does not disturb a reader that waits at a FIFO', async ({ terminal }) => {
    const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
    terminal.type(`cd ${folder}; mkfifo fifo; wc -c < fifo > count &`);
    terminal.type('usbxfer read -d 1234:5678 --bytes 3M -o fifo; wait; clear; cat count');
    await terminal.shows((lines) => lines.includes(`${3 * 1024 * 1024}`));
    rmSync(folder, { recursive: true });
  });

  onTerminal(
    'does not affect a capture that continues after the terminal is closed',
    async ({ expect, terminal }) => {
      const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
      const code = join(folder, 'code');
      terminal.type(`trap '' HUP; clear; (${READ} --bytes 40M -o ${folder}/x; echo $? > ${code})`);
      await terminal.shows(([line]) => / of /.test(line ?? ''));
      terminal.close();
      const written = () => existsSync(code) && readFileSync(code, 'utf8');
      await expect.poll(written, { timeout: 20_000 }).toBe('0\n');
      rmSync(folder, { recursive: true });
    },
  );

  onTerminal('is not drawn in the background', async ({ terminal }) => {
    terminal.type(`clear; ${READ} -o /dev/null`);
    await terminal.shows(([line]) => isLive(line));
    terminal.press('C-z');
    await terminal.shows(isIdle);
    terminal.type('bg; sleep 1; echo so');
    const lines = await terminal.shows((lines) => lines.includes('so') && isIdle(lines));
    expect(lines.some(isLive)).toBe(false);
    terminal.type('fg');
    await terminal.shows((lines) => isLive(lines.at(-1)));
    terminal.press('C-c');
    await terminal.shows(isIdle);
  });

  onTerminal(
    'fits the terminal after a change of its size, and keeps the text above it',
    async ({ terminal }) => {
      terminal.type(`clear; seq 40; ${READ} -o /dev/null`);
      await terminal.shows((lines) => isLive(lines.at(-1)));
      for (const columns of [60, 30, 12, 120]) {
        terminal.resize(columns, 20);
        const fits = (lines: string[]): boolean => {
          const [above, line = ''] = lines.slice(-2);
          return above === '40' && isLive(line) && line.length < columns;
        };
        await terminal.shows(fits);
        await terminal.shows(fits); // and remains so
      }
      await terminal.shows((lines) => lines.at(-1)?.includes('last minute') === true);
      terminal.press('C-c');
      await terminal.shows(isIdle);
    },
  );

  onTerminal(
    'says how long it has waited for the device, and continues when it is back',
    async ({ terminal }) => {
      terminal.type(`clear; ${READ},unplug@4M=3s --reconnect -o /dev/null`);
      const lines = await terminal.shows((lines) => / for 0:0[1-9]/.test(lines[1] ?? ''));
      expect(lines).toEqual([
        expect.stringMatching(
          /^usbxfer: .*: gap at byte 4194304: disconnection; waiting for the device$/,
        ),
        expect.stringMatching(
          /^4\.00 MiB {2}elapsed 0:\d\d {2}waiting for the device for 0:0\d {2}1 disconnection$/,
        ),
      ]);
      const back = await terminal.shows((lines) => lines[2]?.includes(' average ') === true);
      expect(back[1]).toMatch(/^usbxfer: .*: the device is back; continuing$/);
      terminal.press('C-c');
      await terminal.shows(isIdle);
    },
  );

  onTerminal('is removed for messages, and shows failures in red', async ({ terminal }) => {
    terminal.type(`clear; ${READ},stall@4M,stall@8M --keep-going -o /dev/null`);
    const lines = await terminal.shows((lines) => lines.length === 3 && isLive(lines[2]));
    expect(lines.slice(0, 2)).toEqual([
      expect.stringMatching(/^usbxfer: .*: gap at byte 4194304: stall; continuing$/),
      expect.stringMatching(/^usbxfer: .*: gap at byte 8388608: stall; continuing$/),
    ]);
    await terminal.shows((lines) => lines[2]?.includes('  2 stalls') === true);
    expect(terminal.colours).toContain('\x1b[31m2 stalls');
    terminal.press('C-c');
    await terminal.shows(isIdle);
  });

  onTerminal.for([
    ['a reader that shows the data', '| cat'],
    ['readers one after the other that do', '| cat | cat'],
    ['a terminal as the output', '-o /dev/tty'],
    ['--progress never', '-o /dev/null --progress never'],
    ['JSON on stderr', '-o /dev/null --json=/dev/stderr'],
    ['--quiet', '-o /dev/null --quiet'],
  ])('is not drawn with %s', async ([, how], { terminal }) => {
    // The bytes of the device are no printable characters.
    terminal.type(
      `clear; usbxfer read -d 1234:5678 --scenario rate=1 --duration 2s ${how}; echo so`,
    );
    let drawn = false;
    await terminal.shows((lines) => {
      drawn ||= lines.some((line) => line.includes(' elapsed '));
      return lines.includes('so') && isIdle(lines);
    });
    expect(drawn).toBe(false);
  });

  onTerminal('is drawn if the reader shows no data', async ({ terminal }) => {
    terminal.type(`clear; ${READ} | cat > /dev/null`);
    await terminal.shows(([line]) => isLive(line));
    terminal.press('C-c');
    await terminal.shows(isIdle);
  });

  onTerminal(
    'does not delay the data while the terminal is stopped',
    async ({ expect, terminal }) => {
      const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
      const file = join(folder, 'dump.bin');
      terminal.type(`clear; ${READ} -o ${file} --bytes 60M; wc -c < ${file} > ${file}.size`);
      await terminal.shows(([line]) => / of /.test(line ?? ''));
      terminal.press('C-s');
      // Flushing the last messages may take a second.
      await expect
        .poll(() => readFileSync(`${file}.size`, 'utf8'), { timeout: 20_000 })
        .toBe(`${60 * 1024 * 1024}\n`);
      terminal.press('C-q');
      await terminal.shows((lines) => lines.at(-1)?.endsWith('$') === true);
      rmSync(folder, { recursive: true });
    },
  );
});

describe.runIf(hasTmux)('on a terminal without Unicode', CONCURRENT, () => {
  withoutUnicode('the line is ASCII', async ({ terminal }) => {
    terminal.type(`clear; ${READ},stall@1M --keep-going -o /dev/null --bytes 1GiB`);
    const [, line = ''] = await terminal.shows(([, line = '']) => /^#+\.+ /.test(line));
    expect(line).toMatch(/^[\x20-\x7e]+$/);
    expect(terminal.colours).not.toContain('\x1b');
    terminal.press('C-c');
    await terminal.shows(isIdle);
  });
});

describe('off a terminal', () => {
  it('nothing is drawn, and messages have no control characters', async () => {
    const { stdout, stderr } = await shell(`${READ},stall@1M --keep-going --bytes 8M`);
    expect(stdout).toHaveLength(8 * 1024 * 1024);
    expect(stderr).toMatch(/^[\x20-\x7e\n]+$/);
  });

  it('--interval prints status lines and the summary', async () => {
    const { stdout, stderr } = await shell(`${READ} --bytes 8M --interval 100ms`);
    expect(stdout).toHaveLength(8 * 1024 * 1024);
    const lines = stderr.split('\n');
    const status =
      /^\d+\.\d s: \d+ bytes \([\d.]+ .?i?B\), [\d.]+ .?i?B\/s now, [\d.]+ .?i?B\/s on average$/;
    const plain = lines.filter((line) => status.test(line));
    expect(plain.length).toBeGreaterThan(1);
    expect(lines.slice(plain.length).join('\n')).toMatch(
      /^from .*\nended +limit reached \(--bytes\)\n$/s,
    );
  });

  it('--progress always draws the line, COLUMNS wide', async () => {
    const args = ['read', '-d', '1234:5678', '--scenario', 'rate=20M', '--bytes', '16M'];
    const { stderr } = await usbxfer([...args, '--progress', 'always'], { COLUMNS: '40' });
    const drawn = stderr
      .split('\r')
      .flatMap((text) => (text.includes(END) ? [text.split(END)[0] ?? ''] : []));
    expect(drawn.length).toBeGreaterThan(1);
    for (const text of drawn) {
      expect(text.length).toBeLessThan(40);
    }
    expect(stderr).toContain('\r\x1b[Kfrom ');
  });

  it.each([
    ['--interval', '5ms', /^usbxfer: .*--interval.* too small: the minimum is 10ms\n$/],
    ['--interval', 'x', /^usbxfer: .*give a time such as 250ms.*\n$/],
    ['--progress', 'sometimes', /^usbxfer: .*auto, always, never.*\n$/],
    ['--color', 'sometimes', /^usbxfer: .*auto, always, never.*\n$/],
  ])('%s %s is refused', async (option, value, message) => {
    const { stderr, code } = await usbxfer(['read', '--pid', '5678', option, value]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe('SIGUSR1', CONCURRENT, () => {
  const READING = ['read', '-d', '1234:5678', '--scenario', 'rate=20M', '--bytes', '40M'];

  it('prints a status line immediately and stops nothing', async () => {
    const running = start(READING);
    await received(running, 1024 * 1024);
    running.child.kill('SIGUSR1');
    const { stdout, stderr, code } = await running.outcome;
    expect([stdout.length, code]).toEqual([40 * 1024 * 1024, 0]);
    expect(stderr).toMatch(/^\d+\.\d s: \d+ bytes .* on average\nfrom /);
  });

  it('prints a JSON record with --json', async () => {
    const running = start([...READING, '--json']);
    await received(running, 1024 * 1024);
    running.child.kill('SIGUSR1');
    const [answer = '', ...summary] = (await running.outcome).stderr.split('\n');
    expect(JSON.parse(answer)).toMatchObject({ schema: 'usbxfer.stats/2', final: false });
    expect(JSON.parse(summary.join('\n'))).toMatchObject({ schema: 'usbxfer.read/2' });
  });

  it('prints a status line before any transfer', async () => {
    const running = start(['read', '--pid', 'dead', '--wait', '3s']);
    await new Promise((resolve) => running.child.stderr?.once('data', resolve));
    running.child.kill('SIGUSR1');
    const { stderr, code } = await running.outcome;
    expect(stderr).toContain('usbxfer: no transfer has started yet\n');
    expect(code).toBe(3);
  });
});
