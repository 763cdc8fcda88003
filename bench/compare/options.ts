import { type ParseArgsConfig, parseArgs } from 'node:util';
import { parseSize } from '../../src/usb/format.js';
import { DIRECTIONS } from './direction.js';
import type { Comparison } from './rounds.js';

/** The options of every comparison, for `parseArgs`. */
const OPTIONS = {
  direction: { type: 'string', default: 'in' },
  rounds: { type: 'string', default: '5' },
  bytes: { type: 'string' },
  outputs: { type: 'string' },
  inputs: { type: 'string' },
  only: { type: 'string' },
} satisfies ParseArgsConfig['options'];

/**
 * Parses the command line of a comparison, with one more option that chooses its settings.
 *
 * @param name the option of the settings
 * @param settings its possible values
 * @param defaultBytes bytes of a run by the name of the place
 * @throws Error for invalid arguments
 */
export function parseComparison<Setting extends string>(
  name: string,
  settings: readonly Setting[],
  defaultBytes: (place: string) => number,
): Comparison & { readonly settings: readonly Setting[] } {
  const { values } = parseArgs({ options: { ...OPTIONS, [name]: { type: 'string' } } });
  const text = (option: string) => {
    const value = (values as Readonly<Record<string, string | boolean | undefined>>)[option];
    return typeof value === 'string' ? value : undefined;
  };
  const direction = DIRECTIONS[text('direction') ?? ''];
  if (direction === undefined) throw new Error('--direction takes in or out');
  const { placeKind, places, programs } = direction;
  const otherKind = placeKind === 'output' ? 'inputs' : 'outputs';
  if (text(otherKind) !== undefined) {
    throw new Error(`--${otherKind} applies to the other direction`);
  }
  const rounds = Number(text('rounds'));
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error('--rounds takes a number');
  const bytes = parseBytes(text('bytes'));
  return {
    direction,
    rounds,
    bytesAt: ({ name }) => bytes ?? defaultBytes(name),
    settings: choose(`--${name}`, text(name), settings, (setting) => setting),
    places: choose(`--${placeKind}s`, text(`${placeKind}s`), places, ({ name }) => name),
    programs: choose('--only', text('only'), programs, ({ name }) => name),
  };
}

function parseBytes(text: string | undefined): number | undefined {
  const bytes = text === undefined ? undefined : parseSize(text);
  // The smallest share of a program is 1/256, in whole packets.
  if (text !== undefined && (!bytes || bytes % (256 * 1024) !== 0)) {
    throw new Error('--bytes takes multiples of 256KiB');
  }
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
