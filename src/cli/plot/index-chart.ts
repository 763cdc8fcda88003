import { INDEX_LINES } from '../record/index-reader.js';
import { object, oneOf, optional, TEXT } from '../record/shape.js';
import { binarySize } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import {
  type Chart,
  type ChartRun,
  GapList,
  isoTime,
  MAX_GAPS,
  narrow,
  startOf,
  subjectOf,
} from './chart.js';
import { endFact, type Fact, gapCause, sizeText } from './facts.js';
import { type Fields, lineError } from './objects.js';
import { RateOfTransfers, STATUSES } from './rate-of-transfers.js';
import { DEVICE } from './shapes.js';

const TYPE = object({ type: TEXT });
const SUBJECT = object({ device: optional(DEVICE), endpoint: optional(TEXT) });
const END_REASON = object({ end_reason: optional(TEXT) });
const TYPES = oneOf(...(['start', 'clock', 'transfer', 'gap', 'end'] as const));

/** What `read --index` wrote. */
export class IndexChart implements Chart {
  readonly #name: string;
  readonly #runs: Run[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  get runs(): number {
    return this.#runs.length;
  }

  add(fields: Fields, line: number): void {
    const { type } = narrow(fields, TYPE, this.#name, line);
    if (TYPES(type) !== undefined) {
      return; // of a later version
    }
    const narrowTo = <T extends keyof typeof INDEX_LINES>(of: T) =>
      narrow<NonNullable<(typeof INDEX_LINES)[T]['type']>>(
        fields,
        INDEX_LINES[of],
        this.#name,
        line,
      );
    if (type === 'start') {
      const { device, endpoint } = narrow(fields, SUBJECT, this.#name, line);
      this.#runs.push(new Run(subjectOf(device, endpoint), narrowTo('start')));
      return;
    }
    const run = this.#runs.at(-1);
    if (run === undefined) {
      throw lineError(this.#name, line, 'the index does not begin with its start');
    }
    switch (type) {
      case 'transfer':
        run.addTransfer(narrowTo('transfer'));
        break;
      case 'gap':
        run.addGap(narrowTo('gap'));
        break;
      case 'clock':
        run.addClock(narrowTo('clock'));
        break;
      default: {
        const { end_reason: reason } = narrow(fields, END_REASON, this.#name, line);
        run.addEnd(narrowTo('end'), reason ?? 'not started');
      }
    }
  }

  finish(mostBuckets: number): readonly ChartRun[] {
    return this.#runs.map((run) => run.finish(mostBuckets));
  }
}

interface Clocks {
  readonly seconds: number;
  readonly time: string;
}

interface Gap {
  readonly seconds: number;
  readonly offset: number;
  readonly cause: string;
}

/** The lines of one run. */
class Run {
  readonly #subject: string;
  readonly #rate = new RateOfTransfers();
  readonly #gaps = new GapList();
  readonly #start: Clocks;
  /** Both clocks, last. */
  #clocks: Clocks;
  /** The gaps since then: their time of day is between two clocks. */
  #pending: Gap[] = [];
  #gapCount = 0;
  #ended: string | undefined;

  constructor(subject: string, start: Clocks) {
    this.#subject = subject;
    this.#start = start;
    this.#clocks = start;
  }

  addTransfer({ seconds, length, status }: { seconds: number; length: number; status: string }) {
    this.#rate.add(seconds, length, status);
  }

  addGap({ seconds, offset, cause }: Gap): void {
    this.#gapCount += 1;
    if (this.#gapCount <= MAX_GAPS) {
      this.#pending.push({ seconds, offset, cause: gapCause(cause) });
    }
  }

  addClock(clocks: Clocks): void {
    this.#timeGaps(clocks);
    this.#clocks = clocks;
  }

  addEnd(clocks: Clocks, reason: string): void {
    this.addClock(clocks);
    this.#rate.end(clocks.seconds);
    this.#ended = sanitize(reason);
  }

  finish(mostBuckets: number): ChartRun {
    this.#timeGaps(undefined);
    return {
      kind: 'index',
      subject: this.#subject,
      startTime: startOf(this.#start.time, this.#start.seconds),
      facts: this.#facts(),
      streams: [this.#rate.toStream(mostBuckets)],
      gaps: this.#gaps.first,
      gapCount: this.#gapCount,
      bench: null,
      tune: null,
    };
  }

  #facts(): Fact[] {
    const { bytes, transfers, firstSeconds, lastSeconds, counts } = this.#rate;
    const seconds = lastSeconds - firstSeconds;
    const statuses = STATUSES.map((status, i) => `${counts[i]} ${status}`);
    const failed = statuses.filter((_, i) => i > 0 && (counts[i] ?? 0) > 0);
    return [
      ['bytes', sizeText(bytes)],
      ['time', `${seconds.toFixed(3)} s from the first to the last data`],
      ...(seconds > 0 ? [['rate', `${binarySize(bytes / seconds)}/s on average`] as const] : []),
      ['transfers', [`${transfers} with data`, ...failed].join(', ')],
      ['gaps', String(this.#gapCount)],
      this.#ended === undefined ? endFact(undefined) : ['ended', this.#ended],
    ];
  }

  /** @param next both clocks after the gaps; undefined if there are none */
  #timeGaps(next: Clocks | undefined): void {
    const from = Date.parse(this.#clocks.time);
    const elapsed = next === undefined ? 0 : next.seconds - this.#clocks.seconds;
    const pace = next && elapsed > 0 ? (Date.parse(next.time) - from) / elapsed : 1000;
    for (const { seconds, ...gap } of this.#pending) {
      const time = isoTime(from + (seconds - this.#clocks.seconds) * pace);
      this.#gaps.add({ direction: 'in', ...gap, seconds, time });
    }
    this.#pending = [];
  }
}
