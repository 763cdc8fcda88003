import type { CapturedTransfer, TransferReader } from '../../pcapng/transfer-reader.js';
import { toError } from '../../usb/errors.js';
import { isFailure, type TransferStatus } from '../../usb/transfer-status.js';
import type { Clock } from '../simulation/bus/clock.js';
import type { EndpointFunction, Handshake, TransferBuffer } from '../simulation/gadget/endpoint.js';
import { type RecordedDevice, type Recording, transfersOf } from './recording.js';

/** How a recording is played. */
export interface Playback {
  readonly clock: Clock;
  /** Whether each recorded transfer ends one of the host, as a short packet does, or only its data counts. */
  readonly mode: 'messages' | 'stream';
  /** Seconds of the recording per second; Infinity for as fast as the host asks. */
  readonly speed: number;
}

/** A recorded endpoint to play. */
export interface PlayedEndpoint {
  readonly recording: Recording;
  readonly device: RecordedDevice;
  readonly address: number;
  readonly packetSize: number;
  /**
   * Called when the recorded device was unplugged at this address. Returns whether it will be unplugged now,
   * and plugged in again: another endpoint may have seen it before.
   */
  readonly onUnplug: (address: number) => boolean;
}

/** The result of a transaction for each failure. */
const HANDSHAKES: Readonly<Partial<Record<TransferStatus, Handshake>>> = {
  stall: 'stall',
  error: 'error',
  overflow: 'babble',
};

/**
 * An IN endpoint that sends the data of the transfers that were recorded, in order. Failures come at their
 * places: those with no byte between them are one.
 *
 * Only the transfer that is being sent is in memory, without its data.
 */
export class PlayIn implements EndpointFunction {
  size = 0;
  readyAt = Number.POSITIVE_INFINITY;
  readonly ahead = Number.POSITIVE_INFINITY;
  readonly packetSize: number;
  readonly #endpoint: PlayedEndpoint;
  readonly #playback: Playback;
  readonly #reader: TransferReader;
  readonly #ended = new AbortController();

  /** The transfer that is being sent, and the one after it, if that is known. */
  #current: CapturedTransfer | undefined;
  #next: CapturedTransfer | undefined;
  /** Bytes of the current transfer that were sent. */
  #position = 0;
  /** Whether the last transaction ended a transfer of the host. */
  #isEnded = false;
  #isExhausted = false;
  /** Whether the device is about to be unplugged. */
  #isGone = false;
  /** When the host asked for the first data, and the time of the recording then. */
  #startedAt: number | undefined;
  #recordedStart = 0n;

  constructor(endpoint: PlayedEndpoint, playback: Playback) {
    this.packetSize = endpoint.packetSize;
    this.#endpoint = endpoint;
    this.#playback = playback;
    const { recording, device, address } = endpoint;
    this.#reader = transfersOf(recording, device, address);
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  transact(transfer: TransferBuffer, limit: number): Handshake {
    this.size = 0;
    this.readyAt = Number.POSITIVE_INFINITY;
    try {
      return this.#transact(transfer, limit);
    } catch (error) {
      return this.#end(toError(error));
    }
  }

  acknowledge(): void {
    const current = this.#current;
    this.#position += this.size;
    if (current === undefined || this.#position < current.captured || isBroken(current)) {
      return;
    }
    if (this.#isEnded || !this.#endsWithEmptyPacket(current)) {
      this.#current = undefined;
    }
  }

  /** The recording continues where it is. */
  powerOn(): void {
    this.#isGone = false;
  }

  #transact(transfer: TransferBuffer, limit: number): Handshake {
    const { mode, clock } = this.#playback;
    while (!this.#isGone) {
      const current = this.#current ?? this.#advance();
      if (current === undefined) {
        return this.#end();
      }
      const due = this.#due(current);
      if (due > clock.now()) {
        this.readyAt = due;
        return 'nak';
      }
      const rest = current.captured - this.#position;
      if (rest > 0) {
        return this.#send(current, rest, transfer, limit);
      }
      if (isBroken(current)) {
        return this.#fail(current);
      }
      if (mode === 'messages') {
        this.#isEnded = true;
        return 'end'; // an empty packet
      }
      this.#current = undefined;
    }
    return 'nak';
  }

  /** Sends data of a transfer. */
  #send(
    current: CapturedTransfer,
    rest: number,
    { buffer, length, actualLength }: TransferBuffer,
    limit: number,
  ): Handshake {
    const room = length - actualLength;
    const size = Math.min(rest, room, limit);
    const into = buffer.subarray(actualLength, actualLength + size);
    this.size = this.#reader.copyData(current, this.#position, into);
    if (this.size < size) {
      throw new Error('the capture file has become shorter');
    }
    const isMessage = this.#playback.mode === 'messages' && !isBroken(current);
    this.#isEnded = isMessage && size === rest && size < room;
    return this.#isEnded ? 'end' : 'data';
  }

  /** Whether the device ended a message of full packets with an empty one. */
  #endsWithEmptyPacket({ isShort, length }: CapturedTransfer): boolean {
    const isWhole = length > 0 && length % this.packetSize === 0;
    return this.#playback.mode === 'messages' && isShort && isWhole;
  }

  /** Ends a transfer that failed, with those after it that moved no byte. */
  #fail(broken: CapturedTransfer): Handshake {
    let status = failureOf(broken);
    let next = this.#read();
    while (next !== undefined && next.length === 0 && next.status !== 'completed') {
      status = next.status === 'no-device' ? 'no-device' : status;
      next = this.#read();
    }
    this.#current = undefined;
    this.#next = next;
    this.#isGone = status === 'no-device' && this.#endpoint.onUnplug(broken.device);
    return HANDSHAKES[status] ?? 'nak';
  }

  /** Begins with the next transfer; returns undefined if there is none. */
  #advance(): CapturedTransfer | undefined {
    const next = this.#next ?? this.#read();
    this.#next = undefined;
    this.#position = 0;
    this.#current = next;
    return next;
  }

  /** Reads the next transfer that completed, failed or moved data: others were cancelled by the host. */
  #read(): CapturedTransfer | undefined {
    for (let next = this.#readAny(); next !== undefined; next = this.#readAny()) {
      if (next.length > 0 || next.status === 'completed' || isFailure(next.status)) {
        return next;
      }
    }
    return undefined;
  }

  #readAny(): CapturedTransfer | undefined {
    const next = this.#isExhausted ? undefined : this.#reader.next();
    this.#isExhausted = next === undefined;
    return next;
  }

  /** When a transfer is to be sent, by the clock. */
  #due({ submittedAt, endedAt }: CapturedTransfer): number {
    const { clock, speed } = this.#playback;
    if (this.#startedAt === undefined) {
      this.#startedAt = clock.now();
      this.#recordedStart = submittedAt;
    }
    const recorded = Number(endedAt - this.#recordedStart) / 1e6;
    return this.#startedAt + Math.max(0, recorded / speed);
  }

  /** Reports the end of the recording, when what was sent has completed. */
  #end(error?: Error): 'nak' {
    this.#isExhausted = true;
    this.#playback.clock.soon(() => this.#ended.abort(error ?? 'end of the recording'));
    return 'nak';
  }
}

/** Whether a transfer failed, or some of its data is not in the capture. */
function isBroken(transfer: CapturedTransfer): boolean {
  return isFailure(transfer.status) || transfer.captured < transfer.length;
}

function failureOf({ status }: CapturedTransfer): TransferStatus {
  return isFailure(status) ? status : 'error';
}
