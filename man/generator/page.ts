import type { Option } from 'commander';
import { optionDetails, optionHeading } from './option.js';
import { bold, tagged } from './roff.js';

/** What a manual page takes from the definitions in the code. */
export interface Page {
  /** Such as `usbxfer-read`. */
  readonly name: string;
  readonly version: string;
  readonly summary: string;
  /** Operands, and commands, behind the program's and the command's name; roff. */
  readonly operands: string;
  readonly options: readonly Option[];
  /** What stands for `@name words`: lines of roff. */
  readonly blocks: ReadonlyMap<string, (words: readonly string[]) => readonly string[]>;
}

/** A line `@directive words` of a source, and the roff behind it. */
interface Chunk {
  readonly directive: string;
  readonly words: readonly string[];
  readonly lines: string[];
}

/**
 * Makes a page of its source: roff in which stand
 *
 * - `@date YYYY-MM-DD`, once, for the title, name and synopsis;
 * - `@group NAME` for the heading of a group of options;
 * - `@option --long …` for the heading of an option, or of several that have one text, which follows;
 *   choices, defaults and the like are added to the text;
 * - `@block words` for each of the page's blocks.
 *
 * @throws Error when an option has no text, a text no option, or stands in another group
 */
export function renderPage(source: string, page: Page): string {
  const untold = new Set(page.options);
  let group: string | undefined;
  const body = chunksOf(source).flatMap(({ directive, words, lines }) => {
    switch (directive) {
      case '':
        return lines;
      case 'date':
        return [...head(page, words.join(' ')), ...lines];
      case 'group':
        group = words.join(' ');
        return [`.SS ${group}`, ...lines];
      case 'option':
        return optionEntry(words.map(takeOption), lines);
      default: {
        const block = page.blocks.get(directive);
        return block === undefined
          ? fail(`there is no @${directive}`)
          : [...block(words), ...lines];
      }
    }
  });
  if (untold.size > 0) {
    fail(`no text for ${[...untold].map(({ flags }) => flags).join('; ')}`);
  }
  return `${[`.\\" Made by npm run man from man/src/${page.name}.roff`, ...body].join('\n')}\n`;

  function takeOption(long: string): Option {
    const option = [...untold].find((candidate) => candidate.long === long);
    if (option === undefined) {
      return fail(`there is no option ${long}, or it has a text already`);
    }
    const home = option.helpGroupHeading?.replace(/:$/, '');
    if (home !== group) {
      return fail(`${long} is of the group ${home}, not ${group}`);
    }
    untold.delete(option);
    return option;
  }

  function fail(reason: string): never {
    throw new Error(`man/src/${page.name}.roff: ${reason}`);
  }

  function optionEntry(options: readonly Option[], lines: readonly string[]): string[] {
    // What follows from the definition ends the first paragraph.
    const end = lines.findIndex((line) => /^\.(IP|PP|SS|SH)\b/.test(line));
    const text = end < 0 ? lines : lines.slice(0, end);
    const rest = end < 0 ? [] : lines.slice(end);
    if (text.length === 0) {
      fail(`no text for ${options.map(({ flags }) => flags).join('; ')}`);
    }
    return [
      ...tagged(options.map(optionHeading).join(', '), text),
      ...options.flatMap(optionDetails),
      ...rest,
    ];
  }
}

function chunksOf(source: string): Chunk[] {
  const chunks: Chunk[] = [{ directive: '', words: [], lines: [] }];
  for (const line of source.trimEnd().split('\n')) {
    if (line.startsWith('@')) {
      const [directive = '', ...words] = line.slice(1).split(' ');
      chunks.push({ directive, words, lines: [] });
    } else if (!line.startsWith('.\\"')) {
      chunks.at(-1)?.lines.push(line);
    }
  }
  return chunks;
}

function head({ name, version, summary, operands }: Page, date: string): string[] {
  const title = name.replaceAll('-', '\\-');
  return [
    `.TH ${title.toUpperCase()} 1 "${date}" "usbxfer ${version}" "User Commands"`,
    '.SH NAME',
    `${title} \\- ${summary}`,
    '.SH SYNOPSIS',
    `${bold(name.replace('-', ' '))} ${operands}`,
  ];
}
