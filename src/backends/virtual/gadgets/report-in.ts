import type { Clock } from '../../simulation/bus/clock.js';
import type {
  EndpointFunction,
  Handshake,
  TransferBuffer,
} from '../../simulation/gadget/endpoint.js';
import { fillCounter } from './counter.js';

/** Bytes in each report: two words of the counter. */
const REPORT_SIZE = 8;

/** The time between two reports, in milliseconds. */
const REPORT_INTERVAL = 10;

/** An interrupt IN endpoint that sends the counter in short reports, at intervals. */
export class ReportIn implements EndpointFunction {
  size = 0;
  readonly ahead = REPORT_SIZE;
  readonly packetSize: number;
  readyAt = 0;
  readonly #clock: Clock;
  #position = 0;

  /** @param packetSize more than the 8 bytes of a report */
  constructor(clock: Clock, packetSize: number) {
    this.#clock = clock;
    this.packetSize = packetSize;
  }

  transact({ buffer, words, length, actualLength }: TransferBuffer): Handshake {
    this.size = 0;
    if (this.#clock.now() < this.readyAt) {
      return 'nak';
    }
    if (length - actualLength < REPORT_SIZE) {
      return 'babble';
    }
    this.size = REPORT_SIZE;
    fillCounter(buffer, words, actualLength, actualLength + REPORT_SIZE, this.#position);
    return 'end';
  }

  acknowledge(): void {
    this.#position += REPORT_SIZE;
    this.readyAt = this.#clock.now() + REPORT_INTERVAL;
  }

  powerOn(): void {}
}
