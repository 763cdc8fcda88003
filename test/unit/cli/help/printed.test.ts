import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SCENARIO_CLAUSES } from '../../../../src/backends/virtual/scenario-clauses.js';
import { COMMANDS } from '../../../../src/cli/commands.js';
import { EXIT } from '../../../../src/cli/errors/codes.js';
import { EXAMPLES } from '../../../../src/cli/help/examples.js';
import { TOPICS } from '../../../../src/cli/help/topics.js';
import { parseDuration, parseSize } from '../../../../src/usb/format.js';
import { usbxfer } from '../../../support/run-command.js';

const COMMAND_NAMES = COMMANDS.map(({ name }) => name);
const TOPIC_NAMES = TOPICS.map(({ name }) => name);

/** The lines that a successful run prints on stdout. It must print nothing on stderr. */
async function answer(...args: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await usbxfer(args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trimEnd().split('\n');
}

function widest(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => line.length));
}

/** The first column of indented lines: commands, terms, options. */
function terms(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^ {2}(\S.*?)(?: {2,}|$)/.exec(line)?.[1] ?? []);
}

describe('the help of usbxfer', () => {
  it('fits a screen of 80 columns by 24 lines and begins with examples', async () => {
    const lines = await answer('--help');
    expect(lines.length).toBeLessThan(24);
    expect(widest(lines)).toBeLessThanOrEqual(80);
    expect(lines[0]).toMatch(/Examples:$/);
    expect(lines[1]).toMatch(/^ {2}usbxfer /);
  });

  it('lists every command and topic and refers to the manual', async () => {
    const text = (await answer('--help')).join('\n');
    for (const { name, summary } of COMMANDS) {
      expect(text).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    }
    expect(text).toContain(TOPIC_NAMES.join(', '));
    expect(text).toContain('man usbxfer');
  });

  it('is the same for --help, -h and help', async () => {
    const lines = await answer('--help');
    expect(await answer('-h')).toEqual(lines);
    expect(await answer('help')).toEqual(lines);
  });

  it('is printed on stderr if there are no arguments', async () => {
    const { stdout, stderr, code } = await usbxfer([]);
    expect([code, stdout.length]).toEqual([2, 0]);
    expect(stderr.trimEnd().split('\n')).toEqual(await answer('--help'));
  });
});

