import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usbxfer } from '../usbxfer.js';
import { SHELLS, type Shell } from './shells.js';
import { has, Terminal, writeProgram, writeUsbxfer } from './terminal.js';

/** In CI every shell must be installed, so that no test is skipped unnoticed. */
const required = process.env['USBXFER_SHELLS'] === 'required';

function isMissing({ program, needs }: Shell): boolean {
  return !required && !(has('tmux') && has(program) && existsSync(needs ?? '/'));
}

/** Lines before and after Tab, in every shell. */
const COMPLETED = [
  ['usbxfer rea', 'usbxfer read '],
  ['usbxfer read --until', 'usbxfer read --until-short '],
  ['usbxfer read -d 12', 'usbxfer read -d 1234:567'],
  ['usbxfer read --device=1234:', 'usbxfer read --device=1234:567'],
  ['usbxfer read -d 1234:5678 --ep ', 'usbxfer read -d 1234:5678 --ep 0x82 '],
  ['usbxfer read -o my', 'usbxfer read -o my\\ fixture.txt '],
] as const;

/** More lines, tested with only one way of installing the script. */
const COMPLETED_AS_WELL = [
  ['usbxfer help rea', 'usbxfer help read '],
  ['usbxfer completion z', 'usbxfer completion zsh '],
  ['usbxfer --vers', 'usbxfer --version '],
  ['usbxfer read --json --js', 'usbxfer read --json --js'],
  ['usbxfer read --backend v', 'usbxfer read --backend virtual '],
  ['usbxfer read --backend=v', 'usbxfer read --backend=virtual '],
  ['usbxfer read -d 1234:', 'usbxfer read -d 1234:567'],
  ['usbxfer read -d1234:5679 --ep=', 'usbxfer read -d1234:5679 --ep=0x81 '],
  ['usbxfer read -d "1234:5679" --serial "', 'usbxfer read -d "1234:5679" --serial "V0002" '],
  ['usbxfer read --scenario stall', 'usbxfer read --scenario stall@'],
  ['usbxfer read --scenario speed=su', 'usbxfer read --scenario speed=super '],
  ['usbxfer read --scenario seed=1,stall', 'usbxfer read --scenario seed=1,stall@'],
  ['usbxfer read -o "my ', 'usbxfer read -o "my fixture.txt" '],
  ['usbxfer read --output=di', 'usbxfer read --output=directory/'],
  ['usbxfer read -odi', 'usbxfer read -odirectory/'],
  ['usbxfer read --scenario @my', 'usbxfer read --scenario @my\\ fixture.txt '],
  ['usbxfer read --scenario=@my', 'usbxfer read --scenario=@my\\ fixture.txt '],
] as const;

/** Hostile device strings. */
const HOSTILE = [
  '$(touch ~/executed)',
  '`touch ~/executed`',
  'a;touch ~/executed',
  'it\'s a  "quote"\\',
  'a&b|c>d<e#(f)',
  '!!~*?[a-z]{1,2}',
  '~root',
  '%s%n$HOME',
  '-x:y=z@',
  '\u00fc\u4e2d',
];

let folder = '';
let terminal: Terminal | undefined;

async function start(shell: Shell): Promise<Terminal> {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  writeUsbxfer(folder);
  writeFileSync(join(folder, 'my fixture.txt'), 'rate=1M');
  mkdirSync(join(folder, 'directory'));
  const started = new Terminal(folder, shell.command);
  terminal = started;
  await run(started, shell.installation);
  return started;
}

/** Runs a line in the shell, waits for its end, and clears the screen. */
async function run(shown: Terminal, line: string): Promise<void> {
  shown.type(`${line}; echo done-$(expr 40 + 2)`);
  shown.press('Enter');
  await shown.shows('done-42');
  shown.press('C-l');
}

describe.each(SHELLS)('in $name,', (shell) => {
  describe.skipIf(isMissing(shell))('Tab', () => {
    let shown: Terminal;
    beforeAll(async () => {
      shown = await start(shell);
    }, 60_000);
    afterAll(() => {
      terminal?.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    });

    /** Types a line, presses Tab, and returns the line up to a mark at the cursor. */
    async function becomes(line: string, completed: string): Promise<void> {
      shown.type(line);
      shown.press('Tab');
      shown.type('_');
      await shown.shows(`${completed}_`);
      shown.press('C-u');
    }

    it.each(COMPLETED)('completes %j to %j', becomes);

    it.each(shell.usual ? COMPLETED_AS_WELL : [])('completes %j to %j', becomes);

    it('lists the candidates', async () => {
      shown.type('usbxfer read -d 1234:567');
      shown.press('Tab');
      if (shell.program === 'bash') {
        shown.press('Tab');
      } else {
        await shown.shows('virtual loopback');
      }
      // bash leaves out what stands before a colon.
      await shown.shows(shell.program === 'bash' ? '5678  5679' : '1234:5679');
      shown.press('C-u');
      await run(shown, 'true');
    });

    it('quotes device strings and evaluates nothing in them', async () => {
      // In place of the real program one that offers this alone, and writes down what it is given.
      writeProgram(
        folder,
        'usbxfer',
        'if [ "$1" = __complete ]; then cat ~/answer; else printf "%s\\n" "$@" > ~/new; mv ~/new ~/given; fi',
      );
      const given = join(folder, 'given');
      try {
        for (const hostile of HOSTILE) {
          rmSync(given, { force: true });
          writeFileSync(join(folder, 'answer'), `${hostile}\t${hostile}\n`);
          for (const quote of ['"', "'"]) {
            shown.type(`usbxfer --serial ${quote}`);
            shown.press('Tab');
            shown.press('C-u');
          }
          shown.type('usbxfer --serial ');
          shown.press('Tab');
          shown.press('Enter');
          await run(shown, 'true');
          await expect.poll(() => existsSync(given), { timeout: 10_000 }).toBe(true);
          // fish is offered nothing that begins with a tilde.
          const left = shell.program === 'fish' && hostile.startsWith('~');
          expect(readFileSync(given, 'utf8')).toBe(left ? '--serial\n' : `--serial\n${hostile}\n`);
          expect(existsSync(join(folder, 'executed'))).toBe(false);
        }
      } finally {
        writeUsbxfer(folder);
      }
    });

    it('evaluates nothing on the line', async () => {
      await becomes('usbxfer read --serial "$(touch ~/executed)" --jso', '--json ');
      expect(existsSync(join(folder, 'executed'))).toBe(false);
    });

    it('prints nothing if usbxfer is not installed', async () => {
      rmSync(join(folder, 'bin', 'usbxfer'));
      try {
        await becomes('usbxfer read --jso', 'usbxfer read --jso');
        expect(shown.screen()).not.toMatch(/not found|unknown|no such/i);
      } finally {
        writeUsbxfer(folder);
      }
    });
  });
});

describe.each(['bash', 'zsh', 'fish'] as const)('the script for %s', (name) => {
  it.skipIf(!required && !has(name))('has valid syntax', async () => {
    const { stdout, stderr, code } = await usbxfer(['completion', name]);
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout.length).toBeGreaterThan(0);
    folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
    const file = join(folder, 'script');
    writeFileSync(file, stdout);
    try {
      execFileSync(name, ['-n', file]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
