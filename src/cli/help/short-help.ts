import type { Command } from 'commander';
import { commandHelp, groupsOf, operandTerms } from './command-help.js';
import { exampleLines } from './examples.js';
import { sentence, termLines } from './layout.js';

/** The maximum number of lines, so that the help fits a terminal of 80 by 24. */
const MAX_LINES = 24;

/** The options in the short help of each command. Without an entry, it has no options. */
export const COMMON_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  list: ['--output', '--sort', '--tree', '--verbose', '--json', '--serial', '--name', '--class'],
  info: ['--json', '--raw', '--serial'],
  read: [
    ...['--ep', '--bytes', '--duration', '--idle-timeout', '--keep-going', '--reconnect', '--wait'],
    ...['--output', '--hex', '--json'],
  ],
  write: ['--ep', '--zlp', '--input', '--skip', '--bytes', '--idle-timeout', '--wait', '--json'],
  pipe: [
    ...['--in', '--out', '--linger', '--bytes', '--wait', '--input', '--output', '--hex'],
    '--json',
  ],
  control: [
    ...['--wait', '--data', '--input', '--script', '--timeout', '--detach', '--output', '--hex'],
    '--json',
  ],
  extract: [
    ...['--path', '--ep', '--list', '--bytes', '--skip', '--until-short', '--output', '--hex'],
    '--json',
  ],
  bench: [
    ...['--ep', '--in', '--out', '--transfers', '--runs', '--duration', '--verify', '--json'],
  ],
  tune: ['--serial', '--path', '--ep', '--interface', '--detach', '--duration', '--json'],
  'clear-halt': ['--ep', '--interface', '--alt', '--detach', '--json', '--serial', '--path'],
  reset: ['--serial', '--timeout', '--force', '--json'],
  watch: ['--name', '--class', '--count', '--timeout', '--initial', '--json'],
  serve: ['--serial', '--path', '--listen', '--detach', '--json', '--backend', '--scenario'],
  doctor: ['--serial', '--path', '--json'],
};

/**
 * The help that `-h` prints: the most used options, in at most 24 lines of 80 columns. If all options
 * fit, it has all of them.
 */
export function shortHelp(command: Command, width: number): string {
  const full = commandHelp(command, width);
  if (full.split('\n').length <= MAX_LINES) {
    return full;
  }
  const name = command.name();
  const common = COMMON_OPTIONS[name] ?? [];
  const operands = operandTerms(command);
  const groups = groupsOf(command).map(
    ([heading, options]) =>
      [heading, options.filter(({ long }) => common.includes(long ?? ''))] as const,
  );
  return [
    `Usage: usbxfer ${name} ${command.usage()}`,
    `${sentence(command.description())} Examples:`,
    ...exampleLines(name, 2),
    '',
    ...(operands.length === 0 ? [] : ['Arguments:', ...termLines(operands, width)]),
    ...groups.flatMap(([heading, options]) => {
      const terms = options.map(({ flags, description }) => [flags, description] as const);
      return options.length === 0 ? [] : [heading, ...termLines(terms, width)];
    }),
    '',
    `All options: usbxfer ${name} --help, man usbxfer-${name}.`,
  ].join('\n');
}
