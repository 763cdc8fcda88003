import type { Argument, Command, Option } from 'commander';
import type { DeviceFilter } from '../../usb/model.js';
import { AttachedValueOption } from '../options/attached-value.js';
import type { BackendOptions } from '../options/backend.js';
import type { FilterOptions } from '../options/device.js';
import { deviceSelector, isDeviceSelector } from '../options/parsers.js';
import type { RawStreamOptions } from '../options/plan.js';

/** The values of options that completion uses. The line is unfinished, so any may be missing. */
export type GivenOptions = Partial<
  BackendOptions &
    FilterOptions &
    Pick<RawStreamOptions, 'ep' | 'configuration' | 'interface' | 'alt'>
>;

/** The line before the word that is completed. */
export interface ParsedLine {
  readonly options: ReadonlySet<Option>;
  /** By attribute name, from the line, the environment or the default. Invalid values are omitted. */
  readonly values: GivenOptions;
  readonly operands: readonly string[];
  /** The option whose value the next word is, or may be if the value is optional. */
  readonly pending: Option | undefined;
  /** Whether the line contains `--`. */
  readonly ended: boolean;
}

/** An option in an argument, with the value attached to it: `-dVALUE`, `--device=VALUE`. */
interface NamedOption {
  readonly option: Option;
  readonly attached: string | undefined;
}

/** All options in the help of a command, including `--help`. */
export function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

/** Parses the arguments of a command like commander, but accepts invalid ones. */
export function parseLine(command: Command, args: readonly string[]): ParsedLine {
  const known = optionsOf(command);
  const texts = new Map<Option, string | undefined>();
  const operands: string[] = [];
  let pending: Option | undefined;
  let ended = false;
  for (const arg of args) {
    if (pending !== undefined && (pending.required || isOptionalValue(arg))) {
      texts.set(pending, arg);
      pending = undefined;
    } else if (ended || arg === '-' || !arg.startsWith('-')) {
      operands.push(arg);
    } else if (arg === '--') {
      pending = undefined;
      ended = true;
    } else {
      const named = namedOptions(known, arg);
      for (const { option, attached } of named) {
        texts.set(option, attached);
      }
      const last = named.at(-1);
      pending =
        last !== undefined && last.attached === undefined && takesNextArgument(last.option)
          ? last.option
          : undefined;
    }
  }
  const values = {
    ...Object.fromEntries(
      known.map((option) => [option.attributeName(), optionValue(option, texts.get(option))]),
    ),
    operand: deviceFilters(command.registeredArguments, operands),
  };
  return { options: new Set(texts.keys()), values, operands, pending, ended };
}

/** The options in one argument. Short ones may be combined: `-qo`. Empty if one is unknown. */
export function namedOptions(known: readonly Option[], arg: string): NamedOption[] {
  if (arg.startsWith('--')) {
    const [, name, attached] = /^([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const option = known.find(({ long }) => long === name);
    return option === undefined ? [] : [{ option, attached }];
  }
  const named: NamedOption[] = [];
  for (let i = 1; i < arg.length; i += 1) {
    const option = known.find(({ short }) => short === `-${arg[i]}`);
    if (option === undefined) {
      return [];
    }
    const rest = arg.slice(i + 1);
    if (takesValue(option) && rest !== '') {
      return [...named, { option, attached: rest }];
    }
    named.push({ option, attached: undefined });
  }
  return named;
}

/** The filters of the operands that are devices; undefined if there are none. */
function deviceFilters(
  [argument]: readonly Argument[],
  operands: readonly string[],
): readonly DeviceFilter[] | undefined {
  const texts =
    argument?.name() !== 'device' ? [] : argument.variadic ? operands : operands.slice(0, 1);
  const filters = texts.filter(isDeviceSelector).flatMap((text) => {
    try {
      return [deviceSelector(text)];
    } catch {
      return []; // unfinished, or a mistake
    }
  });
  return filters.length === 0 ? undefined : filters;
}

/** Whether an argument can be the optional value of the option before it. */
function isOptionalValue(arg: string): boolean {
  return !arg.startsWith('-') && !isDeviceSelector(arg);
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

/** Whether the next argument is, or may be, the value of the option. */
function takesNextArgument(option: Option): boolean {
  return takesValue(option) && !(option instanceof AttachedValueOption);
}

function optionValue(option: Option, text: string | undefined): unknown {
  const given = text ?? (option.envVar === undefined ? undefined : process.env[option.envVar]);
  if (given === undefined || !takesValue(option)) {
    return option.defaultValue;
  }
  try {
    return option.parseArg === undefined ? given : option.parseArg<unknown>(given, undefined);
  } catch {
    return undefined;
  }
}
