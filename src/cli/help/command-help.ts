import type { Argument, Command, Option } from 'commander';
import { COMMANDS } from '../commands.js';
import { exampleLines } from './examples.js';
import type { Term } from './layout.js';
import { sentence, termLines } from './layout.js';

/** The help of one command: synopsis, examples, and options by group. */
export function commandHelp(command: Command, width: number): string {
  const operands = operandTerms(command);
  return [
    `Usage: usbxfer ${command.name()} ${command.usage()}\n${sentence(command.description())}`,
    section('Examples:', exampleLines(command.name())),
    ...(operands.length === 0 ? [] : [section('Arguments:', termLines(operands, width))]),
    ...groupsOf(command).map(([heading, options]) =>
      section(heading, termLines(options.map(optionTerm), width)),
    ),
    `More: ${[`man ${manualPage(command)}`, ...topics(command)].join(', ')}.`,
  ].join('\n\n');
}

/** Commands that take control requests, as arguments or as the value of an option. */
const TAKES_REQUESTS: ReadonlySet<string> = new Set(['read', 'write', 'pipe', 'control']);

/** The help topics that explain a command's values. */
function topics(command: Command): string[] {
  return [
    ...(command.options.length > 0 ? ['usbxfer help sizes'] : []),
    ...(TAKES_REQUESTS.has(command.name()) ? ['usbxfer help requests'] : []),
  ];
}

/** `request...` for an operand of several words. */
function operandName(operand: Argument): string {
  return operand.variadic ? `${operand.name()}...` : operand.name();
}

/** The operands of a command, with their descriptions. */
export function operandTerms({ registeredArguments }: Command): Term[] {
  return registeredArguments.map((operand) => [operandName(operand), operand.description]);
}

function manualPage(command: Command): string {
  const name = command.name();
  return COMMANDS.some((known) => known.name === name) ? `usbxfer-${name}` : 'usbxfer';
}

function section(heading: string, lines: readonly string[]): string {
  return [heading, ...lines].join('\n');
}

/** The options of a command, below their headings in the help. */
export function groupsOf(command: Command): [heading: string, options: Option[]][] {
  const found = new Map<string, Option[]>();
  for (const option of command.createHelp().visibleOptions(command)) {
    const heading = option.helpGroupHeading ?? 'Other:';
    found.set(heading, [...(found.get(heading) ?? []), option]);
  }
  return [...found];
}

function optionTerm(option: Option): Term {
  const notes = [
    option.argChoices === undefined ? '' : `one of ${option.argChoices.join(', ')}`,
    hasDefault(option) ? `default: ${defaultText(option)}` : '',
    option.presetArg === undefined ? '' : `without a value: ${String(option.presetArg)}`,
    option.envVar === undefined ? '' : `or ${option.envVar}`,
  ].filter((note) => note !== '');
  const { flags, description } = option;
  return [flags, notes.length === 0 ? description : `${description} (${notes.join('; ')})`];
}

/** Whether an option has a default, which may depend on the device: then only its text is known. */
export function hasDefault({ defaultValue, defaultValueDescription }: Option): boolean {
  return defaultValue !== undefined || defaultValueDescription !== undefined;
}

/** The default value of an option, as a user would type it. */
export function defaultText({ defaultValue, defaultValueDescription }: Option): string {
  return defaultValueDescription ?? String(defaultValue);
}
