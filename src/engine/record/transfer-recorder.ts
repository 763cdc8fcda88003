import { toError } from '../../usb/errors.js';
import { isReaderGone, type Sink } from '../io/sink.js';
import type {
  ObservedCompletion,
  ObservedStream,
  ObservedSubmission,
  TransferObserver,
} from '../queue/observer.js';
import type { Outcome } from '../session/outcome.js';
import { EventRing } from './event-ring.js';
import type { RecordFormat, StreamNote } from './record-format.js';
import { WriteBatch } from './write-batch.js';

/** The sink of a record. Without `cut`, it is one file. */
export interface RecordSink extends Sink {
  /** Ends a file: the next write begins another one. */
  cut?(): void;
}

/** Transfers in flight on one endpoint, and the bytes of each. */
export interface QueueSize {
  readonly depth: number;
  readonly transferSize: number;
}

/** The minimum room for events, and for their bytes. */
const MIN_EVENTS = 16 * 1024;
const MIN_BYTES = 8 * 1024 * 1024;

/** How often the transfers in flight fit into the memory. */
const FACTOR = 2;

/**
 * Writes each transfer of a stream to a sink of its own, in a format.
 *
 * ```text
 *   onSubmit, onComplete ──copy──▶ EventRing ──format, end of the turn──▶ WriteBatch ──writev──▶ sink
 *            ▲                                                                             │
 *            └───────────────────── hasRoom: submission pauses while it is full ───────────┘
 * ```
 *
 * Memory is bounded by the transfers in flight. Nothing is dropped: submission pauses while the sink lags.
 * A failure of the sink ends the stream; after it, nothing more is kept.
 */
export class TransferRecorder implements TransferObserver {
  readonly #sink: RecordSink;
  readonly #format: RecordFormat;
  readonly #ring: EventRing;
  readonly #batch = new WriteBatch();
  #stream: ObservedStream | undefined;
  #failure: Error | undefined;
  /** Whether a file has begun, whether the current write ends it, and whether that is the last one. */
  #hasBegun = false;
  #endsFile = false;
  #isLast = false;
  /** The events in the current write; undefined if there is none. */
  #writing: number | undefined;
  #isScheduled = false;
  readonly #waiting = new Set<() => void>();
  #notes: StreamNote[] = [];
  /** The numbers of the events before which a new file begins, and the number of the oldest event. */
  readonly #cuts: number[] = [];
  #removed = 0;
  /** Set by `close`. */
  #closing: { readonly end: Outcome | undefined; readonly done: () => void } | undefined;

  /** @param queues the endpoints of the stream, which decide how much memory it needs */
  constructor(sink: RecordSink, format: RecordFormat, queues: readonly QueueSize[]) {
    this.#sink = sink;
    this.#format = format;
    const [transfers, bytes] = queues.reduce<[number, number]>(
      ([count, sum], { depth, transferSize }) => [count + depth, sum + depth * transferSize],
      [0, 0],
    );
    this.#ring = new EventRing(
      Math.max(MIN_EVENTS, FACTOR * 2 * transfers),
      format.keepsData ? Math.max(MIN_BYTES, FACTOR * bytes) : 0,
    );
  }

  async start(stream: ObservedStream): Promise<void> {
    await this.#sink.start();
    this.#stream = stream;
    this.#schedule(); // what happened before, when the device was opened
  }

  hasRoom(length: number, resume: () => void): boolean {
    if (this.#failure !== undefined || this.#ring.hasRoom(length)) {
      return true;
    }
    this.#waiting.add(resume);
    return false;
  }

  onSubmit(submission: ObservedSubmission): void {
    if (this.#failure === undefined) {
      this.#ring.addSubmission(submission, this.#takeNotes());
      this.#schedule();
    }
  }

  onComplete(completion: ObservedCompletion): void {
    if (this.#failure === undefined) {
      this.#ring.addCompletion(completion, this.#takeNotes());
      this.#schedule();
    }
  }

  /** Adds a note to the next event. */
  note(note: StreamNote): void {
    this.#notes.push(note);
  }

  /** Begins a new file with the next event. */
  cut(): void {
    this.#cuts.push(this.#removed + this.#ring.size);
  }

  async close(end: Outcome | undefined): Promise<void> {
    const failedBefore = this.#failure !== undefined;
    if (this.#stream !== undefined && !failedBefore) {
      await new Promise<void>((done) => {
        this.#closing = { end, done };
        this.#schedule();
      });
    }
    await this.#sink.close();
    if (this.#failure !== undefined && !failedBefore && !isReaderGone(this.#failure)) {
      throw this.#failure;
    }
  }

  #takeNotes(): StreamNote[] | undefined {
    if (this.#notes.length === 0) {
      return undefined;
    }
    const notes = this.#notes;
    this.#notes = [];
    return notes;
  }

  /** Writes at the end of this turn of the event loop, together with what follows until then. */
  #schedule(): void {
    if (!this.#isScheduled && this.#writing === undefined && this.#stream !== undefined) {
      this.#isScheduled = true;
      setImmediate(this.#write);
    }
  }

  readonly #write = (): void => {
    this.#isScheduled = false;
    const events = this.#formatEvents();
    const buffers = this.#batch.take();
    this.#writing = events;
    if (buffers.length === 0) {
      this.#onWritten(undefined);
      return;
    }
    try {
      this.#sink.write(buffers, this.#onWritten);
    } catch (error) {
      this.#onWritten(toError(error));
    }
  };

  /** Formats events until the batch is full or a file ends. Returns their number. */
  #formatEvents(): number {
    this.#begin();
    let count = 0;
    for (;;) {
      if (this.#cuts[0] === this.#removed + count) {
        this.#cuts.shift();
        this.#format.end([], undefined, this.#batch);
        this.#endsFile = true;
        return count;
      }
      const event = this.#batch.isFull ? undefined : this.#ring.at(count);
      if (event === undefined) {
        break;
      }
      this.#format.add(event, this.#ring.dataAt(count), this.#batch);
      count += 1;
    }
    if (this.#closing !== undefined && count === this.#ring.size) {
      this.#format.end(this.#takeNotes() ?? [], this.#closing.end, this.#batch);
      this.#isLast = true;
    }
    return count;
  }

  #begin(): void {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#format.begin(this.#ring.at(0)?.time ?? performance.now(), this.#batch);
    }
  }

  readonly #onWritten = (error: Error | undefined): void => {
    const events = this.#writing ?? 0;
    this.#writing = undefined;
    this.#ring.remove(events);
    this.#removed += events;
    if (error !== undefined) {
      this.#fail(error);
    } else if (this.#endsFile) {
      this.#sink.cut?.();
      this.#endsFile = false;
      this.#hasBegun = false;
      this.#schedule();
    } else if (this.#isLast) {
      this.#closing?.done();
    } else if (this.#ring.size > 0 || this.#closing !== undefined) {
      this.#schedule();
    }
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) {
      resume();
    }
  };

  #fail(error: Error): void {
    this.#failure = error;
    this.#ring.clear();
    this.#notes = [];
    if (this.#closing === undefined) {
      this.#stream?.fail(error);
    } else {
      this.#closing.done();
    }
  }
}
