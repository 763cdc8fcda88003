import { readFileSync } from 'node:fs';
import { COMMANDS, HELP_SUMMARY } from '../../src/cli/commands.js';
import { COLUMNS } from '../../src/cli/devices/columns.js';
import { EXAMPLES } from '../../src/cli/help/examples.js';
import { SUMMARY } from '../../src/cli/help/help.js';
import { sentence } from '../../src/cli/help/layout.js';
import { TOPICS } from '../../src/cli/help/topics.js';
import { createProgram } from '../../src/cli/program.js';
import { expandIncludes, parseSections } from './include.js';
import { type Page, renderPage } from './page.js';
import { bold, italic, paragraph, tagged, terms, topic } from './roff.js';

const OPTIONS = `[${italic('option')} ...]`;

/**
 * Returns every manual page by the path of its file. The pages are made from the definitions in the
 * code and from the sources in man/src. The working directory must be the repository.
 *
 * @throws Error when a source does not match the definitions
 */
export async function manualPages(): Promise<ReadonlyMap<string, string>> {
  const pages = [await programPage(), ...(await Promise.all(COMMANDS.map(commandPage)))];
  const shared = parseSections(readFileSync('man/src/shared.roff', 'utf8'));
  return new Map(
    pages.map((page) => {
      const source = readFileSync(`man/src/${page.name}.roff`, 'utf8');
      return [`man/${page.name}.1`, renderPage(expandIncludes(source, shared), page)];
    }),
  );
}

async function programPage(): Promise<Page> {
  const program = await createProgram([]);
  return {
    name: 'usbxfer',
    version: version(),
    summary: SUMMARY,
    operands: `${italic('command')} ${OPTIONS}`,
    options: program.createHelp().visibleOptions(program),
    blocks: blocks('usbxfer'),
  };
}

async function commandPage({ name, summary }: (typeof COMMANDS)[number]): Promise<Page> {
  const program = await createProgram([name]);
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined) {
    throw new Error(`the program has no command ${name}`);
  }
  return {
    name: `usbxfer-${name}`,
    version: version(),
    summary,
    operands: [...(command.options.length > 0 ? [OPTIONS] : []), ...operands(command.usage())].join(
      ' ',
    ),
    options: command.options,
    blocks: blocks(name),
  };
}

/** Formats the operands in a usage such as `[options] [device] <request...>`. */
function operands(usage: string): string[] {
  return usage.split(' ').flatMap((word) => {
    const [, bracket, name = '', dots] = /^([<[])([a-z]+)(\.\.\.)?[>\]]$/.exec(word) ?? [];
    const shown = `${italic(name)}${dots === undefined ? '' : ' ...'}`;
    return name === 'options' ? [] : [bracket === '[' ? `[${shown}]` : shown];
  });
}

/** Returns the blocks of a page that come from tables in the code. */
function blocks(name: string): Page['blocks'] {
  const topics = new Map(TOPICS.map(({ name, parts }) => [name, parts]));
  return new Map([
    ['topic', ([name = '']) => topic(topics.get(name) ?? noTopic(name))],
    ['topics', () => terms(TOPICS.map(({ name, summary }) => [name, sentence(summary)]))],
    ['commands', commandEntries],
    ['examples', () => terms(EXAMPLES[name] ?? [])],
    ['columns', () => terms(COLUMNS.map(({ name, meaning }) => [name, sentence(meaning)]))],
    ['see-also', (others: readonly string[]) => seeAlso(name, others)],
  ]);
}

function noTopic(name: string): never {
  throw new Error(`there is no help topic ${name}`);
}

function commandEntries(): string[] {
  const entries = COMMANDS.flatMap(({ name, summary }) =>
    tagged(`.B ${name}`, [
      ...paragraph(`${sentence(summary).slice(0, -1)}; see`),
      `.BR usbxfer\\-${name} (1).`,
    ]),
  );
  const help = tagged(`${bold('help')} [${italic('name')}]`, paragraph(sentence(HELP_SUMMARY)));
  return [...entries, ...help];
}

/** Lists the other pages of usbxfer, then pages of other programs, such as `lsusb(8)`. */
function seeAlso(name: string, others: readonly string[]): string[] {
  const own = ['usbxfer', ...COMMANDS.map((command) => `usbxfer-${command.name}`)];
  const pages = own
    .filter((page) => page !== name && page !== `usbxfer-${name}`)
    .map((page) => `${page}(1)`);
  return [...pages, ...others].map((page, i, all) => {
    const [, title = '', section] = /^(.*)\((\d)\)$/.exec(page) ?? [];
    return `.BR ${title.replaceAll('-', '\\-')} (${section})${i < all.length - 1 ? ',' : ''}`;
  });
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync('package.json', 'utf8'));
  return manifest.version;
}
