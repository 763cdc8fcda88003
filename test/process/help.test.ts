import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SCENARIO_CLAUSES } from '../../src/backends/virtual/scenario/scenario.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { EXIT } from '../../src/cli/errors/codes.js';
import { EXAMPLES } from '../../src/cli/help/examples.js';
import { TOPICS } from '../../src/cli/help/topics.js';
import { parseDuration, parseSize } from '../../src/usb/format.js';
import { shell, usbxfer } from './usbxfer.js';

const COMMAND_NAMES = COMMANDS.map(({ name }) => name);
const TOPIC_NAMES = TOPICS.map(({ name }) => name);

/** The lines of an answer on stdout, which must be the only one. */
async function answer(...args: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await usbxfer(args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.toString().trimEnd().split('\n');
}

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => line.length));
}

/** The words before the first wide gap of each line that has one: commands, terms, options. */
function terms(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^ {2}(\S.*?)(?: {2,}|$)/.exec(line)?.[1] ?? []);
}

describe('the help of usbxfer', () => {
  it('is one screen of 80 columns by 24 lines, and begins with examples', async () => {
    const lines = await answer('--help');
    expect(lines.length).toBeLessThan(24);
    expect(widest(lines)).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/Examples:$/);
    expect(lines[1]).toMatch(/^ {2}usbxfer /);
  });

  it('has a line for each command, names every topic, and says where more is', async () => {
    const text = (await answer('--help')).join('\n');
    for (const { name, summary } of COMMANDS) {
      expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    }
    expect(text).toContain(TOPIC_NAMES.join(', '));
    expect(text).toContain('man usbxfer');
  });

  it('is the same however it is asked for', async () => {
    const lines = await answer('--help');
    expect(await answer('-h')).toEqual(lines);
    expect(await answer('help')).toEqual(lines);
  });

  it('is the message, on stderr, where nothing is asked', async () => {
    const { stdout, stderr, code } = await usbxfer([]);
    expect([code, stdout.length]).toEqual([2, 0]);
    expect(stderr.trimEnd().split('\n')).toEqual(await answer('--help'));
  });

  it('is plain, even where colour is asked for', async () => {
    const { stdout } = await usbxfer(['--help'], { FORCE_COLOR: '1' });
    expect(stdout.includes(0x1b)).toBe(false);
  });
});

describe.each([...COMMAND_NAMES, 'help'])('the help of usbxfer %s', (name) => {
  it('begins with how to call it and two or three examples, 80 columns wide', async () => {
    const lines = await answer(name, '--help');
    expect(lines[0]).toMatch(new RegExp(`^Usage: usbxfer ${name} \\[options\\]`));
    expect(lines[3]).toBe('Examples:');
    const examples = lines.slice(4, lines.indexOf('', 4));
    expect(examples.length).toBeGreaterThanOrEqual(2);
    expect(examples.length).toBeLessThanOrEqual(3);
    for (const example of examples) {
      expect(example).toMatch(/^ {2}\S?.*\busbxfer .* {2}# /);
    }
    expect(widest(lines)).toBeLessThanOrEqual(80);
  });

  it('says where control requests are explained, where there are any', async () => {
    expect((await answer('pipe', '--help')).at(-1)).toMatch(/, usbxfer help requests\.$/);
    expect((await answer('list', '--help')).at(-1)).not.toContain('requests');
  });

  it('is also that of usbxfer help', async () => {
    expect(await answer('help', name)).toEqual(await answer(name, '--help'));
  });
});

describe('the help of usbxfer read', () => {
  it('tells defaults, choices, and what an option means without its value', async () => {
    const text = (await answer('read', '--help')).join(' ').replace(/ +/g, ' ');
    expect(text).toContain('(default: 256KiB)');
    expect(text).toContain('(one of libusb, virtual; default: libusb; or USBXFER_BACKEND)');
    expect(text).toContain('(without a value: forever)');
  });

  it.runIf(process.platform === 'linux')('is as wide as the terminal', async () => {
    const command = (columns: number) =>
      `script -qec "stty cols ${columns}; node bin/usbxfer.js read --help" /dev/null < /dev/null`;
    const narrow = await shell(command(60));
    const wide = await shell(command(200));
    const indented = /^ {4,}.*$/gm;
    expect(widest(narrow.stdout.toString().match(indented) ?? [])).toBeLessThanOrEqual(61);
    expect(widest(wide.stdout.toString().split('\r\n'))).toBeLessThanOrEqual(100);
    expect(wide.stdout.toString()).toMatch(/^.{81,100}\r$/m);
  });
});

describe('the examples', () => {
  it('are of every command, and of no other', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual([...COMMAND_NAMES, 'help', 'usbxfer'].sort());
  });

  it.each(Object.values(EXAMPLES).flat())('%s: has only options that there are', async (line) => {
    const [, name = '', args = ''] = /^usbxfer (\S+)([^|>]*)/.exec(line) ?? [];
    const options = args.match(/(?<= )--?[a-z-]+/g) ?? [];
    const help = await answer(name, '--help');
    for (const option of options) {
      expect(help.join('\n')).toMatch(new RegExp(`^  (-., )?${option}\\b`, 'm'));
    }
  });
});

