import type { IndexLine } from './index-reader.js';

/** The pauses and the gaps that are kept. */
const MAX_PAUSES = 5;
const MAX_GAPS = 1000;

/** The different statuses that are counted: usbxfer writes fewer. */
const MAX_STATUSES = 50;

/** The different sizes of messages that are counted one by one; further ones are counted together. */
const MAX_SIZES = 100_000;

/** A time without data. */
export interface Pause {
  readonly seconds: number;
  /** Seconds from the start to its end, and the offset in the output of the data that ended it. */
  readonly end: number;
  readonly offset: number;
}

/** A gap of an index. */
export interface IndexGap {
  readonly offset: number;
  readonly seconds: number;
  readonly cause: string;
}

/** The sizes of messages in bytes. A message ends with a transfer that is short. */
export interface MessageSizes {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Both clocks: monotonic seconds, and microseconds since 1970. */
interface ClockTimes {
  readonly seconds: number;
  readonly time: number;
}

/** Sums up an index. Memory is bounded, whatever the index has. */
export class IndexSummary {
  /** Bytes of the output, and the transfers that had some. */
  bytes = 0;
  transfersWithData = 0;
  /** Transfers by status. */
  readonly statuses = new Map<string, number>();
  readonly gaps: IndexGap[] = [];
  gapCount = 0;
  /** The longest pauses, the longest one first. */
  readonly pauses: Pause[] = [];
  /** Whether the index has its last line. */
  isComplete = false;
  #startTime = 0;
  /** Both clocks at the start of the current run, and last. An appended index has several runs. */
  #started: ClockTimes | undefined;
  #sampled: ClockTimes | undefined;
  /** Seconds from the first to the last data of the runs before. */
  #before = 0;
  #messages = 0;
  #message = 0;
  readonly #sizes = new Map<number, number>();
  #shortest = Number.POSITIVE_INFINITY;
  #longest = 0;
  #firstData: number | undefined;
  #lastData = 0;

  /** Adds the next line. */
  add(line: IndexLine): void {
    switch (line.type) {
      case 'transfer':
        this.#addTransfer(line);
        break;
      case 'gap':
        this.gapCount += 1;
        this.#message = 0;
        if (this.gaps.length < MAX_GAPS) {
          const { offset, seconds, cause } = line;
          this.gaps.push({ offset, seconds, cause });
        }
        break;
      default: {
        const sample = { seconds: line.seconds, time: microseconds(line.time) };
        if (line.type === 'start') {
          this.#startRun(sample);
        }
        this.#sampled = sample;
        this.isComplete = line.type === 'end';
      }
    }
  }

  /** The time of day of the first submission, in milliseconds since 1970. */
  get startTime(): number {
    return this.#startTime;
  }

  /** Seconds from the first to the last data. */
  get seconds(): number {
    return this.#before + (this.#firstData === undefined ? 0 : this.#lastData - this.#firstData);
  }

  /** Bytes per second from the first to the last data; 0 if that took no time. */
  get bytesPerSecond(): number {
    return this.seconds > 0 ? this.bytes / this.seconds : 0;
  }

  /**
   * How much faster the time of day ran than the monotonic clock, in parts per million; undefined if the
   * index, or the last run in it, is shorter than a minute.
   */
  get clockDrift(): number | undefined {
    if (this.#started === undefined || this.#sampled === undefined) {
      return undefined;
    }
    const monotonic = this.#sampled.seconds - this.#started.seconds;
    const wall = (this.#sampled.time - this.#started.time) / 1e6;
    return monotonic < 60 ? undefined : ((wall - monotonic) / monotonic) * 1e6;
  }

  /** The sizes of the messages; undefined if there was none. */
  get messages(): MessageSizes | undefined {
    if (this.#messages === 0) {
      return undefined;
    }
    const sizes = [...this.#sizes].sort(([one], [other]) => one - other);
    const percentile = (percent: number): number => {
      let rest = (this.#messages * percent) / 100;
      for (const [size, count] of sizes) {
        rest -= count;
        if (rest <= 0) {
          return size;
        }
      }
      return this.#longest;
    };
    return {
      ...{ count: this.#messages, min: this.#shortest, max: this.#longest },
      ...{ p50: percentile(50), p99: percentile(99) },
    };
  }

  /** Begins a run: its seconds and offsets begin again. */
  #startRun(sample: ClockTimes): void {
    if (this.#started === undefined) {
      this.#startTime = sample.time / 1000 - sample.seconds * 1000;
    }
    this.#before = this.seconds;
    this.#started = sample;
    this.#firstData = undefined;
    this.#message = 0;
  }

  #addTransfer(line: Extract<IndexLine, { type: 'transfer' }>): void {
    const { status, length, short, seconds, offset } = line;
    if (this.statuses.has(status) || this.statuses.size < MAX_STATUSES) {
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    }
    if (length === 0) {
      return;
    }
    this.bytes += length;
    this.transfersWithData += 1;
    if (this.#firstData === undefined) {
      this.#firstData = seconds;
    } else {
      this.#addPause({ seconds: seconds - this.#lastData, end: seconds, offset });
    }
    this.#lastData = seconds;
    this.#message += length;
    if (short && status === 'completed') {
      this.#addMessage(this.#message);
      this.#message = 0;
    }
  }

  #addPause(pause: Pause): void {
    const place = this.pauses.findIndex(({ seconds }) => seconds < pause.seconds);
    if (place >= 0 || this.pauses.length < MAX_PAUSES) {
      this.pauses.splice(place < 0 ? this.pauses.length : place, 0, pause);
      this.pauses.length = Math.min(this.pauses.length, MAX_PAUSES);
    }
  }

  #addMessage(size: number): void {
    this.#messages += 1;
    this.#shortest = Math.min(this.#shortest, size);
    this.#longest = Math.max(this.#longest, size);
    if (this.#sizes.has(size) || this.#sizes.size < MAX_SIZES) {
      this.#sizes.set(size, (this.#sizes.get(size) ?? 0) + 1);
    }
  }
}

/** Parses a time with microseconds. Returns microseconds since 1970. */
function microseconds(time: string): number {
  const fraction = /\.\d{3}(\d{3})Z$/.exec(time)?.[1] ?? '0';
  return Date.parse(time) * 1000 + Number(fraction);
}
