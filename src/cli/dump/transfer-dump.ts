import { isReaderGone, type Sink, type WriteDone } from '../../engine/io/sink.js';
import type { Source } from '../../engine/io/source.js';
import type {
  ObservedCompletion,
  ObservedSubmission,
  TransferObserver,
} from '../../engine/queue/observer.js';
import { PacketHeaders } from '../../engine/receive/packet-headers.js';
import { formatEndpoint } from '../../usb/format.js';
import { directionOf } from '../../usb/model.js';
import { isFailure } from '../../usb/transfer-status.js';
import { countOf } from '../terminal/format.js';
import { bytesOf, hexDump, linesOf } from './hex-dump.js';
import type { ScreenLimit } from './screen-limit.js';

/** Text that may wait for the output before more data is read from the input, in bytes. */
const MAX_PENDING = 1024 * 1024;

/** The lines of a transfer that is too large for the screen: the heading, data, and what is missing. */
const MIN_LINES = 4;

/** Which transfers to show, and how many of their lines. */
interface TransferDumpOptions {
  /** What is removed from each received packet; nothing by default. */
  readonly headers?: PacketHeaders | undefined;
  /** Received bytes that are skipped, and the bytes after them that are written; no limit by default. */
  readonly skip?: number | undefined;
  readonly bytes?: number | undefined;
  /** For a terminal. Without it, every transfer is shown in full. */
  readonly screen?: ScreenLimit | undefined;
}

/**
 * Shows each transfer of a stream as a block of text: a line with direction, time, endpoint, length and
 * status, and the data in hexadecimal. As the observer of the stream it creates the text. As its sink
 * it slows the stream down to the speed of the output: a write of data ends when all text is written.
 *
 * ```text
 * < 0.010452 s  0x84  8 bytes  completed
 * 00000000  00 00 00 00 01 00 00 00                           |........|
 * ```
 *
 * The bytes at the start of each packet that are stripped are not shown. Transfers of which no byte would
 * be written are not shown, nor those that were cancelled without data, nor repetitions of a failure: a halt fails all transfers in flight.
 */
export class TransferDump implements TransferObserver, Sink {
  readonly #sink: Sink;
  readonly #headers: PacketHeaders;
  readonly #skip: number;
  /** The end of the bytes that are written, as a number of received bytes. */
  readonly #end: number;
  readonly #screen: ScreenLimit | undefined;
  #startedAt: number | undefined;
  /** Bytes received. */
  #received = 0;
  /** The last failure without data, by endpoint. */
  readonly #failures = new Map<number, string>();
  /** What the terminal did not show since the last note. */
  #omitted = 0;
  #omittedBytes = 0;
  #noteTimer: NodeJS.Timeout | undefined;

  /** The text for the next write, and its bytes with those of the current write. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #writing = false;
  #scheduled = false;
  /** Called when the text before it is written, or lost. */
  #waiting: (() => void)[] = [];
  #failure: Error | undefined;
  /** Whether the failure was passed to a write of data. */
  #reported = false;

  constructor(
    sink: Sink,
    { headers = new PacketHeaders(0), skip = 0, bytes, screen }: TransferDumpOptions = {},
  ) {
    this.#sink = sink;
    this.#headers = headers;
    this.#skip = skip;
    this.#end = bytes === undefined ? Number.POSITIVE_INFINITY : skip + bytes;
    this.#screen = screen;
  }

  onSubmit({ submittedAt }: ObservedSubmission): void {
    this.#startedAt ??= submittedAt;
  }

  onComplete(observed: ObservedCompletion): void {
    const completion = this.#strip(observed);
    const isWritten = completion !== undefined && this.#isWritten(completion);
    if (isWritten && this.#failure === undefined && this.#isOfInterest(completion)) {
      this.#show(completion);
    }
  }

  start(): Promise<void> {
    return this.#sink.start();
  }

