import assert from 'node:assert/strict';
import { VirtualBackend } from '../../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../../src/backends/virtual/scenario.js';
import type { Device, Endpoint, Interface, Transfer } from '../../../../../src/usb/backend.js';
import { ManualClock } from './manual-clock.js';

/** A submission and its completions. */
export interface Submission {
  readonly transfer: Transfer;
  readonly endpoint: Endpoint;
  readonly buffer: Buffer;
  readonly results: string[];
  /** The bytes that moved. */
  actualLength: number;
}

/** A piece of data that the counter accepted. */
interface Piece {
  readonly bytes: Buffer;
  readonly endsMessage: boolean;
}

/** A host with an open device of a virtual bus, its interface claimed, on a manual clock. */
export class Host {
  readonly clock: ManualClock;
  readonly backend: VirtualBackend;
  readonly device: Device;
  readonly claimed: Interface;
  readonly in: Endpoint;
  readonly out: Endpoint;
  /** In order of submission. */
  readonly submissions: Submission[] = [];
  /** In order of completion. */
  readonly completed: Submission[] = [];
  readonly #pieces: Piece[];

  private constructor(
    clock: ManualClock,
    backend: VirtualBackend,
    device: Device,
    claimed: Interface,
    number: number,
    pieces: Piece[],
  ) {
    this.#pieces = pieces;
    this.clock = clock;
    this.backend = backend;
    this.device = device;
    this.claimed = claimed;
    this.in = claimed.endpoint(0x80 | number);
    this.out = claimed.endpoint(number);
  }

  static async counter(scenario: string): Promise<Host> {
    return Host.#open(scenario, '1-1', 2);
  }

  static async loopback(scenario: string): Promise<Host> {
    return Host.#open(scenario, '1-2', 1);
  }

  static async #open(scenario: string, port: string, number: number): Promise<Host> {
    const clock = new ManualClock();
    const pieces: Piece[] = [];
    const backend = new VirtualBackend({
      scenario: parseScenario(scenario),
      clock,
      onOut: (bytes, endsMessage) => pieces.push({ bytes: Buffer.from(bytes), endsMessage }),
    });
    return Host.#claim(clock, backend, port, number, pieces);
  }

  static async #claim(
    clock: ManualClock,
    backend: VirtualBackend,
    port: string,
    number: number,
    pieces: Piece[],
  ): Promise<Host> {
    const info = (await backend.list()).find(({ path }) => path === port);
    assert(info !== undefined);
    const device = await backend.open(info);
    return new Host(clock, backend, device, await device.claim(0, 0), number, pieces);
  }

  /** Opens the counter again, as after a replug. */
  again(): Promise<Host> {
    return Host.#claim(this.clock, this.backend, '1-1', 2, this.#pieces);
  }

  /** Submits a new transfer. */
  submit(length: number, endpoint = this.in, buffer: Buffer = Buffer.alloc(length)): Submission {
    const transfer = endpoint.createTransfer((status, actualLength) => {
      submission.results.push(`${status} ${actualLength}`);
      submission.actualLength = actualLength;
      this.completed.push(submission);
    });
    const submission: Submission = { transfer, endpoint, buffer, results: [], actualLength: 0 };
    transfer.submit(buffer, length);
    this.submissions.push(submission);
    return submission;
  }

  /** Submits this many IN transfers, runs the bus until it is idle, and returns the results. */
  read(count: number, length: number): string[] {
    const submissions = Array.from({ length: count }, () => this.submit(length));
    this.clock.settle();
    return submissions.flatMap(({ results }) => (results.length === 0 ? ['waiting'] : results));
  }

  /** Does the same with an OUT transfer of each length. */
  write(...lengths: number[]): string[] {
    const submissions = this.submitOut(...lengths);
    this.clock.settle();
    return submissions.flatMap(({ results }) => (results.length === 0 ? ['waiting'] : results));
  }

  /** Submits new OUT transfers of these lengths. */
  submitOut(...lengths: number[]): Submission[] {
    return lengths.map((length) => this.submit(length, this.out));
  }

  /** Returns all data that the counter accepted. */
  taken(): Buffer {
    return Buffer.concat(this.#pieces.map(({ bytes }) => bytes));
  }

  /** Returns the lengths of the complete messages that the counter accepted. */
  messages(): number[] {
    const lengths: number[] = [];
    let length = 0;
    for (const { bytes, endsMessage } of this.#pieces) {
      length += bytes.length;
      if (endsMessage) {
        lengths.push(length);
        length = 0;
      }
    }
    return lengths;
  }

  /** Returns all data received, in order of submission. */
  bytes(): Buffer {
    return Buffer.concat(
      this.submissions
        .filter(({ endpoint }) => endpoint === this.in)
        .map(({ buffer, actualLength }) => buffer.subarray(0, actualLength)),
    );
  }

  async close(): Promise<void> {
    for (const { transfer } of this.submissions) {
      transfer.cancel();
    }
    this.clock.settle();
    await this.claimed.release().catch(() => {}); // the device may be unplugged
    await this.device.close();
  }
}
