import type { Option } from 'commander';
import { defaultText, hasDefault } from '../../src/cli/help/command-help.js';
import { bold, italic } from './roff.js';

/** Formats the heading of an option: `-o, --output file`, `--wait[=time]`. */
export function optionHeading({ short, long, flags, required }: Option): string {
  const names = [short, long].flatMap((name) => (name === undefined ? [] : [bold(name)]));
  const value = valueName(flags);
  const shown = value.replace(/[\w-]+/g, italic);
  const suffix = value === '' ? '' : required ? ` ${shown}` : `[=${shown}]`;
  return `${names.join(', ')}${suffix}`;
}

/** Returns the sentences on an option's value that come from its definition. */
export function optionDetails(option: Option): string[] {
  const { argChoices, presetArg, flags } = option;
  return [
    ...(argChoices === undefined ? [] : [`The value is ${anyOf(argChoices.map(bold))}.`]),
    ...(hasDefault(option) ? [`The default is ${bold(defaultText(option))}.`] : []),
    ...(presetArg === undefined
      ? []
      : [`If ${italic(valueName(flags))} is omitted, it is ${bold(String(presetArg))}.`]),
  ];
}

/** Joins names: `a, b or c`. */
function anyOf(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].join(' or ');
}

/** Returns the name of the value, `vid[:pid]` in `--device <vid[:pid]>`; empty for a switch. */
function valueName(flags: string): string {
  return /[<[]=?(.*)[>\]]$/.exec(flags)?.[1] ?? '';
}
