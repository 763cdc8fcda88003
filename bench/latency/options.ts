import { parseArgs } from 'node:util';

/** What to measure. */
export interface Options {
  readonly rounds: number;
  /** `gadget --speed`'s words. */
  readonly speeds: readonly string[];
  /** Bytes in a message; 8 to 16384. */
  readonly size: number;
  /** Messages that count, in each run. */
  readonly count: number;
  /** Milliseconds from one message to the next. */
  readonly every: number;
}

/** Reads the command line; throws for what it does not understand. */
export function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      speeds: { type: 'string', default: 'super,high' },
      size: { type: 'string', default: '1000' },
      count: { type: 'string', default: '400' },
      // Rare enough for each to be written before the next comes, under emulation, too.
      every: { type: 'string', default: '53' },
    },
  });
  const number = (name: 'rounds' | 'size' | 'count' | 'every') => {
    const value = Number(values[name]);
    if (!(Number.isInteger(value) && value > 0)) throw new Error(`--${name} takes a number`);
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
