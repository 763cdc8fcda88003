import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ClaimOptions,
  ConfigurationOptions,
  Device,
  DeviceLoss,
  Endpoint,
  Interface,
  OnComplete,
  Transfer,
} from '../../usb/backend.js';
import { carryOut } from '../../usb/carry-out.js';
import {
  type ControlRequest,
  controlFailure,
  hostRequestOf,
  interfaceToClaim,
  typeOf,
} from '../../usb/control.js';
import { UsbError } from '../../usb/errors.js';
import { MAX_TIMEOUT_MS } from '../../usb/format.js';
import { unconfiguredError } from '../../usb/locate.js';
import {
  type AlternateSetting,
  type DeviceInfo,
  findConfiguration,
  findSetting,
} from '../../usb/model.js';
import {
  checkConfigurable,
  checkControlData,
  checkIdle,
  checkOpen,
  checkReset,
  checkSubmit,
  findEndpoint,
} from '../../usb/preconditions.js';
import { holdProcess } from './bus/clock.js';
import type { Pipe } from './bus/pipe.js';
import type { Attachment } from './bus/port.js';
import { QueuedTransfer } from './bus/transfer-queue.js';
import { handleStandardRequest } from './gadget/standard-requests.js';

/** A handle of a device. After the device was unplugged, it can only be closed. */
export class SimulatedDevice implements Device {
  readonly #attachment: Attachment;
  readonly #releaseProcess = holdProcess();
  readonly #claimed = new Set<SimulatedInterface>();
  #info: DeviceInfo;
  #open = true;
  /** The configuration that `close` selects again; undefined if it has not been replaced. */
  #replaced: { readonly value: number | undefined } | undefined;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
    this.#info = attachment.info;
  }

  get info(): DeviceInfo {
    return this.#info;
  }

  async selectConfiguration(
    value: number,
    { isPermanent = false }: ConfigurationOptions = {},
  ): Promise<void> {
    this.#check();
    const [own] = this.#claimed;
    checkConfigurable(own?.interfaceNumber);
    if (!(isPermanent && value === 0)) {
      findConfiguration(this.info, value);
    }
    const active = this.#attachment.info.configurationValue;
    this.#info = this.#attachment.info;
    if (value === active && !isPermanent) {
      return;
    }
    const [other] = this.#attachment.claimed.keys();
    if (other !== undefined) {
      throw alreadyClaimed(other);
    }
    this.#replaced = isPermanent ? undefined : (this.#replaced ?? { value: active });
    this.#attachment.configure(value === 0 ? undefined : value);
    this.#info = this.#attachment.info;
  }

  /** There is no kernel driver to detach. */
  async claim(
    interfaceNumber: number,
    alternateSetting: number,
    { sendSetting = false }: ClaimOptions = {},
  ): Promise<Interface> {
    this.#check();
    if (!this.#attachment.authorized) {
      throw unconfiguredError(
        `cannot claim interface ${interfaceNumber}: the device has no configuration any more`,
        this.info,
      );
    }
    const setting = findSetting(this.info, interfaceNumber, alternateSetting);
    if (this.#attachment.claimed.has(interfaceNumber)) {
      throw alreadyClaimed(interfaceNumber);
    }
    const claimed = new SimulatedInterface(this.#attachment, setting, () =>
      this.#claimed.delete(claimed),
    );
    this.#claimed.add(claimed);
    if (sendSetting) {
      claimed.select(setting);
    }
    for (const { address } of setting.endpoints) {
      this.#attachment.pipes.get(address)?.claim();
    }
    return claimed;
  }

  /** Completes at once, if the device responds. */
  async control(
    request: ControlRequest,
    data: Buffer,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<number> {
    signal?.throwIfAborted();
    this.#check();
    checkControlData(data);
    this.#checkRecipient(request);
    const hostRequest = hostRequestOf(request);
    if (hostRequest !== undefined) {
      await carryOut(hostRequest, this, [...this.#claimed]);
      return 0;
    }
    const standard =
      typeOf(request) === 'standard'
        ? handleStandardRequest(this.#attachment, request, data)
        : undefined;
    const moved = standard ?? this.#attachment.control.handle(request, data);
    this.#attachment.wake();
    if (moved === undefined) {
      throw controlFailure('stall');
    }
    return moved === 'nak' ? this.#noResponse(timeout, signal) : moved;
  }

  /** Waits for what ends a request that gets no response. */
  async #noResponse(timeout: number, signal?: AbortSignal): Promise<never> {
    const { unplugged } = this.#attachment;
    const ended = AbortSignal.any(signal === undefined ? [unplugged] : [unplugged, signal]);
    await sleep(Math.min(timeout, MAX_TIMEOUT_MS), undefined, { signal: ended }).catch(() => {});
    checkConnected(this.#attachment);
    signal?.throwIfAborted();
    throw controlFailure('timed-out');
  }

  async reset(): Promise<void> {
    this.#check();
    const [claimed] = this.#attachment.claimed.keys();
    checkReset(claimed);
    this.#attachment.reset();
  }

  async loss(): Promise<DeviceLoss | undefined> {
    if (!this.#attachment.connected) {
      return 'disconnected';
    }
    if (!this.#attachment.authorized) {
      return 'deauthorized';
    }
    return [...this.#claimed].some(({ isLost }) => isLost) ? 'reset' : undefined;
  }

  async close(): Promise<void> {
    if (this.#attachment.connected && this.#claimed.size > 0) {
      throw new UsbError('invalid', 'an interface is still claimed');
    }
    const { connected, authorized } = this.#attachment;
    if (this.#replaced !== undefined && connected && authorized) {
      this.#attachment.configure(this.#replaced.value);
    }
    this.#replaced = undefined;
    this.#open = false;
    this.#releaseProcess();
  }

  /** @throws UsbError `invalid` after the device was closed; `no-device` if it is gone */
  #check(): void {
    checkOpen(this.#open);
    checkConnected(this.#attachment);
  }

  /** @throws UsbError `busy` for a request to an interface that another handle has claimed */
  #checkRecipient(request: ControlRequest): void {
    const number = interfaceToClaim(this.info, request);
    const own = [...this.#claimed].some(({ interfaceNumber }) => interfaceNumber === number);
    if (number !== undefined && this.#attachment.claimed.has(number) && !own) {
      throw alreadyClaimed(number);
    }
  }
}

/** A claimed interface. */
class SimulatedInterface implements Interface {
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

function alreadyClaimed(interfaceNumber: number): UsbError {
  return new UsbError('busy', `interface ${interfaceNumber} is already claimed`);
}

/** @throws UsbError `no-device` after the device was unplugged */
function checkConnected({ connected, info }: Attachment): void {
  if (!connected) {
    throw new UsbError('no-device', `the device at ${info.path} (address ${info.address}) is gone`);
  }
}
