/** Called with the result of a read or a write: see `ReadDone` and `WriteDone`. */
type Done = (error: Error | undefined, bytes: number) => void;

/** A callback, and whether it is due. */
interface Turn {
  isDue: boolean;
  readonly done: Done;
}

/**
 * Checks what a sink or a source reports, which may be code of the library's user: each call is answered
 * once, with a number of bytes up to those requested. Anything else would corrupt counters and buffers,
 * or make a stream wait forever.
 *
 * Two callbacks take turns, so that a second answer to the last call is not taken for one to this call.
 * A call allocates nothing.
 */
export class CheckedCall {
  readonly #name: string;
  readonly #onDone: Done;
  readonly #onMisuse: (error: Error) => void;
  readonly #turns: readonly [Turn, Turn];
  #current: 0 | 1 = 0;
  #max = 0;

  /**
   * @param name what is called, such as "the sink", for messages
   * @param onDone called with each answer; with an error and 0 bytes for an impossible number of bytes
   * @param onMisuse called with the error for an answer that is not due
   */
  constructor(name: string, onDone: Done, onMisuse: (error: Error) => void) {
    this.#name = name;
    this.#onDone = onDone;
    this.#onMisuse = onMisuse;
    this.#turns = [this.#turn(), this.#turn()];
  }

  /**
   * Begins a call. Returns the callback for its answer.
   *
   * @param max the bytes that may be read or written
   */
  begin(max: number): Done {
    this.#current = this.#current === 0 ? 1 : 0;
    this.#max = max;
    const turn = this.#turns[this.#current];
    turn.isDue = true;
    return turn.done;
  }

  #turn(): Turn {
    const turn: Turn = {
      isDue: false,
      done: (error, bytes) => {
        if (!turn.isDue) {
          this.#onMisuse(new TypeError(`${this.#name} called back more than once`));
          return;
        }
        turn.isDue = false;
        const wrong = bytesError(this.#name, bytes, this.#max);
        this.#onDone(wrong ?? error, wrong === undefined ? bytes : 0);
      },
    };
    return turn;
  }
}

/** Returns the error for an impossible number of bytes; undefined for a possible one. */
export function bytesError(name: string, bytes: number, max: number): TypeError | undefined {
  return Number.isInteger(bytes) && bytes >= 0 && bytes <= max
    ? undefined
    : new TypeError(`${name} reported ${bytes} bytes, but at most ${max} were possible`);
}
