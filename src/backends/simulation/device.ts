import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ClaimOptions,
  ConfigurationOptions,
  Device,
  DeviceLoss,
  Interface,
} from '../../usb/backend.js';
import { carryOut } from '../../usb/carry-out.js';
import {
  type ControlRequest,
  controlFailure,
  interfaceToClaim,
  typeOf,
} from '../../usb/control.js';
import { UsbError } from '../../usb/errors.js';
import { MAX_TIMEOUT_MS } from '../../usb/format.js';
import { type DeviceInfo, findConfiguration, findSetting } from '../../usb/model.js';
import {
  checkConfigurable,
  checkControlData,
  checkOpen,
  checkReset,
  lostConfigurationError,
} from '../../usb/preconditions.js';
import { holdProcess } from './bus/clock.js';
import type { Attachment } from './bus/port.js';
import { handleStandardRequest } from './gadget/standard-requests.js';
import { checkConnected, SimulatedInterface } from './interface.js';

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
      throw lostConfigurationError(`cannot claim interface ${interfaceNumber}`, this.info);
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
    const carriedOut = carryOut(request, this, [...this.#claimed]);
    if (carriedOut !== undefined) {
      return carriedOut;
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

function alreadyClaimed(interfaceNumber: number): UsbError {
  return new UsbError('busy', `interface ${interfaceNumber} is already claimed`);
}
