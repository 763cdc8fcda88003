import { parseArgs } from 'node:util';
import { parseSize } from '../../src/usb/format.js';
import { DIRECTIONS, type Direction } from './direction.js';
import type { Place } from './places.js';
import type { Program } from './programs.js';

/** Speeds of the lab's bus for bulk streams, as values of `gadget --speed`. */
export const SPEEDS = ['super', 'high'] as const;
export type Speed = (typeof SPEEDS)[number];

/** What to measure. */
export interface Options {
  readonly direction: Direction;
  readonly rounds: number;
  /** Bytes of a run. */
  readonly bytes: number;
  readonly speeds: readonly Speed[];
  readonly places: readonly Place[];
  readonly programs: readonly Program[];
}

const MIB = 1024 * 1024;

/** Enough for some seconds of streaming: under emulation, compiling JavaScript takes the first one. */
const DEFAULT_BYTES = 512 * MIB;

/** Parses the command line. Throws for invalid arguments. */
export function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      direction: { type: 'string', default: 'in' },
      rounds: { type: 'string', default: '5' },
      bytes: { type: 'string' },
      speeds: { type: 'string' },
      outputs: { type: 'string' },
      inputs: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const direction = DIRECTIONS[values.direction];
  if (direction === undefined) throw new Error('--direction takes in or out');
  const { placeKind, places, programs } = direction;
  const otherKind = placeKind === 'output' ? 'inputs' : 'outputs';
  if (values[otherKind] !== undefined)
    throw new Error(`--${otherKind} applies to the other direction`);
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a number');
  return {
    direction,
    rounds,
    bytes: parseBytes(values.bytes),
    speeds: choose('--speeds', values.speeds, SPEEDS, (speed) => speed),
    places: choose(`--${placeKind}s`, values[`${placeKind}s`], places, ({ name }) => name),
    programs: choose('--only', values.only, programs, ({ name }) => name),
  };
}

function parseBytes(text: string | undefined): number {
  if (text === undefined) return DEFAULT_BYTES;
  const bytes = parseSize(text);
  // The smallest share of a program is 1/256, in whole packets.
  if (!bytes || bytes % (256 * 1024) !== 0) throw new Error('--bytes takes multiples of 256KiB');
  return bytes;
}

/** Selects items by a comma-separated list of names; all items if there is no list. */
function choose<Thing>(
  option: string,
  list: string | undefined,
  things: readonly Thing[],
  nameOf: (thing: Thing) => string,
): readonly Thing[] {
  if (list === undefined) return things;
  const names = list.split(',');
  const chosen = things.filter((thing) => names.includes(nameOf(thing)));
  if (chosen.length !== names.length) {
    throw new Error(`${option} takes a comma-separated list of: ${things.map(nameOf).join(', ')}`);
  }
  return chosen;
}