describe.each([...COMMAND_NAMES, 'help'])('the help of usbxfer %s', (name) => {
  it('begins with the usage and two or three examples, 80 columns wide', async () => {
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

  it('is also printed by usbxfer help', async () => {
    expect(await answer('help', name)).toEqual(await answer(name, '--help'));
  });
});

describe('the help of usbxfer read', () => {
  it('is short for -h and complete for --help', async () => {
    const long = await answer('read', '--help');
    const short = await answer('read', '-h');
    expect(short.length).toBeLessThanOrEqual(24);
    expect(short.at(-1)).toBe('All options: usbxfer read --help, man usbxfer-read.');
    expect(long.length).toBeGreaterThan(60);
    expect(await answer('read', '-o', 'x', '-h', '--help')).toEqual(short);
    expect(await answer('read', '--help', '-h')).toEqual(long);
  });

  it('shows defaults, choices, and the meaning of an option without a value', async () => {
    const text = (await answer('read', '--help')).join(' ').replace(/ +/g, ' ');
    expect(text).toContain('(default: 256KiB; interrupt IN: one interval)');
    expect(text).toContain('(one of libusb, virtual, replay; default: libusb; or USBXFER_BACKEND)');
    expect(text).toContain('(without a value: forever)');
  });
});

describe('the examples', () => {
  it('exist for every command', () => {
    expect(Object.keys(EXAMPLES).sort()).toEqual([...COMMAND_NAMES, 'help', 'usbxfer'].sort());
  });

  const uses = Object.values(EXAMPLES)
    .flat()
    .flatMap(([line]) => {
      const [, name = '', args = ''] = /\busbxfer (\S+)([^|>]*)/.exec(line) ?? [];
      return (args.match(/(?<= )--?[a-z-]+/g) ?? []).map((option) => `${name} ${option}`);
    });

  it.each([...new Set(uses)])('use an option that exists: %s', async (use) => {
    const [name = '', option = ''] = use.split(' ');
    const help = await answer(name, '--help');
    expect(help.join('\n')).toMatch(new RegExp(`^  (-., )?${option}\\b`, 'm'));
  });
});

describe.each(TOPIC_NAMES)('usbxfer help %s', (name) => {
  it('prints text of at most 80 columns', async () => {
    const lines = await answer('help', name);
    expect(lines.length).toBeGreaterThan(3);
    expect(widest(lines)).toBeLessThanOrEqual(80);
  });
});

describe('the topics', () => {
  it('include every exit code', async () => {
    const codes = Object.values(EXIT).map(String);
    expect(terms(await answer('help', 'exit-codes'))).toEqual([...codes, '128+n']);
  });

  it('include every clause of a scenario', async () => {
    const clauses = SCENARIO_CLAUSES.map(([clause]) => clause);
    expect(terms(await answer('help', 'scenarios'))).toEqual(clauses);
  });

  it('include every unit of sizes and times, with its value', async () => {
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
    expect(times.map(({ unit }) => unit)).toEqual(['', 's', 'm', 'h', 'd']);
    for (const { unit, number } of times) {
      expect(parseDuration(`1${unit}`)).toBe(Number(number || 1) * 1000);
    }
  });

  it('include every environment variable that the code reads', async () => {
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
      /^usbxfer: unknown command 'lsit' \(did you mean list\?\); choose one of list, info, read/,
    ],
    [['dump'], /^usbxfer: unknown command 'dump' \(did you mean read\?\); choose one of list, /],
    [['help', 'lsusb'], /^usbxfer: no help for 'lsusb' \(did you mean list\?\); choose one of /],
    [['help', 'reed'], /^usbxfer: no help for 'reed' \(did you mean read\?\); choose one of /],
    [
      ['help', 'exitcodes'],
      /'exitcodes' \(did you mean exit-codes\?\); choose one of list, info, read/,
    ],
    [['help', 'env'], /'env' \(did you mean environment\?\); choose one of .*, environment, /],
    [['help', 'x'.repeat(5000)], /^usbxfer: no help for 'x{5000}'; choose one of /],
    [['help', '\x1b[2J\n'], /^usbxfer: no help for '\\x1b\[2J '; choose one of /],
    [
      ['read', '--byte', '3'],
      /^usbxfer: unknown option '--byte' \(did you mean --bytes\?\); see usbxfer read --help$/,
    ],
    [['--nothing'], /^usbxfer: unknown option '--nothing'; see usbxfer --help$/],
    [
      ['lsit', '--help'],
      /^usbxfer: unknown command 'lsit' \(did you mean list\?\); choose one of list, info, read/,
    ],
    [['--debug', 'lsit', '-h', 'list'], /^usbxfer: unknown command 'lsit'/],
    [['lsit', '--version'], /^usbxfer: unknown command 'lsit'/],
    [['read', '--backend', 'virtaul'], /'virtaul' is invalid.* \(did you mean virtual\?\)$/],
    [
      ['read', '--backend', 'floppy'],
      /'floppy' is invalid; choose one of libusb, virtual, replay$/,
    ],
    [
      ['read', 'dump.bin'],
      /'dump.bin' is invalid for argument 'device'; give a device .*; a file needs -o FILE$/,
    ],
    [
      ['read', '1-1', 'dump.bin'],
      /^usbxfer: too many arguments .*; a file needs -o FILE; see usbxfer read --help$/,
    ],
  ])('%j prints one line with the choices and exits with 2', async (args, message) => {
    const { stdout, stderr, code } = await usbxfer(args);
    expect([stdout.length, code]).toEqual([0, 2]);
    expect(stderr).toMatch(/^[^\n]*\n$/);
    expect(stderr.trimEnd()).toMatch(message);
  });

  it('is also detected in the environment', async () => {
    const { stderr, code } = await usbxfer(['list'], { USBXFER_BACKEND: 'libsub' });
    expect(stderr).toMatch(/'libsub' from env 'USBXFER_BACKEND'.* \(did you mean libusb\?\)\n$/);
    expect(code).toBe(2);
  });
});
