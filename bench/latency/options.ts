import { parseArgs } from 'node:util';
import type { LatencyOptions } from './rounds.js';

/** What to measure. The size of a message is at most 16384 bytes. */
export interface Options extends LatencyOptions {
  /** Values of `gadget --speed`. */
  readonly speeds: readonly string[];
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
