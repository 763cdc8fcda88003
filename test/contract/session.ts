import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Device, Endpoint, Interface, Transfer } from '../../src/usb/backend.js';
import { UsbError } from '../../src/usb/errors.js';
import type { TransferStatus } from '../../src/usb/transfer-status.js';
import { within } from './expect.js';
import type { Stage, StagedDevice } from './stage.js';

/** How long a second answer to the same submit may lurk, in milliseconds. */
const LURKING = 30;

/** One submit, and the answer to it. */
export interface Flight {
  /** Counts the submits of a session. */
  readonly number: number;
  readonly transfer: Transfer;
  readonly length: number;
  /** Undefined until it is answered. */
  status: TransferStatus | undefined;
  /** A copy of the bytes that moved. */
  data: Buffer;
  /** Counts the answers of a session. */
  answer: number;
  readonly answered: Promise<Flight>;
}

/** What keeps a stream going: asked at each answer whether to submit the transfer again. */
export type Again = (flight: Flight) => boolean;

/**
 * A device that is open with its interface claimed. It logs every flight, and what no backend may
 * do to any of them: answer twice, from within a call, or more than was asked for.
 */
export class Session {
  readonly in: Endpoint;
  readonly out: Endpoint | undefined;
  /** By number. */
  readonly flights: Flight[] = [];
  readonly #device: Device;
  readonly #interface: Interface;
  readonly #violations: string[] = [];
  #answers = 0;
  #within: string | undefined;

  private constructor(device: Device, claimed: Interface, staged: StagedDevice) {
    this.#device = device;
    this.#interface = claimed;
    this.in = claimed.endpoint(staged.inEndpoint);
    this.out = staged.outEndpoint === undefined ? undefined : claimed.endpoint(staged.outEndpoint);
  }

  /** Opens a device for a body of work; whatever becomes of it, nothing stays open behind it. */
  static async use<T>(
    stage: Stage,
    staged: StagedDevice,
    body: (session: Session) => Promise<T>,
  ): Promise<T> {
    const device = await stage.backend.open(staged.info);
    let session: Session | undefined;
    try {
      const { interfaceNumber, alternateSetting = 0 } = staged;
      session = new Session(device, await device.claim(interfaceNumber, alternateSetting), staged);
      const result = await body(session);
      await session.#finish();
      return result;
    } finally {
      if (session !== undefined) {
        await session.#abandon();
      }
      await device.close();
    }
  }

  get device(): Device {
    return this.#device;
  }

  /** The flights that were not answered yet, by number. */
  get inFlight(): Flight[] {
    return this.flights.filter(({ status }) => status === undefined);
  }

  /** A fresh transfer with a buffer of its own, in flight. It flies again as often as `again` says. */
  fly(length: number, again: Again = () => false, endpoint = this.in): Flight {
    return this.launch(Buffer.alloc(length), again, endpoint);
  }

  /** As `fly`, with a buffer that is there. */
  launch(buffer: Buffer, again: Again = () => false, endpoint = this.in): Flight {
    let current: { flight: Flight; resolve: (flight: Flight) => void } | undefined;
    const transfer = endpoint.createTransfer((status, actualLength) => {
      const answered = current;
      current = undefined;
      if (answered === undefined) {
        this.#violations.push(`answered without a submit: ${status}, ${actualLength}`);
        return;
      }
      this.#answered(answered.flight, status, buffer, actualLength);
      try {
        if (again(answered.flight)) {
          submit();
        }
      } catch (error) {
        if (!(error instanceof UsbError && error.code === 'no-device')) {
          this.#violations.push(`submit from an answer: ${String(error)}`);
        }
      }
      answered.resolve(answered.flight);
    });
    const submit = () => {
      let resolve: (flight: Flight) => void = () => {};
      const answered = new Promise<Flight>((done) => {
        resolve = done;
      });
      const flight: Flight = {
        number: this.flights.length,
        transfer,
        length: buffer.length,
        status: undefined,
        data: Buffer.alloc(0),
        answer: -1,
        answered,
      };
      const before = current;
      current = { flight, resolve };
      try {
        this.#call('submit', () => transfer.submit(buffer, buffer.length));
        this.flights.push(flight);
      } catch (error) {
        current = before; // refused: what was in flight before still is
        throw error;
      }
      return flight;
    };
    return submit();
  }

  /** Submits the transfer of a flight once more, outside of its log: to be refused. */
  submitAgain({ transfer, length }: Flight): void {
    this.#call('submit', () => transfer.submit(Buffer.alloc(length), length));
  }

  cancel({ transfer }: Flight): void {
    this.#call('cancel', () => transfer.cancel());
  }

  /** Cancels whatever is in flight, newest first as a drain does, or oldest first. */
  cancelAll(order: 'newest' | 'oldest' = 'newest'): void {
    const flights = order === 'newest' ? this.inFlight.reverse() : this.inFlight;
    for (const flight of flights) {
      this.cancel(flight);
    }
  }

  /** Waits until nothing is in flight. */
  async landed(): Promise<void> {
    for (let next = this.inFlight[0]; next !== undefined; next = this.inFlight[0]) {
      await within(next.answered, `flight ${next.number}`);
    }
  }

  /** The bytes of all flights from a number on, in the order of their submits. */
  bytes(from = 0): Buffer {
    return Buffer.concat(this.flights.slice(from).map(({ data }) => data));
  }

  async release(): Promise<void> {
    await this.#interface.release();
  }

  #answered(flight: Flight, status: TransferStatus, buffer: Buffer, actualLength: number): void {
    if (this.#within !== undefined) {
      this.#violations.push(`flight ${flight.number}: answered from within ${this.#within}`);
    }
    if (!(actualLength >= 0 && actualLength <= flight.length)) {
      this.#violations.push(
        `flight ${flight.number}: ${actualLength} bytes of ${flight.length} moved`,
      );
    }
    flight.status = status;
    flight.data = Buffer.from(buffer.subarray(0, actualLength));
    flight.answer = this.#answers++;
  }

  #call(name: string, call: () => void): void {
    const outer = this.#within;
    this.#within = name;
    try {
      call();
    } finally {
      this.#within = outer;
    }
  }

  async #finish(): Promise<void> {
    assert.equal(this.inFlight.length, 0, 'the case leaves transfers in flight');
    await sleep(LURKING);
    assert.deepEqual(this.#violations, []);
    this.#assertOrder();
  }

  /** What carries data of one endpoint is answered in the order of the submits. */
  #assertOrder(): void {
    if (this.out !== undefined) {
      return; // two endpoints have two orders
    }
    const answers = this.flights.filter(({ data }) => data.length > 0).map((f) => f.answer);
    const sorted = answers.toSorted((a, b) => a - b);
    assert.deepEqual(answers, sorted, 'data was answered out of order');
  }

  async #abandon(): Promise<void> {
    this.cancelAll();
    await this.landed().catch(() => {});
    await this.release().catch(() => {}); // mostly it was released before, or is gone
  }
}
