import type { Statistics } from '../../engine/stats/statistics.js';
import { TRANSFER_STATUSES } from '../../usb/transfer-status.js';
import { binarySize, clock } from '../terminal/format.js';
import type { Paint } from '../terminal/style.js';
import type { Meter } from './stream.js';

/** Seconds of the history by which the time that is left is estimated. */
const ESTIMATE = 10;

/** The least and the most columns of a bar or a sparkline. */
const LEAST_GRAPH = 10;
const MOST_GRAPH = 60;

/** Statuses that are no failures. */
const HARMLESS: ReadonlySet<string> = new Set(['completed', 'timed-out', 'cancelled']);

/** How to show what a terminal shows. */
export interface RenderOptions {
  /** Columns. */
  readonly width: number;
  readonly unicode: boolean;
  readonly paint: Paint;
  /** A bar of so many columns that is full to this share. */
  readonly bar: (share: number, columns: number) => string;
}

/** A piece of the line; those of the highest ranks are left out first where it is too narrow. */
interface Piece {
  readonly text: string;
  readonly rank: number;
  readonly alarming?: boolean;
}

/** The place of the bar or the sparkline, which takes what room there is. */
const GRAPH: Piece = { text: ' '.repeat(LEAST_GRAPH), rank: 5 };

/** A direction, and the rates that it had. */
export interface Track {
  readonly meter: Meter;
  readonly history: RateHistory;
}

/** The line of each direction side by side, all in all less wide than the terminal. */
export function progressLine(tracks: readonly Track[], now: number, looks: RenderOptions): string {
  const share = Math.floor(looks.width / tracks.length);
  return tracks
    .map(({ meter: { statistics, goal, name }, history }) => {
      history.look(statistics.bytesMoved, now);
      const label = name === undefined || share <= name.length + 1 ? '' : `${name} `;
      const width = share - label.length;
      return label + progressText(statistics, history, goal, now, { ...looks, width });
    })
    .join(' ');
}

/**
 * One line that says how the transfers of one direction get on, less wide than the terminal. With a limit in sight: how
 * much of it is reached, and when it will be; without one: the rate of the last minute, as a graph.
 *
 * @param now monotonic milliseconds
 */
export function progressText(
  statistics: Statistics,
  history: RateHistory,
  goal: Limits,
  now: number,
  looks: RenderOptions,
): string {
  const elapsed = statistics.secondsAt(now);
  const average = elapsed > 0 ? statistics.bytesDelivered / elapsed : 0;
  const ahead = estimate(goal, statistics, recentRate(history, average), elapsed);
  const left = ahead && (ahead.seconds < Number.POSITIVE_INFINITY ? clock(ahead.seconds) : '-');
  const pieces: Piece[] = [
    ...(ahead ? [GRAPH] : []),
    { text: sizes(statistics, goal), rank: 0 },
    ...(ahead ? [{ text: `${Math.floor(ahead.share * 100)} %`, rank: 1 }] : []),
    { text: clock(elapsed), rank: 8 },
    { text: `${binarySize(history.current)}/s`, rank: 2 },
    { text: `avg ${binarySize(average)}/s`, rank: 7 },
    ...(left ? [{ text: `ETA ${left}`, rank: 3 }] : []),
    { text: `${statistics.inFlight} in flight`, rank: 9 },
    ...troubles(statistics, now),
    // Unlike a bar it grows: behind the rest it pushes nothing about.
    ...(ahead ? [] : [GRAPH]),
  ];
  const room = looks.width - 1;
  const shown = fitting(pieces, room);
  const columns = Math.min(room - widthOf(shown) + LEAST_GRAPH, MOST_GRAPH);
  return shown
    .map((piece) => {
      if (piece === GRAPH) {
        return ahead
          ? looks.bar(ahead.share, columns)
          : sparkline(history.seconds.slice(-columns), looks.unicode);
      }
      const text = piece.text.slice(0, Math.max(0, room));
      return piece.alarming ? looks.paint('red', text) : text;
    })
    .join('  ');
}

function sizes({ bytesDelivered }: Statistics, { bytes }: Limits): string {
  const done = binarySize(bytesDelivered);
  return bytes === undefined ? done : `${done} of ${binarySize(bytes)}`;
}

/** Each count that is not zero, and what else is to be known at once. */
function troubles(statistics: Statistics, now: number): Piece[] {
  const pieces: Piece[] = [];
  const dry = statistics.timings.starved.millisecondsAt(now);
  if (dry > 0) {
    pieces.push({ text: `dry ${(dry / 1000).toFixed(1)} s`, rank: 6 });
  }
  for (const status of TRANSFER_STATUSES) {
    const count = statistics.statuses[status];
    if (count > 0) {
      const alarming = !HARMLESS.has(status);
      pieces.push({ text: `${status} ${count}`, rank: alarming ? 4 : 10, alarming });
    }
  }
  return pieces;
}

