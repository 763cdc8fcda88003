import type { Endpoint, Interface, OnComplete, Transfer } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import type { AlternateSetting } from '../../usb/model.js';
import { checkIdle, checkSubmit, findEndpoint } from '../../usb/preconditions.js';
import type { Pipe } from './bus/pipe.js';
import type { Attachment } from './bus/port.js';
import { QueuedTransfer } from './bus/transfer-queue.js';

/** A claimed interface. */
export class SimulatedInterface implements Interface {
  readonly attachment: Attachment;
  #setting: AlternateSetting;
  readonly #onRelease: () => void;
  readonly #claimLosses: number;
  #released = false;
  /** The number of transfers in flight. */
  inFlight = 0;

  constructor(attachment: Attachment, setting: AlternateSetting, onRelease: () => void) {
    attachment.claimed.set(setting.interfaceNumber, setting.alternateSetting);
    this.attachment = attachment;
    this.#claimLosses = attachment.claimLosses;
    this.#setting = setting;
    this.#onRelease = onRelease;
  }

  get interfaceNumber(): number {
    return this.#setting.interfaceNumber;
  }

  get released(): boolean {
    return this.#released;
  }

  /** Whether the interface was taken from its handle since it was claimed. */
  get isLost(): boolean {
    return this.#claimLosses !== this.attachment.claimLosses;
  }

  endpoint(address: number): Endpoint {
    const { maxPacketSize } = findEndpoint(this.#setting, address);
    const pipe = this.attachment.pipes.get(address);
    if (pipe === undefined) {
      throw new UsbError('other', 'the simulated device lacks an endpoint of its descriptors');
    }
    return new SimulatedEndpoint(this, address, maxPacketSize, pipe);
  }

  /** Returns whether the selected alternate setting has an endpoint. */
  has(address: number): boolean {
    return this.#setting.endpoints.some((endpoint) => endpoint.address === address);
  }

  /** Selects an alternate setting until the release: clears the halts of its endpoints. */
  select(setting: AlternateSetting): void {
    checkIdle(this.inFlight > 0, 'select an alternate setting');
    this.#setting = setting;
    this.attachment.claimed.set(setting.interfaceNumber, setting.alternateSetting);
    for (const { address } of setting.endpoints) {
      this.attachment.pipes.get(address)?.clearHalt();
    }
  }

  /**
   * Clears the halt of an endpoint.
   *
   * @throws UsbError `not-found` if the selected alternate setting does not have it
   */
  clearHalt(address: number): void {
    findEndpoint(this.#setting, address);
    const pipe = this.attachment.pipes.get(address);
    checkIdle(pipe?.busy === true, 'clear the halt');
    pipe?.clearHalt();
  }

  async release(): Promise<void> {
    if (this.#released) {
      return;
    }
    checkIdle(this.inFlight > 0, 'release an interface');
    this.#released = true;
    if (!this.isLost) {
      this.attachment.claimed.delete(this.interfaceNumber);
    }
    this.#onRelease();
    checkConnected(this.attachment);
  }
}

/** A bulk or interrupt endpoint of a claimed interface. */
class SimulatedEndpoint implements Endpoint {
  readonly address: number;
  readonly maxPacketSize: number;
  readonly cancelKeepsData: boolean;
  readonly ended: AbortSignal | undefined;
  readonly #interface: SimulatedInterface;
  readonly #pipe: Pipe;

  constructor(claimed: SimulatedInterface, address: number, maxPacketSize: number, pipe: Pipe) {
    this.#interface = claimed;
    this.address = address;
    this.maxPacketSize = maxPacketSize;
    this.cancelKeepsData = claimed.attachment.info.cancelKeepsData;
    this.ended = pipe.ended;
    this.#pipe = pipe;
  }

  createTransfer(onComplete: OnComplete): Transfer {
    return new SimulatedTransfer(this.#interface, this.#pipe, onComplete);
  }

  async clearHalt(): Promise<void> {
    if (this.#interface.released) {
      throw new UsbError('invalid', 'the interface was released');
    }
    checkConnected(this.#interface.attachment);
    checkIdle(this.#pipe.busy, 'clear the halt');
    this.#pipe.clearHalt();
  }
}

/** A transfer of one pipe. */
class SimulatedTransfer extends QueuedTransfer implements Transfer {
  readonly #interface: SimulatedInterface;
  readonly #pipe: Pipe;
  readonly #onComplete: OnComplete;

  constructor(claimed: SimulatedInterface, pipe: Pipe, onComplete: OnComplete) {
    super();
    this.#interface = claimed;
    this.#pipe = pipe;
    this.#onComplete = onComplete;
  }

  submit(buffer: Buffer, length: number): void {
    const { released, attachment } = this.#interface;
    checkSubmit(this.queue !== undefined, released, buffer, length);
    checkConnected(attachment);
    if (!attachment.authorized) {
      throw new UsbError('io', 'cannot submit a transfer: input/output error');
    }
    attachment.memory.take(length);
    this.load(buffer, length);
    this.#interface.inFlight++;
    this.#pipe.submit(this);
  }

  cancel(): void {
    if (this.queue !== undefined) {
      this.#pipe.cancel(this);
    }
  }

  override complete(): void {
    this.#interface.inFlight--;
    this.#interface.attachment.memory.give(this.length);
    this.#onComplete(this.status, this.actualLength);
  }
}

/** @throws UsbError `no-device` after the device was unplugged */
export function checkConnected({ connected, info }: Attachment): void {
  if (!connected) {
    throw new UsbError('no-device', `the device at ${info.path} (address ${info.address}) is gone`);
  }
}
