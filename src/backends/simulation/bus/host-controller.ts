import type { EndpointFunction } from '../gadget/endpoint.js';
import type { Cancel, Clock } from './clock.js';
import { Pipe } from './pipe.js';
import { RateLimiter } from './rate-limiter.js';

/** A host that does nothing for a time, again and again. The bus moves the data of what is in flight. */
export interface HostPause {
  /** Milliseconds. */
  readonly duration: number;
  /** Milliseconds from the start of a pause to that of the next. */
  readonly period: number;
}

/** Runs every pipe while there is work. Does not keep the process alive otherwise. */
export class HostController {
  /** See `DeviceInfo.cancelKeepsData`. */
  readonly cancelKeepsData: boolean;
  readonly #clock: Clock;
  readonly #pause: HostPause | undefined;
  readonly #pipes: Pipe[] = [];
  #running = false;
  #woken = false;
  #soon = false;
  #cancel: Cancel = () => {};

  constructor(clock: Clock, cancelKeepsData: boolean, pause?: HostPause) {
    this.#clock = clock;
    this.#pause = pause;
    this.cancelKeepsData = cancelKeepsData;
  }

  /**
   * Creates the pipe to an endpoint of a device.
   *
   * @param rate the maximum number of bytes per second on this pipe; Infinity for no limit
   */
  createPipe(endpoint: EndpointFunction, rate: number): Pipe {
    const limiter = Number.isFinite(rate) ? new RateLimiter(rate) : undefined;
    const pipe = new Pipe(this.#clock, endpoint, limiter, this.cancelKeepsData, () => this.wake());
    this.#pipes.push(pipe);
    return pipe;
  }

  /** Schedules a turn: there may be work. */
  wake(): void {
    this.#woken = true;
    if (!this.#running && !this.#soon) {
      this.#schedule(0);
    }
  }

  #turn(): void {
    this.#soon = false;
    this.#woken = false;
    const pause = this.#pauseLeft();
    if (pause > 0) {
      this.#schedule(pause);
      return;
    }
    this.#running = true;
    let wait = 0; // if a completion throws, the other pipes still get their turn
    try {
      wait = this.#pipes.reduce((least, pipe) => Math.min(least, pipe.turn()), Infinity);
    } finally {
      this.#running = false;
      this.#schedule(this.#woken ? 0 : wait);
    }
  }

  /** The milliseconds until the host continues; 0 if it does not pause. */
  #pauseLeft(): number {
    const { duration, period } = this.#pause ?? { duration: 0, period: 1 };
    return Math.max(0, duration - (this.#clock.now() % period));
  }

  #schedule(wait: number): void {
    this.#cancel();
    this.#soon = wait <= 0;
    if (this.#soon) {
      this.#cancel = this.#clock.soon(() => this.#turn());
    } else if (wait < Infinity) {
      this.#cancel = this.#clock.after(wait, () => this.#turn());
    }
  }
}
