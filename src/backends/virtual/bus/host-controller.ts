import type { EndpointFunction } from '../gadgets/endpoint.js';
import type { Cancel, Clock } from './clock.js';
import { Pipe } from './pipe.js';
import { RateLimiter } from './rate-limiter.js';

/** Gives every pipe its turn while there is something to do, and lets the process be otherwise. */
export class HostController {
  readonly #clock: Clock;
  readonly #pipes: Pipe[] = [];
  #turning = false;
  #poked = false;
  #soon = false;
  #recall: Cancel = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Makes the pipe to a device's endpoint.
   *
   * @param rate bytes per second that this pipe may carry; Infinity for no limit
   */
  createPipe(endpoint: EndpointFunction, rate: number): Pipe {
    const pipe = new Pipe({
      clock: this.#clock,
      endpoint,
      pacer: Number.isFinite(rate) ? new RateLimiter(rate) : undefined,
      poke: () => this.poke(),
    });
    this.#pipes.push(pipe);
    return pipe;
  }

  /** Asks for a turn: there may be something to do. */
  poke(): void {
    this.#poked = true;
    if (!this.#turning && !this.#soon) {
      this.#schedule(0);
    }
  }

  #turn(): void {
    this.#soon = false;
    this.#poked = false;
    this.#turning = true;
    let wait = 0; // stays so when an answer throws: the others must not starve for it
    try {
      wait = this.#pipes.reduce((least, pipe) => Math.min(least, pipe.turn()), Infinity);
    } finally {
      this.#turning = false;
      this.#schedule(this.#poked ? 0 : wait);
    }
  }

  #schedule(wait: number): void {
    this.#recall();
    this.#soon = wait <= 0;
    if (this.#soon) {
      this.#recall = this.#clock.soon(() => this.#turn());
    } else if (wait < Infinity) {
      this.#recall = this.#clock.after(wait, () => this.#turn());
    }
  }
}
