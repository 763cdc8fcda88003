import type { Statistics } from '../../engine/stats/statistics.js';
import { delayText, eventTexts, waitText } from '../report/words.js';
import { binarySize, clock } from '../terminal/format.js';
import { barPiece, ECHO, graphPiece, layOut, type Piece, type RenderOptions } from './layout.js';
import type { Meter, StreamLimits } from './stream.js';

/** Seconds of the history on which the estimate of the remaining time is based. */
const ESTIMATE_SECONDS = 10;

const HISTORY_LABEL = 'last minute: ';

/** A direction, and its recent rates. */
interface Track {
  readonly meter: Meter;
  readonly history: RateHistory;
}

/** All directions side by side, together narrower than the terminal. */
export function progressLine(
  tracks: readonly Track[],
  now: number,
  options: RenderOptions,
): string {
  const share = Math.floor((options.width - ECHO.length + 1) / tracks.length);
  return tracks
    .map((track) => {
      const { statistics, direction } = track.meter;
      if (statistics.waitingSince === undefined) {
        track.history.add(statistics.bytesMoved, now);
      } else {
        track.history.skip(statistics.bytesMoved, now);
      }
      const { name } = direction;
      const label = tracks.length === 1 || share <= name.length + 1 ? '' : `${name} `;
      return label + progressText(track, now, { ...options, width: share - label.length });
    })
    .join(' ');
}

/**
 * The progress of one direction in one line that is narrower than the terminal: with a limit, the
 * share that is done and the time that is left; without one, the rates of the last minute as a graph.
 * While the device is away, how long it has been waited for, instead of rates.
 *
 * @param now monotonic milliseconds
 */
export function progressText(
  { meter, history }: Track,
  now: number,
  options: RenderOptions,
): string {
  const { statistics, limits } = meter;
  const elapsed = statistics.secondsAt(now);
  const average = meter.averageAt(now);
  const ahead = estimate(limits, statistics, recentRate(history, average), elapsed);
  const left = ahead && (ahead.seconds < Number.POSITIVE_INFINITY ? clock(ahead.seconds) : '-');
  const { waitingSince } = statistics;
  const isAway = waitingSince !== undefined;
  const hasHistory = !ahead && !isAway && history.seconds.length > 0;
  const pieces: Piece[] = [
    ...(ahead ? [barPiece(ahead.share, options)] : []),
    { text: sizes(statistics, limits), rank: 0 },
    ...(ahead ? [{ text: `${Math.floor(ahead.share * 100)} %`, rank: 1 }] : []),
    { text: `elapsed ${clock(elapsed)}`, rank: 8 },
    ...(isAway
      ? [{ text: `${waitText(statistics)} for ${clock((now - waitingSince) / 1000)}`, rank: 2 }]
      : [
          { text: `now ${binarySize(history.current)}/s`, rank: 2 },
          { text: `average ${binarySize(average)}/s`, rank: 7 },
          ...(left ? [{ text: `left ${left}`, rank: 3 }] : []),
        ]),
    ...problemPieces(meter, now),
    // The sparkline grows, so it comes last and moves nothing else.
    ...(hasHistory ? [historyPiece(history, options)] : []),
  ];
  return layOut(pieces, options);
}

/** The rates of the last minute as a graph. */
function historyPiece({ seconds }: RateHistory, { unicode }: RenderOptions): Piece {
  return graphPiece(HISTORY_LABEL, 9, (columns) => sparkline(seconds.slice(-columns), unicode));
}

function sizes({ bytesDelivered }: Statistics, { bytes }: StreamLimits): string {
  const done = binarySize(bytesDelivered);
  return bytes === undefined ? done : `${done} of ${binarySize(bytes)}`;
}

/** How long a slow output or input left no transfer in flight, and what happened to the device. */
function problemPieces({ statistics, direction }: Meter, now: number): Piece[] {
  const delay = delayText(direction, now);
  const events = eventTexts(statistics);
  return [
    ...(delay === undefined ? [] : [{ text: delay, rank: 6 }]),
    ...events.map((text) => ({ text, rank: 4, alarming: true })),
  ];
}