  write(buffers: readonly Buffer[], done: WriteDone): void {
    const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
    this.#afterText(() => {
      this.#reported ||= this.#failure !== undefined;
      done(this.#failure, this.#failure === undefined ? bytes : 0);
    });
  }

  async close(): Promise<void> {
    this.#putNote();
    await new Promise<void>((resolve) => this.#afterText(resolve));
    await this.#sink.close();
    if (this.#failure !== undefined && !this.#reported && !isReaderGone(this.#failure)) {
      throw this.#failure;
    }
  }

  /** Returns a source that is not read while much text waits for the output. */
  throttle(source: Source): Source {
    return {
      size: source.size,
      read: (buffer, start, end, done) => {
        const read = (): void => source.read(buffer, start, end, done);
        if (this.#pendingBytes < MAX_PENDING) {
          read();
        } else {
          this.#afterText(read);
        }
      },
      close: () => source.close(),
    };
  }

  /**
   * Returns a received transfer with a copy of its payload, any other unchanged. Returns undefined if it
   * completed with headers only: FTDI chips send 60 such packets per second.
   */
  #strip(observed: ObservedCompletion): ObservedCompletion | undefined {
    if (this.#headers.length === 0 || directionOf(observed.endpoint) === 'out') {
      return observed;
    }
    this.#headers.setPacketSize(observed.packetSize);
    const buffer = Buffer.from(observed.buffer.subarray(0, observed.actualLength));
    const actualLength = this.#headers.strip(buffer, observed.actualLength);
    const hasHeadersOnly = actualLength === 0 && observed.actualLength > 0;
    return hasHeadersOnly && observed.status === 'completed'
      ? undefined
      : { ...observed, buffer, actualLength };
  }

  /** Whether bytes of a transfer, or its empty packet, belong to the output. */
  #isWritten({ endpoint, actualLength }: ObservedCompletion): boolean {
    if (directionOf(endpoint) === 'out') {
      return true;
    }
    const start = this.#received;
    this.#received += actualLength;
    const isAfterSkip = actualLength > 0 ? this.#received > this.#skip : start >= this.#skip;
    return isAfterSkip && start < this.#end;
  }

  #isOfInterest({ endpoint, status, actualLength }: ObservedCompletion): boolean {
    if (actualLength > 0 || status === 'completed') {
      this.#failures.delete(endpoint);
      return true;
    }
    const isRepeated = this.#failures.get(endpoint) === status;
    this.#failures.set(endpoint, status);
    return isFailure(status) && !isRepeated;
  }

  #show(completion: ObservedCompletion): void {
    const { buffer, actualLength } = completion;
    const lines = 1 + linesOf(actualLength);
    const room = this.#room();
    if (room < Math.min(lines, MIN_LINES)) {
      this.#omit(actualLength);
      return;
    }
    const shown = lines <= room ? actualLength : bytesOf(room - 2);
    this.#put(Buffer.from(this.#heading(completion)));
    this.#put(hexDump(buffer.subarray(0, shown)));
    if (shown < actualLength) {
      this.#put(Buffer.from(`... ${actualLength - shown} more bytes\n`));
    }
    this.#screen?.take(Math.min(lines, room));
  }

  /** `< 0.010452 s  0x84  8 bytes  completed` */
  #heading({ endpoint, status, actualLength, completedAt }: ObservedCompletion): string {
    const mark = directionOf(endpoint) === 'in' ? '<' : '>';
    const time = ((completedAt - (this.#startedAt ?? completedAt)) / 1000).toFixed(6);
    const length = countOf(actualLength, 'byte');
    return `${mark} ${time} s  ${formatEndpoint(endpoint)}  ${length}  ${status}\n`;
  }

  /** The lines that can be shown now. Once transfers were omitted, none until there is a new screen. */
  #room(): number {
    if (this.#screen === undefined) {
      return Number.POSITIVE_INFINITY;
    }
    const now = performance.now();
    if (this.#omitted > 0) {
      if (this.#screen.wait(now) > 0) {
        return 0;
      }
      this.#putNote();
    }
    return this.#screen.room(now);
  }

  #omit(bytes: number): void {
    this.#omitted += 1;
    this.#omittedBytes += bytes;
    const wait = this.#screen?.wait(performance.now());
    this.#noteTimer ??= setTimeout(() => this.#putNote(), wait).unref();
  }

  /** Says what was not shown. */
  #putNote(): void {
    clearTimeout(this.#noteTimer);
    this.#noteTimer = undefined;
    if (this.#omitted > 0) {
      const transfers = countOf(this.#omitted, 'transfer');
      this.#put(
        Buffer.from(`... ${transfers} with ${countOf(this.#omittedBytes, 'byte')} not shown\n`),
      );
      this.#omitted = 0;
      this.#omittedBytes = 0;
    }
  }

  #put(text: Buffer): void {
    this.#pending.push(text);
    this.#pendingBytes += text.length;
    this.#schedule();
  }

  /** Calls a function, never from within this one, when the text so far is written or lost. */
  #afterText(done: () => void): void {
    this.#waiting.push(done);
    this.#schedule();
  }

  /** Writes at the end of this turn of the event loop, together with what follows until then. */
  #schedule(): void {
    if (!this.#scheduled && !this.#writing) {
      this.#scheduled = true;
      setImmediate(this.#flush);
    }
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const [text, waiting] = [this.#pending, this.#waiting];
    this.#pending = [];
    this.#waiting = [];
    if (text.length === 0) {
      this.#release(waiting);
      return;
    }
    this.#writing = true;
    this.#sink.write(text, (error) => {
      this.#writing = false;
      this.#failure ??= error;
      this.#pendingBytes = this.#pending.reduce((sum, { length }) => sum + length, 0);
      if (this.#failure !== undefined) {
        this.#pending = [];
        this.#pendingBytes = 0;
      }
      this.#release(waiting);
    });
  };

  #release(waiting: readonly (() => void)[]): void {
    for (const done of waiting) {
      done();
    }
    if (this.#pending.length > 0 || this.#waiting.length > 0) {
      this.#schedule();
    }
  }
}
