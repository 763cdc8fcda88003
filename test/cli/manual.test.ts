import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SCENARIO_CLAUSES } from '../../src/backends/virtual/scenario.js';
import { COMMANDS } from '../../src/cli/command-table.js';
import { EXIT } from '../../src/cli/exit-code.js';
import { createProgram } from '../../src/cli/program.js';

const manifest: { man: string[]; version: string } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

/** A page as its reader sees the words, without the macros' escapes. */
function page(file: string): string {
  return readFileSync(file, 'utf8').replaceAll('\\-', '-').replaceAll('\\ ', ' ');
}

const commands = await Promise.all(COMMANDS.map(({ name }) => commandOf(name)));

const program = await createProgram([]);

async function commandOf(name: string) {
  const program = await createProgram([name]);
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined || command.options.length === 0) {
    throw new Error(`there is no command ${name}, or it has no options`);
  }
  return { name, options: command.options };
}

describe.each(commands)('the manual page of $name', ({ name, options }) => {
  it.each(options.map(({ long, short }) => [long ?? short ?? '']))('has %s', (flag) => {
    expect(page(`man/usbxfer-${name}.1`)).toMatch(new RegExp(`${flag}\\b`));
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

describe.each(manifest.man)('%s', (file) => {
  it('is of this version', () => {
    expect(readFileSync(file, 'utf8')).toContain(`"usbxfer ${manifest.version}"`);
  });

  it.skipIf(!existsSync('/usr/bin/man'))('is clean under man --warnings', () => {
    const output = execFileSync(
      'bash',
      ['-c', 'man --warnings -E UTF-8 -l -Tutf8 -Z "$0" 2>&1 >/dev/null', file],
      { env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' }, encoding: 'utf8' },
    );
    expect(output).toBe('');
  });
});
