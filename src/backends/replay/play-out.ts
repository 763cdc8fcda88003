import type { CapturedTransfer, TransferReader } from '../../pcapng/transfer-reader.js';
import type { EndpointFunction, Handshake, TransferBuffer } from '../simulation/gadget/endpoint.js';
import { wholePackets } from '../simulation/gadget/endpoint.js';
import type { PlayedEndpoint } from './play-in.js';
import { transfersOf } from './recording.js';

/** The first byte that differs from the recording. */
export interface Mismatch {
  readonly endpoint: number;
  /** The bytes before it, which are equal. */
  readonly offset: number;
  readonly sent: number;
  /** Undefined at the end of the recording. */
  readonly recorded: number | undefined;
}

/** Recorded bytes that are compared at a time. */
const CHUNK = 16 * 1024;

/** An OUT endpoint that accepts all data, or only what was recorded: then it fails at the first byte that differs. */
export class PlayOut implements EndpointFunction {
  size = 0;
  readonly readyAt = Number.POSITIVE_INFINITY;
  readonly ahead = Number.POSITIVE_INFINITY;
  readonly packetSize: number;
  readonly #address: number;
  readonly #expected: RecordedBytes | undefined;
  readonly #onMismatch: ((mismatch: Mismatch) => void) | undefined;
  #differs = false;

  /** @param onMismatch called once, at the first byte that differs; without it, nothing is compared */
  constructor(endpoint: PlayedEndpoint, onMismatch?: (mismatch: Mismatch) => void) {
    this.packetSize = endpoint.packetSize;
    this.#address = endpoint.address;
    this.#onMismatch = onMismatch;
    this.#expected = onMismatch && new RecordedBytes(endpoint);
  }

  transact({ buffer, length, actualLength }: TransferBuffer, limit: number): Handshake {
    this.size = 0;
    const rest = length - actualLength;
    const size = rest <= limit ? rest : wholePackets(limit, this.packetSize);
    if (!this.#isExpected(buffer.subarray(actualLength, actualLength + size))) {
      return 'error';
    }
    this.size = size;
    return rest === 0 ? 'end' : 'data';
  }

  acknowledge(): void {}

  powerOn(): void {}

  #isExpected(bytes: Buffer): boolean {
    if (this.#expected === undefined || this.#differs) {
      return !this.#differs;
    }
    const difference = compare(this.#expected, bytes);
    if (difference !== undefined) {
      this.#differs = true;
      this.#onMismatch?.({ endpoint: this.#address, ...difference });
    }
    return difference === undefined;
  }
}

/** Compares bytes with the recording. One that cannot be read further ends there. */
function compare(expected: RecordedBytes, bytes: Buffer): Omit<Mismatch, 'endpoint'> | undefined {
  try {
    return expected.compare(bytes);
  } catch {
    return { offset: expected.offset, sent: bytes[0] ?? 0, recorded: undefined };
  }
}

/** The bytes that were sent to an endpoint, in order. */
class RecordedBytes {
  readonly #reader: TransferReader;
  readonly #chunk = Buffer.alloc(CHUNK);
  #transfer: CapturedTransfer | undefined;
  #position = 0;
  /** The bytes that were compared. */
  offset = 0;

  constructor({ recording, device, address }: PlayedEndpoint) {
    this.#reader = transfersOf(recording, device, address);
  }

  /** Compares the next bytes; returns the first difference, or undefined if there is none. */
  compare(bytes: Buffer): Omit<Mismatch, 'endpoint'> | undefined {
    let start = 0;
    while (start < bytes.length) {
      const recorded = this.#next(bytes.length - start);
      const sent = bytes.subarray(start, start + Math.max(1, recorded.length));
      const at = sent.equals(recorded) ? -1 : sent.findIndex((byte, i) => byte !== recorded[i]);
      if (at >= 0) {
        const offset = this.offset + at;
        return { offset, sent: sent[at] ?? 0, recorded: recorded[at] };
      }
      start += recorded.length;
      this.offset += recorded.length;
    }
    return undefined;
  }

  /** Returns the next recorded bytes, at most this many; none at the end of the recording. */
  #next(max: number): Buffer {
    while (this.#transfer === undefined || this.#position === this.#transfer.captured) {
      this.#transfer = this.#reader.next();
      this.#position = 0;
      if (this.#transfer === undefined) {
        return this.#chunk.subarray(0, 0);
      }
    }
    const into = this.#chunk.subarray(0, Math.min(max, CHUNK));
    const copied = this.#reader.copyData(this.#transfer, this.#position, into);
    this.#position += copied;
    return into.subarray(0, copied);
  }
}
