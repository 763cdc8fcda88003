import { fits, object, type Shape } from '../record/shape.js';
import { sanitize } from '../terminal/sanitize.js';
import type { ChartFile, ChartGap } from './chart-data.js';
import { type Fields, lineError } from './objects.js';
import type { Direction } from './shapes.js';

/** The objects of a file of one kind, turned into what the page draws. Memory is bounded. */
export interface Chart {
  /** The runs so far: with `--append`, several have written the file. */
  readonly runs: number;
  /** @throws CliError for an object of another form */
  add(fields: Fields, line: number): void;
  /** Returns the runs, once all objects were added. @param mostBuckets of each stream */
  finish(mostBuckets: number): readonly ChartRun[];
}

/** A run of a file. */
export type ChartRun = Omit<ChartFile, 'name'>;

/** Returns the run in an object. @throws CliError as `Chart.add` */
export type ToRun = (fields: Fields, name: string, line: number) => ChartRun;

/** A file in which each object is the result of a run. */
export class ResultChart implements Chart {
  readonly #name: string;
  readonly #toRun: ToRun;
  readonly #runs: ChartRun[] = [];

  constructor(name: string, toRun: ToRun) {
    this.#name = name;
    this.#toRun = toRun;
  }

  get runs(): number {
    return this.#runs.length;
  }

  add(fields: Fields, line: number): void {
    this.#runs.push(this.#toRun(fields, this.#name, line));
  }

  finish(): readonly ChartRun[] {
    return this.#runs;
  }
}

/** The gaps that are kept of a run. */
export const MAX_GAPS = 1000;

/**
 * Returns an object whose fields are what they must be.
 *
 * @param name of the file, in the message; safe to print
 * @throws CliError that names the first field that is not
 */
export function narrow<T>(fields: Fields, shape: Shape<T>, name: string, line: number): T {
  if (fits<T>(fields, shape)) {
    return fields;
  }
  const problem = shape(fields) ?? '';
  throw lineError(name, line, problem.replace(/^\./, ''));
}

/**
 * Returns each direction with what an object has of it. An object of one direction has it at its top, and one of two
 * under the names of the directions.
 *
 * @param shapes the fields of each direction
 * @throws CliError as `narrow`
 */
export function partsOf<T>(
  fields: Fields,
  directions: readonly Direction[],
  shapes: Readonly<Record<Direction, Shape<T>>>,
  name: string,
  line: number,
): readonly (readonly [Direction, T])[] {
  const [only, other] = directions;
  if (only !== undefined && other === undefined) {
    return [[only, narrow(fields, shapes[only], name, line)]];
  }
  const both: Shape<Readonly<Record<Direction, T>>> = object(shapes);
  const parts = narrow(fields, both, name, line);
  return directions.map((direction) => [direction, parts[direction]]);
}

/** The gaps of a run. */
export class GapList {
  /** The first ones. */
  readonly first: ChartGap[] = [];
  /** How many there are. */
  count = 0;

  add(gap: ChartGap, times = 1): void {
    this.count += times;
    for (let i = 0; i < times && this.first.length < MAX_GAPS; i += 1) {
      this.first.push(gap);
    }
  }
}

/** The time of day at which a run started; null if the numbers make no time. */
export function startOf(time: string, seconds: number): string | null {
  return isoTime(Date.parse(time) - seconds * 1000);
}

/** A time in UTC with milliseconds; null if it is none. */
export function isoTime(milliseconds: number): string | null {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

/** The device and the endpoints of a file: `1234:5678 0x82, serial V0001`. */
export function subjectOf(
  device: DeviceFields | null | undefined,
  ...endpoints: readonly (string | null | undefined)[]
): string {
  const ids = device ? [`${sanitize(device.vid)}:${sanitize(device.pid)}`] : [];
  const addresses = endpoints.filter((address) => typeof address === 'string');
  const serial = device?.serial ? [`serial ${sanitize(device.serial)}`] : [];
  return [[...ids, ...addresses.map((text) => sanitize(text))].join(' '), ...serial]
    .filter((part) => part !== '')
    .join(', ');
}

interface DeviceFields {
  readonly vid: string;
  readonly pid: string;
  readonly serial?: string | null | undefined;
}
