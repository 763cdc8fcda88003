import { parseArgs } from 'node:util';

/** What to measure. */
export interface Options {
  readonly rounds: number;
  /** Values of `gadget --speed`. */
  readonly speeds: readonly string[];
  /** Size of a message in bytes: 8 to 16384. */
  readonly size: number;
  /** Messages of each run that count. */
  readonly count: number;
  /** Milliseconds between messages. */
  readonly every: number;
}

/** Parses the command line. Throws for invalid arguments. */
export function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      speeds: { type: 'string', default: 'super,high' },
      size: { type: 'string', default: '1000' },
      count: { type: 'string', default: '400' },
      // Under emulation, too, each message is written before the next one arrives.
      every: { type: 'string', default: '53' },
    },
  });
  const number = (name: 'rounds' | 'size' | 'count' | 'every') => {
    const value = Number(values[name]);
    if (!(Number.isInteger(value) && value > 0))
      throw new Error(`--${name} takes a positive number`);
    return value;
  };
  return {
    rounds: number('rounds'),
    speeds: values.speeds.split(','),
    size: number('size'),
    count: number('count'),
    every: number('every'),
  };
}
