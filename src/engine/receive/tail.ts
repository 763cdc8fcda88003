import type { EndReason, Outcome } from '../session/outcome.js';
import { Deadline } from '../timers.js';

/** The tail is over when nothing arrives for this long, in milliseconds. */
export const TAIL_SILENCE = 100;

/** The outcomes after which a device may still send what it had buffered, and silence if that is an end. */
const WITH_TAIL: ReadonlySet<EndReason> = new Set(['limit', 'duration', 'interrupted']);

/** Sends the requests after the stream, given how it ended. Does not reject. */
export type StopDevice = (end: Outcome) => Promise<unknown>;

/**
 * The end of a stream whose device is stopped while transfers are in flight: its last data is received
 * until a short packet, silence or a deadline.
 *
 * ```text
 *   limit, stop ──▶ stop the device ──▶ open: short packet, silence, deadline ──▶ over
 * ```
 */
export class Tail {
  readonly #time: number;
  readonly #followsIdle: boolean;
  readonly #onOpen: () => void;
  readonly #onOver: () => void;
  #stopDevice: StopDevice | undefined;
  #end: Outcome | undefined;
  #isOpen = false;
  #isOver = false;
  #deadline: Deadline | undefined;

  /**
   * @param time milliseconds from when the device was stopped
   * @param followsIdle whether there is a tail after silence, too
   * @param onOpen called when the device was stopped
   * @param onOver called at the deadline
   */
  constructor(time: number, followsIdle: boolean, onOpen: () => void, onOver: () => void) {
    this.#time = time;
    this.#followsIdle = followsIdle;
    this.#onOpen = onOpen;
    this.#onOver = onOver;
  }

  /** Whether the stream has started, so that the device can be stopped. */
  get isReady(): boolean {
    return this.#stopDevice !== undefined;
  }

  /** The outcome of the stream, once the tail has begun. */
  get end(): Outcome | undefined {
    return this.#end;
  }

  /** Whether the device was stopped, and silence ends the tail. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sets how to stop the device: the stream has started. */
  ready(stopDevice: StopDevice): void {
    this.#stopDevice = stopDevice;
  }

  /** Begins the tail. Returns whether the run continues: not after a failure, and not the second time. */
  begin(end: Outcome): boolean {
    const hasTail = WITH_TAIL.has(end.reason) || (this.#followsIdle && end.reason === 'idle');
    if (this.#stopDevice === undefined || this.#end !== undefined || !hasTail) {
      return false;
    }
    this.#end = end;
    void this.#stopDevice(end).then(this.#open);
    return true;
  }

  /** Ends the tail at a packet that ends a message. */
  onShortPacket(): void {
    this.#isOver ||= this.#isOpen;
  }

  /** Ends the tail, if it has begun, with the run, whatever ended that. */
  finish(): void {
    this.#stopDevice = undefined;
    this.#deadline?.clear();
    this.#isOver ||= this.#end !== undefined;
  }

  readonly #open = (): void => {
    if (!this.#isOver) {
      this.#isOpen = true;
      this.#deadline = new Deadline(this.#time, () => {
        this.#isOver = true;
        this.#onOver();
      });
      this.#onOpen();
    }
  };
}
