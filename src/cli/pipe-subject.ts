import type { ConversationStatistics } from '../transfer/conversation.js';
import type { Meter } from './meter.js';
import { ReadSubject } from './read-subject.js';
import type { Drain } from './signals.js';
import type { Subject } from './subject.js';
import { WriteSubject } from './write-subject.js';

/** What is to end it. */
export interface PipeGoal {
  /** Bytes from the device. */
  readonly bytes?: number | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
}

/** Both directions at once. */
export class PipeSubject implements Subject, Drain {
  readonly meters: readonly Meter[];
  readonly schema = 'usbxfer.pipe-stats/1';
  readonly #in: ReadSubject;
  readonly #out: WriteSubject;

  constructor(statistics: ConversationStatistics, { bytes, duration }: PipeGoal) {
    this.#in = new ReadSubject(statistics.in, { bytes, duration }, 'in');
    this.#out = new WriteSubject(statistics.out, {}, 'out');
    this.meters = [...this.#in.meters, ...this.#out.meters];
  }

  line(recent: boolean, now: number): string {
    return `in: ${this.#in.line(recent, now)}; out: ${this.#out.line(recent, now)}`;
  }

  record(now: number): Record<string, unknown> {
    return { in: this.#in.record(now), out: this.#out.record(now) };
  }

  get bytesDelivered(): number {
    return this.#in.bytesDelivered + this.#out.bytesDelivered;
  }

  get bytesWaiting(): number {
    return this.#in.bytesWaiting;
  }

  get bytesUnderWay(): number {
    return this.#in.bytesUnderWay;
  }

  account(): string {
    return `${this.#in.account()}; ${this.#out.account()}`;
  }
}
