import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { manualPages } from '../../man/generator/pages.js';
import { SCENARIO_CLAUSES } from '../../src/backends/virtual/scenario/scenario.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { EXIT } from '../../src/cli/errors/codes.js';
import { TOPICS } from '../../src/cli/help/topics.js';
import { createProgram } from '../../src/cli/program.js';

const manifest: { man: string[]; version: string } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

const pages = await manualPages();

/** A page as its reader sees the words, without the escapes. */
function page(file: string): string {
  return readFileSync(file, 'utf8')
    .replaceAll('\\-', '-')
    .replaceAll(/\\f[BIR]/g, '');
}

const commands = await Promise.all(COMMANDS.map(({ name }) => commandOf(name)));

const program = await createProgram([]);

async function commandOf(name: string) {
  const program = await createProgram([name]);
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined || command.options.length + command.registeredArguments.length === 0) {
    throw new Error(`there is no command ${name}, or it is not defined`);
  }
  return { name, options: command.options };
}

it('there is a page for usbxfer and for each command, and npm installs all of them', () => {
  const files = ['man/usbxfer.1', ...COMMANDS.map(({ name }) => `man/usbxfer-${name}.1`)].sort();
  expect([...pages.keys()].sort()).toEqual(files);
  expect([...manifest.man].sort()).toEqual(files);
  const present = readdirSync('man').filter((name) => name.endsWith('.1'));
  expect(present.map((name) => `man/${name}`).sort()).toEqual(files);
});

const withOptions = commands.filter(({ options }) => options.length > 0);

describe.each(withOptions)('the manual page of $name', ({ name, options }) => {
  it.each(options.map(({ long, short }) => [long ?? short ?? '']))('has %s', (flag) => {
    expect(page(`man/usbxfer-${name}.1`)).toMatch(
      new RegExp(`\n\\.TP\n(.*, )?${flag}\\b.*\n[A-Z]`),
    );
  });
});

describe('the manual page of usbxfer', () => {
  const main = page('man/usbxfer.1');

  it.each(SCENARIO_CLAUSES)('has the scenario clause %s', (clause) => {
    expect(main).toContain(`\n.B ${clause}\n`);
  });

  it.each(Object.values(EXIT))('has exit status %i', (code) => {
    expect(main).toContain(`\n.B ${code}\n`);
  });

  it.each(program.options.map(({ long }) => [long ?? '']))('has %s', (flag) => {
    expect(main).toMatch(new RegExp(`${flag}\\b`));
  });

  it.each(commands)('has the command $name', ({ name }) => {
    expect(main).toContain(`usbxfer-${name} (1)`);
  });
});

it.each(TOPICS.map(({ name }) => name))('a manual page has what usbxfer help %s shows', (name) => {
  const sources = [...pages.keys()].map((file) =>
    readFileSync(file.replace(/^man\/(.*)\.1$/, 'man/src/$1.roff'), 'utf8'),
  );
  expect(sources.join('')).toContain(`\n@topic ${name}\n`);
});

describe.each(manifest.man)('%s', (file) => {
  it('is of this version', () => {
    expect(readFileSync(file, 'utf8')).toContain(`"usbxfer ${manifest.version}"`);
  });

  it('is what its source and the definitions make', () => {
    // If not: npm run man
    expect(readFileSync(file, 'utf8')).toBe(pages.get(file));
  });

  it.skipIf(!existsSync('/usr/bin/man'))('is clean under man --warnings', () => {
    const output = execFileSync(
      'bash',
      ['-c', 'man --warnings -E UTF-8 -l -Tutf8 -Z "$0" 2>&1 >/dev/null', file],
      { env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' }, encoding: 'utf8' },
    );
    expect(output).toBe('');
  });

  it.skipIf(!existsSync('/usr/bin/mandoc'))('is clean under mandoc', () => {
    const lint = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', file], { encoding: 'utf8' });
    expect([lint.stdout, lint.status]).toEqual(['', 0]);
  });
});
