import type {
  ClaimOptions,
  Endpoint,
  Interface,
  OnComplete,
  Transfer,
} from '../../../usb/backend.js';
import type { AlternateSetting, EndpointDescriptor } from '../../../usb/model.js';
import { checkIdle, findEndpoint } from '../../../usb/preconditions.js';
import type { Connection } from './connection.js';
import { clearHalt, setInterface } from './control.js';
import { type Claim, type Pipe, UsbipTransfer } from './transfer.js';

/** What an interface needs of its device. */
export interface Handle {
  readonly connection: Connection;
  /** See `DeviceInfo.cancelKeepsData`. */
  readonly cancelKeepsData: boolean;
  /** Returns the service interval of an endpoint, in frames or microframes; 0 unless it has one. */
  intervalOf(setting: AlternateSetting, address: number): number;
}

/**
 * An interface of an imported device. The protocol has no claims: a connection has the whole device. So
 * this is a matter of the client, except for the alternate setting.
 */
export class UsbipInterface implements Interface {
  readonly #handle: Handle;
  readonly #claim: Claim = { released: false, inFlight: new Map() };
  #setting: AlternateSetting;
  /** The selected alternate setting: 0 at first, because every disconnection selects it. */
  #selected = 0;

  private constructor(handle: Handle, setting: AlternateSetting) {
    this.#handle = handle;
    this.#setting = setting;
  }

  /** @throws UsbError as `Device.claim` */
  static async claim(
    handle: Handle,
    setting: AlternateSetting,
    { sendSetting = false }: ClaimOptions,
  ): Promise<UsbipInterface> {
    const claimed = new UsbipInterface(handle, setting);
    if (sendSetting || setting.alternateSetting !== 0) {
      await claimed.select(setting);
    }
    return claimed;
  }

  get interfaceNumber(): number {
    return this.#setting.interfaceNumber;
  }

  /** Whether the interface has been released. */
  get released(): boolean {
    return this.#claim.released;
  }

  /** Also checks that the endpoint exists: a server never answers a transfer to one that does not. */
  endpoint(address: number): Endpoint {
    const descriptor = findEndpoint(this.#setting, address);
    const { connection, cancelKeepsData } = this.#handle;
    const interval = this.#handle.intervalOf(this.#setting, address);
    return new UsbipEndpoint(descriptor, cancelKeepsData, {
      ...{ connection, address, interval },
      claim: this.#claim,
    });
  }

  /** Returns whether the selected alternate setting has an endpoint. */
  has(address: number): boolean {
    return this.#setting.endpoints.some((endpoint) => endpoint.address === address);
  }

  /**
   * Selects an alternate setting until the release, even if it is selected.
   *
   * @throws UsbError `invalid` while a transfer is in flight
   */
  async select(setting: AlternateSetting): Promise<void> {
    checkIdle(this.#busy, 'select an alternate setting');
    const { interfaceNumber, alternateSetting } = setting;
    await setInterface(this.#handle.connection, interfaceNumber, alternateSetting);
    this.#selected = alternateSetting;
    this.#setting = setting;
  }

  /**
   * Clears the halt of an endpoint, as `Endpoint.clearHalt`.
   *
   * @throws UsbError `not-found` if the selected alternate setting does not have it
   */
  clearHalt(address: number): Promise<void> {
    return this.endpoint(address).clearHalt();
  }

  async release(): Promise<void> {
    if (this.#claim.released) {
      return;
    }
    checkIdle(this.#busy, 'release an interface');
    this.#claim.released = true;
    if (this.#selected !== 0 && this.#handle.connection.failure === undefined) {
      await setInterface(this.#handle.connection, this.interfaceNumber, 0);
    }
  }

  /** Whether a transfer is in flight. */
  get #busy(): boolean {
    return [...this.#claim.inFlight.values()].some((count) => count > 0);
  }
}

/** A bulk or interrupt endpoint of an imported device. */
class UsbipEndpoint implements Endpoint {
  readonly address: number;
  readonly maxPacketSize: number;
  readonly cancelKeepsData: boolean;
  readonly #pipe: Pipe;

  constructor({ address, maxPacketSize }: EndpointDescriptor, keepsData: boolean, pipe: Pipe) {
    this.address = address;
    this.maxPacketSize = maxPacketSize;
    this.cancelKeepsData = keepsData;
    this.#pipe = pipe;
  }

  createTransfer(onComplete: OnComplete): Transfer {
    return new UsbipTransfer(this.#pipe, onComplete);
  }

  async clearHalt(): Promise<void> {
    const { connection, claim } = this.#pipe;
    checkIdle((claim.inFlight.get(this.address) ?? 0) > 0, 'clear the halt');
    await clearHalt(connection, this.address);
  }
}
