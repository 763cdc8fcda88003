import type { Device } from '../../../usb/backend.js';
import { type ControlRequest, hostRequestOf, MAX_CONTROL_DATA } from '../../../usb/control.js';
import { UsbError, type UsbErrorCode } from '../../../usb/errors.js';
import { STATUS } from '../protocol/status.js';
import type { UsedInterfaces } from './interfaces.js';
import { CHANGE_TIMEOUT, within } from './within.js';

/** The number of control requests of a client that wait for the one before them. */
const MAX_WAITING = 256;

/** SET_ADDRESS (USB 2.0 §9.4.6), which the server's system has done. */
const SET_ADDRESS = 0x0005;
/** SetPortFeature(PORT_RESET) (USB 2.0 §11.24.2.13), with which a client asks for a reset. */
const SET_PORT_FEATURE = 0x2303;
const PORT_RESET = 4;

/** The status on the wire of each failure of a request. */
const STATUSES: Readonly<Partial<Record<UsbErrorCode, number>>> = {
  stall: STATUS.stall,
  'not-found': STATUS.stall,
  'timed-out': STATUS.timedOut,
  'no-device': STATUS.shutDown,
  'no-memory': STATUS.noMemory,
  invalid: STATUS.invalid,
  busy: STATUS.busy,
};

/** One control request of a client. */
interface Waiting {
  readonly seqnum: number;
  readonly request: ControlRequest;
  readonly data: Buffer;
  readonly cancelled: AbortController;
  unlinkSeqnum: number;
}

/** A control request that has ended. */
export interface ControlEnd {
  readonly seqnum: number;
  /** A status of the wire. */
  readonly status: number;
  readonly actualLength: number;
  /** The buffer of the request. */
  readonly data: Buffer;
  readonly isIn: boolean;
  /** The sequence number of its cancel; 0 unless it was cancelled. */
  readonly unlinkSeqnum: number;
}

/** What a control pipe needs of its session. */
interface ControlOwner {
  readonly device: Device;
  readonly interfaces: UsedInterfaces;
  /** Runs a change of the state of the device, with no other one at the same time. It cannot be cancelled. */
  change<T>(body: () => Promise<T>): Promise<T>;
  /** Called before a change that invalidates all endpoints. */
  onEndpointsChange(): void;
  onEnd(end: ControlEnd): void;
}

/** Endpoint 0 of an exported device: one request after the other, as on the bus. */
export class ControlPipe {
  readonly #owner: ControlOwner;
  readonly #waiting: Waiting[] = [];
  #isBusy = false;

  constructor(owner: ControlOwner) {
    this.#owner = owner;
  }

  /** The number of requests that have not ended. */
  get inFlight(): number {
    return this.#waiting.length;
  }

  /**
   * Submits a request.
   *
   * @param setup its setup packet
   * @param data the data to send; for IN, undefined
   * @returns false if too many are waiting
   */
  submit(seqnum: number, setup: Buffer, data: Buffer | undefined): boolean {
    if (this.#waiting.length === MAX_WAITING) {
      return false;
    }
    const request = {
      requestType: setup.readUInt8(0),
      request: setup.readUInt8(1),
      value: setup.readUInt16LE(2),
      index: setup.readUInt16LE(4),
    };
    const room = Math.min(setup.readUInt16LE(6), MAX_CONTROL_DATA);
    this.#waiting.push({
      ...{ seqnum, request, data: data ?? Buffer.alloc(room) },
      ...{ cancelled: new AbortController(), unlinkSeqnum: 0 },
    });
    if (!this.#isBusy) {
      this.#isBusy = true;
      this.#run();
    }
    return true;
  }

  /** Cancels a request. Returns false if there is none with this sequence number. */
  cancel(seqnum: number, unlinkSeqnum: number): boolean {
    const waiting = this.#waiting.find((one) => one.seqnum === seqnum);
    if (waiting === undefined) {
      return false;
    }
    waiting.unlinkSeqnum = unlinkSeqnum;
    waiting.cancelled.abort();
    return true;
  }

  /** Cancels all requests. */
  cancelAll(): void {
    for (const { cancelled } of this.#waiting) {
      cancelled.abort();
    }
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { seqnum, request, data, cancelled } = next;
      let status: number = STATUS.ok;
      let actualLength = 0;
      try {
        cancelled.signal.throwIfAborted();
        actualLength = await this.#perform(request, data, cancelled.signal);
      } catch (error) {
        status = cancelled.signal.aborted ? STATUS.unlinked : statusOf(error);
      }
      this.#waiting.shift();
      const isIn = (request.requestType & 0x80) !== 0;
      const { unlinkSeqnum } = next;
      this.#owner.onEnd({ seqnum, status, actualLength, data, isIn, unlinkSeqnum });
    }
    this.#isBusy = false;
  }

  async #perform(request: ControlRequest, data: Buffer, signal: AbortSignal): Promise<number> {
    const { device, interfaces, onEndpointsChange } = this.#owner;
    const change = (body: () => Promise<void>): Promise<void> =>
      within(CHANGE_TIMEOUT, this.#owner.change(body), signal);
    const code = (request.requestType << 8) | request.request;
    if (code === SET_ADDRESS) {
      return 0;
    }
    if (code === SET_PORT_FEATURE && request.value === PORT_RESET) {
      onEndpointsChange();
      await change(() => interfaces.reset());
      return 0;
    }
    const hostRequest = hostRequestOf(request);
    if (hostRequest !== undefined) {
      if (hostRequest.kind !== 'clear-halt') {
        onEndpointsChange();
      }
      await change(() => interfaces.carryOut(request, hostRequest));
      return 0;
    }
    await change(() => interfaces.claimFor(request));
    return device.control(request, data, Number.POSITIVE_INFINITY, signal);
  }
}

function statusOf(error: unknown): number {
  const code = error instanceof UsbError ? error.code : 'other';
  return STATUSES[code] ?? STATUS.protocolError;
}