/** Bytes per second, steadier than the rate of the last second. */
function recentRate({ seconds }: RateHistory, average: number): number {
  const recent = seconds.slice(-ESTIMATE);
  return recent.length === 0 ? average : recent.reduce((sum, rate) => sum + rate) / recent.length;
}

function fitting(pieces: readonly Piece[], room: number): Piece[] {
  let shown = [...pieces];
  while (shown.length > 1 && widthOf(shown) > room) {
    const last = Math.max(...shown.map(({ rank }) => rank));
    shown = shown.filter(({ rank }) => rank !== last);
  }
  return shown;
}

function widthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + text.length + 2, -2);
}

/** Heights, the lowest first: of Unicode, and of ASCII, which any terminal shows. */
const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII = ['_', '.', '-', '=', '+', '*', '#', '@'];

/** One character for each number, its height in proportion to the largest. */
export function sparkline(numbers: readonly number[], unicode: boolean): string {
  const glyphs = unicode ? BLOCKS : ASCII;
  const most = Math.max(...numbers, Number.MIN_VALUE);
  return numbers
    .map((number) => glyphs[Math.round((number / most) * (glyphs.length - 1))] ?? '')
    .join('');
}

/** A rate is that of so long a time, in milliseconds, or a little more. */
const WINDOW = 1000;

/** Seconds that are remembered. */
const MEMORY = 60;

/** The rates of the last minute, from a counter of bytes that is looked at again and again. */
export class RateHistory {
  readonly #looks: { at: number; bytes: number }[];
  readonly #seconds: number[] = [];
  #secondSince: number;
  #secondBytes = 0;

  /** @param now when the counter was 0: monotonic milliseconds */
  constructor(now: number) {
    this.#looks = [{ at: now, bytes: 0 }];
    this.#secondSince = now;
  }

  /** Takes a look at the counter. */
  look(bytes: number, now: number): void {
    this.#looks.push({ at: now, bytes });
    while (now - (this.#looks[1]?.at ?? now) >= WINDOW) {
      this.#looks.shift();
    }
    const elapsed = now - this.#secondSince;
    if (elapsed >= 1000) {
      this.#seconds.push(((bytes - this.#secondBytes) / elapsed) * 1000);
      this.#seconds.splice(0, this.#seconds.length - MEMORY);
      this.#secondSince = now;
      this.#secondBytes = bytes;
    }
  }

  /** Bytes per second, in the last second or from the beginning on; 0 before the second look. */
  get current(): number {
    const first = this.#looks[0];
    const last = this.#looks.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) {
      return 0;
    }
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }

  /** Bytes per second in each of the last 60 seconds, the oldest first. */
  get seconds(): readonly number[] {
    return this.#seconds;
  }
}

/** What is to end a transfer of data, as far as one can see it coming. */
export interface Limits {
  /** Bytes to deliver, and to throw away before. */
  readonly bytes?: number | undefined;
  readonly skip?: number | undefined;
  /** Transfers with data. */
  readonly count?: number | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
}

/** How far it is on its way to the limit that it will reach first. */
export interface Estimate {
  /** From 0 to 1. */
  readonly share: number;
  /** Seconds that are left; Infinity while nothing comes. */
  readonly seconds: number;
}

/**
 * The outlook on the nearest limit; undefined when there is none.
 *
 * @param rate bytes per second that it makes
 * @param elapsed seconds since it began
 */
export function estimate(
  { bytes, skip = 0, count, duration }: Limits,
  statistics: Statistics,
  rate: number,
  elapsed: number,
): Estimate | undefined {
  const outlooks: Estimate[] = [];
  if (bytes !== undefined) {
    const skipped = Math.min(skip, statistics.bytesMoved);
    const done = skipped + statistics.bytesDelivered;
    outlooks.push(towards(skip + bytes, done, rate));
  }
  if (count !== undefined) {
    const { transfersWithData } = statistics;
    outlooks.push(towards(count, transfersWithData, transfersWithData / elapsed));
  }
  if (duration !== undefined) {
    outlooks.push(towards(duration / 1000, elapsed, 1));
  }
  return outlooks.sort((a, b) => a.seconds - b.seconds)[0];
}

function towards(goal: number, done: number, perSecond: number): Estimate {
  const left = Math.max(0, goal - done);
  return { share: 1 - left / goal, seconds: left === 0 ? 0 : left / Math.max(0, perSecond) };
}
