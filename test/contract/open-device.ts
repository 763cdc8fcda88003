import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Device, Endpoint, Interface, Transfer } from '../../src/usb/backend.js';
import { UsbError } from '../../src/usb/errors.js';
import type { TransferStatus } from '../../src/usb/transfer-status.js';
import { within } from './expect.js';
import type { Fixture, FixtureDevice } from './fixture.js';

/** Time to wait for a second completion of a submission, in milliseconds. */
const QUIET_PERIOD = 30;

/** One submission and its completion. */
export interface Submission {
  /** Position in the order of submission. */
  readonly number: number;
  readonly transfer: Transfer;
  readonly length: number;
  /** Undefined until completion. */
  status: TransferStatus | undefined;
  /** A copy of the bytes transferred. */
  data: Buffer;
  /** Position in the order of completion. */
  completionIndex: number;
  readonly completion: Promise<Submission>;
}

/** Decides at each completion whether to resubmit the transfer. */
export type Resubmit = (submission: Submission) => boolean;

/**
 * An open device with its interface claimed. It records every submission and every violation: a second
 * completion, a completion within a call, or more bytes than requested.
 */
export class OpenDevice {
  readonly in: Endpoint;
  readonly out: Endpoint | undefined;
  /** In order of submission. */
  readonly submissions: Submission[] = [];
  readonly #device: Device;
  readonly #interface: Interface;
  readonly #violations: string[] = [];
  #completions = 0;
  #within: string | undefined;

  private constructor(device: Device, claimed: Interface, target: FixtureDevice) {
    this.#device = device;
    this.#interface = claimed;
    this.in = claimed.endpoint(target.inEndpoint);
    this.out = target.outEndpoint === undefined ? undefined : claimed.endpoint(target.outEndpoint);
  }

  /** Opens a device, runs `body`, and always closes the device. */
  static async use<T>(
    { backend }: Pick<Fixture, 'backend'>,
    target: FixtureDevice,
    body: (opened: OpenDevice) => Promise<T>,
  ): Promise<T> {
    const device = await backend.open(target.info);
    let opened: OpenDevice | undefined;
    try {
      const { interfaceNumber, alternateSetting = 0 } = target;
      opened = new OpenDevice(
        device,
        await device.claim(interfaceNumber, alternateSetting),
        target,
      );
      const result = await body(opened);
      await opened.#finish();
      return result;
    } finally {
      if (opened !== undefined) {
        await opened.#abandon();
      }
      await device.close();
    }
  }

  get device(): Device {
    return this.#device;
  }

  /** Submissions that have not completed, in order. */
  get inFlight(): Submission[] {
    return this.submissions.filter(({ status }) => status === undefined);
  }

  /** Submits a new transfer with its own buffer. Resubmits it as long as `resubmit` returns true. */
  submit(length: number, resubmit: Resubmit = () => false, endpoint = this.in): Submission {
    return this.submitBuffer(Buffer.alloc(length), resubmit, endpoint);
  }

  /** Submits a new transfer with the given buffer, as `submit` does. */
  submitBuffer(buffer: Buffer, resubmit: Resubmit = () => false, endpoint = this.in): Submission {
    let current: { submission: Submission; resolve: (submission: Submission) => void } | undefined;
    const transfer = endpoint.createTransfer((status, actualLength) => {
      const completed = current;
      current = undefined;
      if (completed === undefined) {
        this.#violations.push(`completed without a submission: ${status}, ${actualLength}`);
        return;
      }
      this.#completed(completed.submission, status, buffer, actualLength);
      try {
        if (resubmit(completed.submission)) {
          submit();
        }
      } catch (error) {
        if (!(error instanceof UsbError && error.code === 'no-device')) {
          this.#violations.push(`submit within a completion: ${String(error)}`);
        }
      }
      completed.resolve(completed.submission);
    });
    const submit = () => {
      let resolve: (submission: Submission) => void = () => {};
      const completion = new Promise<Submission>((done) => {
        resolve = done;
      });
      const submission: Submission = {
        number: this.submissions.length,
        transfer,
        length: buffer.length,
        status: undefined,
        data: Buffer.alloc(0),
        completionIndex: -1,
        completion,
      };
      const before = current;
      current = { submission, resolve };
      try {
        this.#call('submit', () => transfer.submit(buffer, buffer.length));
        this.submissions.push(submission);
      } catch (error) {
        current = before; // refused: the previous submission is still in flight
        throw error;
      }
      return submission;
    };
    return submit();
  }

  /** Submits the transfer of a submission again, without a record, to be refused. */
  submitAgain({ transfer, length }: Submission): void {
    this.#call('submit', () => transfer.submit(Buffer.alloc(length), length));
  }

  cancel({ transfer }: Submission): void {
    this.#call('cancel', () => transfer.cancel());
  }

  /** Cancels all transfers in flight, newest first as a drain does, or oldest first. */
  cancelAll(order: 'newest' | 'oldest' = 'newest'): void {
    const submissions = order === 'newest' ? this.inFlight.reverse() : this.inFlight;
    for (const submission of submissions) {
      this.cancel(submission);
    }
  }

  /** Waits until nothing is in flight. */
  async allCompleted(): Promise<void> {
    for (let next = this.inFlight[0]; next !== undefined; next = this.inFlight[0]) {
      await within(next.completion, `submission ${next.number}`);
    }
  }

  /** Returns the bytes of all submissions from a position, in order of submission. */
  bytes(from = 0): Buffer {
    return Buffer.concat(this.submissions.slice(from).map(({ data }) => data));
  }

  async release(): Promise<void> {
    await this.#interface.release();
  }

  #completed(
    submission: Submission,
    status: TransferStatus,
    buffer: Buffer,
    actualLength: number,
  ): void {
    if (this.#within !== undefined) {
      this.#violations.push(`submission ${submission.number}: completed within ${this.#within}`);
    }
    if (!(actualLength >= 0 && actualLength <= submission.length)) {
      this.#violations.push(
        `submission ${submission.number}: ${actualLength} of ${submission.length} bytes transferred`,
      );
    }
    submission.status = status;
    submission.data = Buffer.from(buffer.subarray(0, actualLength));
    submission.completionIndex = this.#completions++;
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
    assert.equal(this.inFlight.length, 0, 'the case left transfers in flight');
    await sleep(QUIET_PERIOD);
    assert.deepEqual(this.#violations, []);
    this.#assertOrder();
  }

  /** Checks that transfers with data of one endpoint completed in order of submission. */
  #assertOrder(): void {
    if (this.out !== undefined) {
      return; // each of two endpoints has its own order
    }
    const order = this.submissions
      .filter(({ data }) => data.length > 0)
      .map((f) => f.completionIndex);
    const sorted = order.toSorted((a, b) => a - b);
    assert.deepEqual(order, sorted, 'data completed out of order');
  }

  async #abandon(): Promise<void> {
    this.cancelAll();
    await this.allCompleted().catch(() => {});
    await this.release().catch(() => {}); // usually it was already released, or the device is gone
  }
}
