import assert from 'node:assert/strict';
import type {
  ObservedCompletion,
  ObservedSubmission,
  TransferObserver,
} from '../../../../src/engine/queue/observer.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';

/** A completion that was observed, with a copy of its data. */
interface Recorded {
  readonly sequence: number;
  readonly status: TransferStatus;
  readonly requested: number;
  readonly bytes: Buffer;
}

/**
 * Keeps what it observes, by endpoint, and checks what holds for every transfer. A failed check ends the
 * stream as `internal`.
 */
export class RecordingObserver implements TransferObserver {
  readonly submitted = new Map<number, number>();
  readonly #completed = new Map<number, Recorded[]>();

  /** The completions of an endpoint, in the order of the calls. */
  completed(endpoint: number): readonly Recorded[] {
    return this.#completed.get(endpoint) ?? [];
  }

  /** The bytes that moved through an endpoint. */
  bytes(endpoint: number): Buffer {
    return Buffer.concat(this.completed(endpoint).map(({ bytes }) => bytes));
  }

  onSubmit({ endpoint, sequence, buffer, requested, submittedAt }: ObservedSubmission): void {
    assert.equal(sequence, this.submitted.get(endpoint) ?? 0);
    assert(requested <= buffer.length);
    assert(submittedAt <= performance.now());
    this.submitted.set(endpoint, sequence + 1);
  }

  onComplete(completion: ObservedCompletion): void {
    const { endpoint, sequence, status, requested, buffer, actualLength } = completion;
    const completed = this.#completed.get(endpoint) ?? [];
    assert.equal(sequence, completed.length);
    assert(completion.completedAt >= completion.submittedAt);
    assert(completion.completedAt <= performance.now());
    const bytes = Buffer.from(buffer.subarray(0, actualLength));
    this.#completed.set(endpoint, [...completed, { sequence, status, requested, bytes }]);
  }
}
