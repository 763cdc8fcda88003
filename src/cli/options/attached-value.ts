import type { Command } from 'commander';
import { Option } from 'commander';
import { isDeviceSelector } from './parsers.js';

/** Stands for the value of an option without one. No argument can contain it. */
const NO_VALUE = '\0';

/**
 * An option with an optional value that must be attached: `--json=FILE`. The next argument is never its
 * value, as it is for commander. The value of the option is `true` without one.
 */
export class AttachedValueOption extends Option {
  /**
   * @param long the name of the option: `--json`
   * @param value the name of its value in the help
   * @param parse the parser of a value; by default, the value is text
   */
  constructor(
    long: string,
    value: string,
    description: string,
    parse: (text: string) => unknown = (text) => text,
  ) {
    super(`${long} [${value}]`, description);
    this.flags = `${long}[=${value}]`;
    this.argParser((text: string) => text === NO_VALUE || parse(text));
  }
}

/**
 * Makes a command parse its options of this kind, and not take a device for the optional value of
 * another option: `--wait 1234:5678`.
 */
export function parseAttachedValues(command: Command): void {
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (args) => {
    const end = args.indexOf('--');
    return parseOptions(
      args.map((arg, at) => {
        const isOption = (end < 0 || at < end) && !takesNext(command, args[at - 1]);
        const option = isOption ? findOption(command, arg) : undefined;
        if (option instanceof AttachedValueOption) {
          return `${arg}=${NO_VALUE}`;
        }
        return option?.presetArg !== undefined && isDeviceSelector(args[at + 1] ?? '')
          ? `${arg}=${option.presetArg}`
          : arg;
      }),
    );
  };
}

/** Whether the argument after this one is its value. */
function takesNext(command: Command, arg: string | undefined): boolean {
  return findOption(command, arg)?.required ?? false;
}

function findOption({ options }: Command, name: string | undefined): Option | undefined {
  return options.find(({ long, short }) => name !== undefined && (name === long || name === short));
}