/** Bytes per second in the last seconds, steadier than the rate of the last second alone. */
function recentRate({ seconds }: RateHistory, average: number): number {
  const recent = seconds.slice(-ESTIMATE_SECONDS);
  return recent.length === 0 ? average : recent.reduce((sum, rate) => sum + rate) / recent.length;
}

/** Characters of increasing height, in Unicode and in ASCII. */
const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII = ['_', '.', '-', '=', '+', '*', '#', '@'];

/** Draws one character for each number, with a height relative to the largest. */
function sparkline(numbers: readonly number[], unicode: boolean): string {
  const glyphs = unicode ? BLOCKS : ASCII;
  const most = Math.max(...numbers, Number.MIN_VALUE);
  return numbers
    .map((number) => glyphs[Math.round((number / most) * (glyphs.length - 1))] ?? '')
    .join('');
}

/** The current rate is measured over at least this long, in milliseconds. */
const RATE_WINDOW = 1000;

/** Seconds of the history. */
const HISTORY_SECONDS = 60;

/** The rates of the last minute, computed from repeated readings of a byte counter. */
export class RateHistory {
  readonly #readings: { at: number; bytes: number }[];
  readonly #seconds: number[] = [];
  #secondSince: number;
  #secondBytes = 0;

  /** @param now the time when the counter was 0: monotonic milliseconds */
  constructor(now: number) {
    this.#readings = [{ at: now, bytes: 0 }];
    this.#secondSince = now;
  }

  /** Adds a reading of the counter. */
  add(bytes: number, now: number): void {
    this.#readings.push({ at: now, bytes });
    while (now - (this.#readings[1]?.at ?? now) >= RATE_WINDOW) {
      this.#readings.shift();
    }
    const elapsed = now - this.#secondSince;
    if (elapsed >= 1000) {
      this.#seconds.push(((bytes - this.#secondBytes) / elapsed) * 1000);
      this.#seconds.splice(0, this.#seconds.length - HISTORY_SECONDS);
      this.#secondSince = now;
      this.#secondBytes = bytes;
    }
  }

  /** Leaves out the time since the last reading: the device was away. */
  skip(bytes: number, now: number): void {
    this.#readings.splice(0, this.#readings.length, { at: now, bytes });
    this.#secondSince = now;
    this.#secondBytes = bytes;
  }

  /** Bytes per second in the last second, or since the start; 0 before the second reading. */
  get current(): number {
    const first = this.#readings[0];
    const last = this.#readings.at(-1);
    if (first === undefined || last === undefined || last.at <= first.at) {
      return 0;
    }
    return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
  }

  /** Bytes per second in each of the last 60 seconds, oldest first. */
  get seconds(): readonly number[] {
    return this.#seconds;
  }
}

/** The progress towards the limit that will be reached first. */
interface Estimate {
  /** From 0 to 1. */
  readonly share: number;
  /** Remaining seconds; Infinity while nothing arrives. */
  readonly seconds: number;
}

/**
 * Estimates the progress towards the nearest limit. Returns undefined without a limit.
 *
 * @param rate current bytes per second
 * @param elapsed seconds since the start
 */
function estimate(
  { bytes, skip = 0, count, duration }: StreamLimits,
  statistics: Statistics,
  rate: number,
  elapsed: number,
): Estimate | undefined {
  const estimates: Estimate[] = [];
  if (bytes !== undefined) {
    const skipped = Math.min(skip, statistics.bytesMoved);
    const done = skipped + statistics.bytesDelivered;
    estimates.push(towards(skip + bytes, done, rate));
  }
  if (count !== undefined) {
    const { transfersWithData } = statistics;
    estimates.push(towards(count, transfersWithData, transfersWithData / elapsed));
  }
  if (duration !== undefined) {
    estimates.push(towards(duration / 1000, elapsed, 1));
  }
  return estimates.sort((a, b) => a.seconds - b.seconds)[0];
}

function towards(goal: number, done: number, perSecond: number): Estimate {
  const left = Math.max(0, goal - done);
  return { share: 1 - left / goal, seconds: left === 0 ? 0 : left / Math.max(0, perSecond) };
}