describe.each(TOPIC_NAMES)('usbxfer help %s', (name) => {
  it('is plain text, 80 columns wide', async () => {
    const lines = await answer('help', name);
    expect(lines.length).toBeGreaterThan(3);
    expect(widest(lines)).toBeLessThanOrEqual(80);
  });
});

describe('the topics', () => {
  it('have every exit code', async () => {
    const codes = Object.values(EXIT).map(String);
    expect(terms(await answer('help', 'exit-codes'))).toEqual([...codes, '128+n']);
  });

  it('have every clause of a scenario', async () => {
    const clauses = SCENARIO_CLAUSES.map(([clause]) => clause);
    expect(terms(await answer('help', 'scenarios'))).toEqual(clauses);
  });

  it('have every unit of sizes and times, with its value', async () => {
    const lines = await answer('help', 'sizes');
    const units = lines.flatMap((line) => {
      const [, names = '', number = '', word = ''] =
        /^ {2}(.*\S) {2,}(?:(\d+) )?([a-z]+)\.$/i.exec(line) ?? [];
      return names.split(', ').map((unit) => ({ unit: unit.replace('no unit', ''), number, word }));
    });
    const sizes = units.filter(({ word }) => /^bytes$/i.test(word));
    expect(sizes.map(({ unit }) => unit)).toEqual(
      expect.arrayContaining(['', 'k', 'KiB', 'kB', 'M', 'G', 'T', 'TB']),
    );
    for (const { unit, number } of sizes) {
      expect(parseSize(`1${unit}`)).toBe(Number(number || 1));
    }
    const times = units.filter(({ word }) => /^seconds$/i.test(word));
    expect(times.map(({ unit }) => unit)).toEqual(['', 's', 'm', 'h']);
    for (const { unit, number } of times) {
      expect(parseDuration(`1${unit}`)).toBe(Number(number || 1) * 1000);
    }
  });

  it('have every environment variable that is looked at', async () => {
    const used = sources('src').flatMap((text) => [
      ...[...text.matchAll(/process\.env\['(\w+)'\]|\.env\('(\w+)'\)/g)].map(([, a, b]) => a ?? b),
      ...[...text.matchAll(/\{([^{}]*)\} = process\.env\b/g)].flatMap(([, names = '']) =>
        names.split(',').map((name) => name.trim()),
      ),
    ]);
    const ofShells = '_'; // see SIGNALS in usbxfer-read(1)
    const names = terms(await answer('help', 'environment')).flatMap((term) => term.split(', '));
    expect(names).toEqual(expect.arrayContaining(used.filter((name) => name !== ofShells)));
    expect(used).toEqual(expect.arrayContaining(['USBXFER_BACKEND', 'NO_COLOR']));
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
}

describe('a misspelling', () => {
  it.each([
    [
      ['lsit'],
      /^usbxfer: unknown command 'lsit' \(did you mean list\?\); there are list, info, read/,
    ],
    [['dump'], /^usbxfer: unknown command 'dump'; there are list, info, read/],
    [
      ['help', 'reed'],
      /^usbxfer: there is no help on 'reed' \(did you mean read\?\); there is on /,
    ],
    [
      ['help', 'exitcodes'],
      /'exitcodes' \(did you mean exit-codes\?\); there is on list, info, read/,
    ],
    [['help', 'env'], /'env' \(did you mean environment\?\); there is on .*, environment, /],
    [['help', 'x'.repeat(5000)], /^usbxfer: there is no help on 'x{5000}'; there is on /],
    [['help', '\x1b[2J\n'], /^usbxfer: there is no help on '\\x1b\[2J '; there is on /],
    [
      ['read', '--byte', '3'],
      /^usbxfer: unknown option '--byte' \(did you mean --bytes\?\); usbxfer read --help lists them$/,
    ],
    [['--nothing'], /^usbxfer: unknown option '--nothing'; usbxfer --help lists them$/],
    [['read', '--backend', 'virtaul'], /'virtaul' is invalid.* \(did you mean virtual\?\)$/],
    [['read', '--backend', 'floppy'], /'floppy' is invalid.* choices are libusb, virtual$/],
    [
      ['read', 'dump.bin'],
      /^usbxfer: too many arguments .*; give -d VID\[:PID\] or -o FILE; see usbxfer read --help$/,
    ],
  ])('%j gets one line that says what there is, and exit code 2', async (args, message) => {
    const { stdout, stderr, code } = await usbxfer(args);
    expect([stdout.length, code]).toEqual([0, 2]);
    expect(stderr).toMatch(/^[^\n]*\n$/);
    expect(stderr.trimEnd()).toMatch(message);
  });

  it('is found in the environment as well', async () => {
    const { stderr, code } = await usbxfer(['list'], { USBXFER_BACKEND: 'libsub' });
    expect(stderr).toMatch(/'libsub' from env 'USBXFER_BACKEND'.* \(did you mean libusb\?\)\n$/);
    expect(code).toBe(2);
  });
});
