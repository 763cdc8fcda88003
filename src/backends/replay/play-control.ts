import type { CapturedTransfer, TransferReader } from '../../pcapng/transfer-reader.js';
import { type ControlRequest, directionOfRequest, setupPacket } from '../../usb/control.js';
import { toError, UsbError } from '../../usb/errors.js';
import { endpointAddress } from '../../usb/model.js';
import type { ControlFunction } from '../simulation/gadget/endpoint.js';
import { type RecordedDevice, type Recording, requestKey, transfersOf } from './recording.js';

/** The requests whose place in the file is kept: each takes a window of it. */
const MAX_OPEN = 32;

/**
 * Gives the recorded answers to control requests. A request is that of the recording if bmRequestType,
 * bRequest, wValue and wIndex are equal. The first one gets the first answer, and so on; the last answer
 * is repeated. A request that was not recorded is rejected with a stall, without a look at the file.
 */
export class PlayControl implements ControlFunction {
  readonly #recording: Recording;
  readonly #device: RecordedDevice;
  /** By `requestKey`, of recorded requests only. */
  readonly #answers = new Map<number, Answers>();
  /** Those that read the file; the one that was used last is the last. */
  readonly #open = new Set<Answers>();

  constructor(recording: Recording, device: RecordedDevice) {
    this.#recording = recording;
    this.#device = device;
  }

  handle(request: ControlRequest, data: Buffer): number | 'nak' | undefined {
    const key = requestKey(setupPacket(request, 0));
    const recorded = this.#device.answers.get(key);
    if (recorded === undefined) {
      return undefined;
    }
    const address = endpointAddress(0, directionOfRequest(request));
    const open = () => transfersOf(this.#recording, this.#device, address);
    const answers = this.#answers.get(key) ?? new Answers(open, key, recorded);
    this.#answers.set(key, answers);
    this.#open.delete(answers);
    this.#open.add(answers);
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size > MAX_OPEN) {
      this.#open.delete(oldest);
      oldest.close();
    }
    try {
      return answers.answer(request, data);
    } catch (cause) {
      const { message } = toError(cause);
      throw new UsbError('io', `cannot read the recorded answer: ${message}`, { cause });
    }
  }

  powerOn(): void {}
}

/** The recorded answers to one request. */
class Answers {
  readonly #open: () => TransferReader;
  readonly #key: number;
  /** The answers that were recorded: the file is read no further after the last one. */
  readonly #recorded: number;
  #reader: TransferReader | undefined;
  /** The answers that were read, and the last of them. */
  #count = 0;
  #last: CapturedTransfer | undefined;

  constructor(open: () => TransferReader, key: number, recorded: number) {
    this.#open = open;
    this.#key = key;
    this.#recorded = recorded;
  }

  /** Gives the next answer. Returns the bytes that moved, `nak` for no answer, undefined for a stall. */
  answer(request: ControlRequest, data: Buffer): number | 'nak' | undefined {
    this.#reader ??= this.#count < this.#recorded ? this.#reopen() : this.#open();
    const reader = this.#reader;
    if (this.#count < this.#recorded) {
      this.#advance(reader);
    }
    switch (this.#last?.status) {
      case 'completed':
        return directionOfRequest(request) === 'in'
          ? reader.copyData(this.#last, 0, data)
          : data.length;
      case 'cancelled':
      case 'timed-out':
        return 'nak';
      default:
        return undefined;
    }
  }

  /** Keeps no part of the file until the next answer. */
  close(): void {
    this.#reader = undefined;
  }

  /** Returns a reader at the place where the last one was. */
  #reopen(): TransferReader {
    const reader = this.#open();
    const read = this.#count;
    this.#count = 0;
    while (this.#count < read && this.#advance(reader)) {}
    return reader;
  }

  /** Reads the next answer. Returns whether there is one. */
  #advance(reader: TransferReader): boolean {
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      if (next.setup !== undefined && requestKey(next.setup) === this.#key) {
        this.#last = next;
        this.#count += 1;
        return true;
      }
    }
    return false;
  }
}
