import type {
  ClaimOptions,
  Endpoint,
  Interface,
  OnComplete,
  Transfer,
} from '../../../usb/backend.js';
import type { AlternateSetting, DeviceInfo, EndpointDescriptor } from '../../../usb/model.js';
import { checkIdle, findEndpoint } from '../../../usb/preconditions.js';
import type { Platform } from '../platform.js';
import { DetachedDriver } from './detached-driver.js';
import { promisifyNative, runAll, withUndo } from './errors.js';
import type { NativeDevice, NodeUsb } from './node-usb.js';
import { type Claim, LibusbTransfer } from './transfer.js';

/** The parts of an opened device that its interfaces need. */
export interface Handle {
  readonly usb: NodeUsb;
  readonly native: NativeDevice;
  readonly info: DeviceInfo;
  readonly platform: Pick<Platform, 'driverOf' | 'bindingOf' | 'claimError'>;
}

/**
 * A claimed interface.
 *
 * node-usb's own `Interface` passes its index in the configuration where libusb expects
 * bInterfaceNumber, so it claims the wrong one if there are gaps between the numbers (measured). The
 * native calls take the number.
 */
export class LibusbInterface implements Interface {
  readonly #handle: Handle;
  #setting: AlternateSetting;
  readonly #claim: Claim = { released: false };
  readonly #detached: DetachedDriver | undefined;
  readonly #endpoints: LibusbEndpoint[] = [];
  /**
   * The selected alternate setting: 0 at first, because every release selects it. Selecting it again
   * would send a request that some devices answer with a stall: this is done only on demand.
   */
  #selected = 0;
  /** See `Platform.bindingOf`. */
  readonly #binding: string | undefined;

  private constructor(
    handle: Handle,
    setting: AlternateSetting,
    detached: DetachedDriver | undefined,
  ) {
    this.#handle = handle;
    this.#setting = setting;
    this.#detached = detached;
    this.#binding = this.#currentBinding;
  }

  /** @throws UsbError as `Device.claim` */
  static async claim(
    handle: Handle,
    setting: AlternateSetting,
    { detachDriver = false, sendSetting = false }: ClaimOptions,
  ): Promise<LibusbInterface> {
    const { interfaceNumber } = setting;
    const detached = detachDriver ? DetachedDriver.detach(handle, interfaceNumber) : undefined;
    try {
      handle.native.__claimInterface(interfaceNumber);
    } catch (error) {
      const failure = handle.platform.claimError(handle.info, interfaceNumber, error);
      throw await withUndo(failure, detached?.reattach());
    }
    const claimed = new LibusbInterface(handle, setting, detached);
    try {
      if (sendSetting) {
        await claimed.select(setting);
      } else {
        await claimed.#select(setting.alternateSetting);
      }
    } catch (error) {
      throw await withUndo(error, claimed.release());
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

  /** Whether the interface was taken from this handle since it was claimed. */
  get isLost(): boolean {
    return this.#currentBinding !== this.#binding;
  }

  get #currentBinding(): string | undefined {
    const { platform, info } = this.#handle;
    return platform.bindingOf(info, this.interfaceNumber);
  }

  endpoint(address: number): Endpoint {
    const descriptor = findEndpoint(this.#setting, address);
    const endpoint = new LibusbEndpoint(this.#handle, descriptor, this.#claim);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  /** Returns whether the selected alternate setting has an endpoint. */
  has(address: number): boolean {
    return this.#setting.endpoints.some((endpoint) => endpoint.address === address);
  }

  /**
   * Selects an alternate setting of this interface until the release, even if it is selected.
   *
   * @throws UsbError `invalid` while a transfer is in flight
   */
  async select(setting: AlternateSetting): Promise<void> {
    checkIdle(this.#busy, 'select an alternate setting');
    await this.#send(setting.alternateSetting);
    this.#setting = setting;
  }

  /**
   * Clears the halt of an endpoint, as `Endpoint.clearHalt`.
   *
   * @throws UsbError `invalid` while a transfer is in flight on the endpoint; `not-found` if the selected
   *   alternate setting does not have it
   */
  async clearHalt(address: number): Promise<void> {
    findEndpoint(this.#setting, address);
    const same = this.#endpoints.filter((endpoint) => endpoint.address === address);
    checkIdle(
      same.some((endpoint) => endpoint.busy),
      'clear the halt',
    );
    await clearHalt(this.#handle, address);
  }

  async release(): Promise<void> {
    checkIdle(this.#busy, 'release an interface');
    if (!this.#claim.released) {
      this.#claim.released = true;
      const { isLost } = this;
      // The kernel would select 0 too, but would not report a failure. Sends nothing if 0 is selected.
      // After a reset, it is, and nothing is claimed until the next submission.
      const release = () => (isLost ? this.#release().catch(() => {}) : this.#release());
      await runAll([
        () => (isLost ? Promise.resolve() : this.#select(0)),
        release,
        async () => this.#detached?.reattach(),
      ]);
    }
  }

  #release(): Promise<void> {
    return promisifyNative(`cannot release interface ${this.interfaceNumber}`, (done) =>
      this.#handle.native.__releaseInterface(this.interfaceNumber, done),
    );
  }

  /** Whether a transfer is in flight. */
  get #busy(): boolean {
    return this.#endpoints.some((endpoint) => endpoint.busy);
  }

  async #select(alternateSetting: number): Promise<void> {
    if (alternateSetting !== this.#selected) {
      await this.#send(alternateSetting);
    }
  }

  async #send(alternateSetting: number): Promise<void> {
    await promisifyNative(`cannot select alternate setting ${alternateSetting}`, (done) =>
      this.#handle.native.__setInterface(this.interfaceNumber, alternateSetting, done),
    );
    this.#selected = alternateSetting;
  }
}

class LibusbEndpoint implements Endpoint {
  readonly address: number;
  readonly maxPacketSize: number;
  readonly cancelKeepsData: boolean;
  readonly #handle: Handle;
  readonly #type: number;
  readonly #claim: Claim;
  readonly #transfers: LibusbTransfer[] = [];

  constructor(handle: Handle, descriptor: EndpointDescriptor, claim: Claim) {
    const { address, maxPacketSize, type } = descriptor;
    const { LIBUSB_TRANSFER_TYPE_INTERRUPT, LIBUSB_TRANSFER_TYPE_BULK } = handle.usb;
    this.address = address;
    this.maxPacketSize = maxPacketSize;
    this.cancelKeepsData = handle.info.cancelKeepsData;
    this.#handle = handle;
    this.#type = type === 'interrupt' ? LIBUSB_TRANSFER_TYPE_INTERRUPT : LIBUSB_TRANSFER_TYPE_BULK;
    this.#claim = claim;
  }

  /** Whether a transfer is in flight. */
  get busy(): boolean {
    return this.#transfers.some((transfer) => transfer.inFlight);
  }

  createTransfer(onComplete: OnComplete): Transfer {
    // No libusb timeout: its event thread may notice it a minute late (measured).
    const { usb, native } = this.#handle;
    const transfer = new LibusbTransfer(
      (callback) => new usb.Transfer(native, this.address, this.#type, 0, callback),
      this.#claim,
      onComplete,
    );
    this.#transfers.push(transfer);
    return transfer;
  }

  async clearHalt(): Promise<void> {
    checkIdle(this.busy, 'clear the halt');
    await clearHalt(this.#handle, this.address);
  }
}

function clearHalt({ native }: Handle, address: number): Promise<void> {
  return promisifyNative('cannot clear the halt', (done) => native.__clearHalt(address, done));
}
