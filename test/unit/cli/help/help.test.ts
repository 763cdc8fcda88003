import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../../src/cli/commands.js';
import { commandHelp } from '../../../../src/cli/help/command-help.js';
import { overview } from '../../../../src/cli/help/help.js';
import { topicText } from '../../../../src/cli/help/layout.js';
import { COMMON_OPTIONS, shortHelp } from '../../../../src/cli/help/short-help.js';
import { TOPICS } from '../../../../src/cli/help/topics.js';
import { createProgram } from '../../../../src/cli/program.js';

/*
 * Every text that the help prints is committed under snapshots/, so that wording is reviewed:
 * `npx vitest run test/unit/cli/help -u` updates the files.
 */

const WIDTH = 80;

async function commandOf(name: string): Promise<Command> {
  const program = await createProgram([name]);
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined) {
    throw new Error(`there is no command ${name}`);
  }
  return command;
}

async function helpOf(name: string): Promise<string> {
  return commandHelp(await commandOf(name), WIDTH);
}

it('prints the overview as reviewed', async () => {
  await expect(`${overview()}\n`).toMatchFileSnapshot('snapshots/usbxfer.txt');
});

it.each([
  ...COMMANDS.map(({ name }) => name),
  'help',
])('prints the help of %s as reviewed', async (name) => {
  await expect(`${await helpOf(name)}\n`).toMatchFileSnapshot(`snapshots/usbxfer-${name}.txt`);
});

it.each(Object.keys(COMMON_OPTIONS))('prints the short help of %s as reviewed', async (name) => {
  const text = shortHelp(await commandOf(name), WIDTH);
  await expect(`${text}\n`).toMatchFileSnapshot(`snapshots/short-${name}.txt`);
});

describe.each([...COMMANDS.map(({ name }) => name), 'help'])('the short help of %s', (name) => {
  it('fits a terminal of 80 by 24', async () => {
    const lines = shortHelp(await commandOf(name), WIDTH).split('\n');
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(WIDTH);
  });

  it('has all options, or some of them and a reference to the others', async () => {
    const command = await commandOf(name);
    const text = shortHelp(command, WIDTH);
    const all = command.options.map(({ long }) => long ?? '');
    const shown = all.filter(
      (option) => text.includes(`${option} `) || text.includes(`${option}[`),
    );
    expect(shown).toEqual(expect.arrayContaining([...(COMMON_OPTIONS[name] ?? all)]));
    expect(shown.length === all.length).toBe(!text.includes(`All options: usbxfer ${name} --help`));
  });
});

it.each(TOPICS)('prints the topic $name as reviewed', async ({ name, parts }) => {
  await expect(`${topicText(parts, WIDTH)}\n`).toMatchFileSnapshot(`snapshots/topic-${name}.txt`);
});

describe('the help of a command', () => {
  it.each(['read', 'write', 'pipe', 'control'])('names the topic requests for %s', async (name) => {
    expect(await helpOf(name)).toMatch(/, usbxfer help requests\.$/);
  });

  it.each(['list', 'reset'])('does not name the topic requests for %s', async (name) => {
    expect(await helpOf(name)).not.toContain('requests');
  });
});

it.each(COMMANDS)('describes each option of $name in at most 60 characters', async ({ name }) => {
  const program = await createProgram([name]);
  const options = program.commands.flatMap((command) => command.options);
  const tooLong = options.filter(({ description }) => description.length > 60);
  expect(tooLong.map(({ description }) => description)).toEqual([]);
});
