import assert from 'node:assert/strict';
import { VirtualBackend } from '../../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../../src/backends/virtual/scenario.js';
import type { Device, Endpoint, Interface, Transfer } from '../../../../../src/usb/backend.js';
import { ManualClock } from './manual-clock.js';

/** A submit, and the answers that it got. */
export interface Flight {
  readonly transfer: Transfer;
  readonly endpoint: Endpoint;
  readonly buffer: Buffer;
  readonly answers: string[];
  /** Bytes that moved. */
  actualLength: number;
}

/** What the counter told of what it took. */
interface Piece {
  readonly bytes: Buffer;
  readonly endsMessage: boolean;
}

/** A host with one device of a virtual bus opened and claimed, in manual time. */
export class Host {
  readonly clock: ManualClock;
  readonly backend: VirtualBackend;
  readonly device: Device;
  readonly claimed: Interface;
  readonly in: Endpoint;
  readonly out: Endpoint;
  /** In the order of their submits. */
  readonly flights: Flight[] = [];
  /** In the order of their answers. */
  readonly landed: Flight[] = [];
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

  /** Opens the counter once more, as after a replug. */
  again(): Promise<Host> {
    return Host.#claim(this.clock, this.backend, '1-1', 2, this.#pieces);
  }

  /** Submits a fresh transfer. */
  fly(length: number, endpoint = this.in, buffer: Buffer = Buffer.alloc(length)): Flight {
    const transfer = endpoint.createTransfer((status, actualLength) => {
      flight.answers.push(`${status} ${actualLength}`);
      flight.actualLength = actualLength;
      this.landed.push(flight);
    });
    const flight: Flight = { transfer, endpoint, buffer, answers: [], actualLength: 0 };
    transfer.submit(buffer, length);
    this.flights.push(flight);
    return flight;
  }

  /** Submits so many transfers, runs the bus until it rests, and tells the answers. */
  read(count: number, length: number): string[] {
    const flights = Array.from({ length: count }, () => this.fly(length));
    this.clock.settle();
    return flights.flatMap(({ answers }) => (answers.length === 0 ? ['waiting'] : answers));
  }

  /** The same on the way out, a transfer of each length. */
  write(...lengths: number[]): string[] {
    const flights = this.flyOut(...lengths);
    this.clock.settle();
    return flights.flatMap(({ answers }) => (answers.length === 0 ? ['waiting'] : answers));
  }

  /** Submits fresh transfers of these lengths on the way out. */
  flyOut(...lengths: number[]): Flight[] {
    return lengths.map((length) => this.fly(length, this.out));
  }

  /** Everything that the counter took, as it tells. */
  taken(): Buffer {
    return Buffer.concat(this.#pieces.map(({ bytes }) => bytes));
  }

  /** The lengths of the messages that the counter took and that have ended. */
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

  /** Everything that came in, in the order of the submits. */
  bytes(): Buffer {
    return Buffer.concat(
      this.flights
        .filter(({ endpoint }) => endpoint === this.in)
        .map(({ buffer, actualLength }) => buffer.subarray(0, actualLength)),
    );
  }

  async close(): Promise<void> {
    for (const { transfer } of this.flights) {
      transfer.cancel();
    }
    this.clock.settle();
    await this.claimed.release().catch(() => {}); // it may be unplugged
    await this.device.close();
  }
}
