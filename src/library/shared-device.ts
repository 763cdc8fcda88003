import { releaseAndClose } from '../engine/device/open.js';
import type {
  Backend,
  ClaimOptions,
  ConfigurationOptions,
  DescriptorBytes,
  Device,
  DeviceLoss,
  DeviceState,
  Endpoint,
  Interface,
  TransferMemory,
} from '../usb/backend.js';
import { presenceOf } from '../usb/bus-events.js';
import { type ControlRequest, interfaceToClaim } from '../usb/control.js';
import { UsbError } from '../usb/errors.js';
import type { DeviceInfo } from '../usb/model.js';
import { checkOpen } from '../usb/preconditions.js';

/** How to open a device, and how to claim its interfaces. */
export interface HandleOptions extends ClaimOptions {
  /** The configuration to select, by its bConfigurationValue; undefined for the active one. */
  readonly configuration?: number | undefined;
}

/** An interface that stays claimed until the handle is closed, or another setting of it is needed. */
interface Claim {
  readonly claimed: Interface;
  readonly alternateSetting: number;
  /** The streams that use it. */
  users: number;
}

/** The open handle of a device, and what is claimed through it. */
interface Handle {
  readonly device: Device;
  readonly claims: Map<number, Claim>;
  /** The streams and requests that use it. */
  users: number;
}

/**
 * A device that all its streams and control requests share. The engine opens a device for each stream.
 * Through this backend, it gets a share of one handle instead.
 *
 * Interfaces stay claimed between streams, so that a kernel driver is not attached between them. A handle
 * that was lost is replaced as soon as no stream uses it.
 */
export class SharedDevice implements Backend {
  readonly name: string;
  readonly #backend: Backend;
  readonly #options: HandleOptions;
  #info: DeviceInfo;
  #handle: Handle | undefined;
  #isOpen = true;
  /** Settles when the last step so far is done. */
  #lastStep: Promise<unknown> = Promise.resolve();

  constructor(backend: Backend, info: DeviceInfo, options: HandleOptions) {
    this.name = backend.name;
    this.#backend = backend;
    this.#info = info;
    this.#options = options;
  }

  /** What is known about the device, with its configuration. */
  get info(): DeviceInfo {
    return this.#handle?.device.info ?? this.#info;
  }

  list(): Promise<DeviceInfo[]> {
    return this.#backend.list();
  }

  inspect(info: DeviceInfo): Promise<DeviceState> {
    return this.#backend.inspect(info);
  }

  descriptors(info: DeviceInfo): Promise<DescriptorBytes> {
    return this.#backend.descriptors(info);
  }

  /** The device itself is known; another one is examined when a stream reconnects. */
  async examine(info: DeviceInfo): Promise<DeviceInfo> {
    return (await this.#backend.examine?.(info)) ?? info;
  }

  transferMemory(): Promise<TransferMemory | undefined> {
    return this.#backend.transferMemory();
  }

  /**
   * Returns a share of the handle. Opens the device if it is not open, or was lost.
   *
   * @throws UsbError as `Backend.open`; `busy` while streams use a handle that was lost
   */
  open(info: DeviceInfo): Promise<Device> {
    return this.#inOrder(async () => {
      checkOpen(this.#isOpen);
      return new Share(await this.#handleOf(info), (step) => this.#inOrder(step), this.#options);
    });
  }

  /** Releases everything and closes the device. No stream may use it. Does nothing the second time. */
  close(): Promise<void> {
    return this.#inOrder(async () => {
      this.#isOpen = false;
      const handle = this.#handle;
      if (handle !== undefined) {
        this.#info = this.info;
        this.#handle = undefined;
        await closeHandle(handle);
      }
    });
  }

  async #handleOf(info: DeviceInfo): Promise<Handle> {
    const handle = this.#handle;
    if (handle !== undefined) {
      const isSame = presenceOf(handle.device.info) === presenceOf(info);
      if (isSame && (await handle.device.loss()) === undefined) {
        return handle;
      }
      if (handle.users > 0) {
        throw new UsbError(
          'busy',
          'other streams still use the device as it was before it was lost',
        );
      }
      this.#handle = undefined;
      await closeHandle(handle).catch(() => {}); // a lost device cannot be restored
    }
    const { configuration, detachDriver } = this.#options;
    const device = await this.#backend.open(info);
    try {
      if (configuration !== undefined) {
        await device.selectConfiguration(configuration, { detachDriver });
      }
    } catch (error) {
      await device.close().catch(() => {}); // the first failure is reported
      throw error;
    }
    this.#info = device.info;
    this.#handle = { device, claims: new Map(), users: 0 };
    return this.#handle;
  }

  /** Runs a step when all earlier ones are done. */
  #inOrder<T>(step: () => Promise<T>): Promise<T> {
    const result = this.#lastStep.then(step);
    this.#lastStep = result.catch(() => {});
    return result;
  }
}

function closeHandle({ device, claims }: Handle): Promise<void> {
  return releaseAndClose(
    device,
    [...claims.values()].map(({ claimed }) => claimed),
  );
}

/** The part of a handle that one stream or control request uses. */
class Share implements Device {
  readonly #handle: Handle;
  readonly #inOrder: <T>(step: () => Promise<T>) => Promise<T>;
  readonly #options: ClaimOptions;
  #isOpen = true;

  constructor(
    handle: Handle,
    inOrder: <T>(step: () => Promise<T>) => Promise<T>,
    options: ClaimOptions,
  ) {
    this.#handle = handle;
    this.#inOrder = inOrder;
    this.#options = options;
    handle.users += 1;
  }

  get info(): DeviceInfo {
    return this.#handle.device.info;
  }

  selectConfiguration(value: number, options?: ConfigurationOptions): Promise<void> {
    return this.#inOrder(async () => {
      await this.#releaseUnused();
      await this.#handle.device.selectConfiguration(value, options);
    });
  }

  /** @throws UsbError also `busy` while another stream uses another setting of the interface */
  claim(
    interfaceNumber: number,
    alternateSetting: number,
    options?: ClaimOptions,
  ): Promise<Interface> {
    return this.#inOrder(async () => {
      const { device, claims } = this.#handle;
      let claim = claims.get(interfaceNumber);
      if (claim !== undefined && claim.alternateSetting !== alternateSetting) {
        if (claim.users > 0) {
          throw new UsbError(
            'busy',
            `interface ${interfaceNumber} is in use with alternate setting ${claim.alternateSetting}`,
          );
        }
        claims.delete(interfaceNumber);
        await claim.claimed.release();
        claim = undefined;
      }
      if (claim === undefined) {
        const claimed = await device.claim(interfaceNumber, alternateSetting, options);
        claim = { claimed, alternateSetting, users: 0 };
        claims.set(interfaceNumber, claim);
      }
      return new SharedInterface(claim);
    });
  }

  /** Claims the interface that the request needs, if no stream has. */
  async control(
    request: ControlRequest,
    data: Buffer,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<number> {
    const { device, claims } = this.#handle;
    const needed = interfaceToClaim(device.info, request);
    if (needed !== undefined && !claims.has(needed)) {
      await (await this.claim(needed, 0, this.#options)).release();
    }
    return device.control(request, data, timeout, signal);
  }

  reset(): Promise<void> {
    return this.#inOrder(async () => {
      await this.#releaseUnused();
      await this.#handle.device.reset();
    });
  }

  loss(): Promise<DeviceLoss | undefined> {
    return this.#handle.device.loss();
  }

  /** Gives the share back. The handle stays open. */
  async close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#handle.users -= 1;
    }
  }

  async #releaseUnused(): Promise<void> {
    const { claims } = this.#handle;
    for (const [number, { claimed, users }] of [...claims].toReversed()) {
      if (users === 0) {
        claims.delete(number);
        await claimed.release();
      }
    }
  }
}

/** The use of a claimed interface by one stream. */
class SharedInterface implements Interface {
  readonly #claim: Claim;
  #isReleased = false;

  constructor(claim: Claim) {
    this.#claim = claim;
    claim.users += 1;
  }

  endpoint(address: number): Endpoint {
    return this.#claim.claimed.endpoint(address);
  }

  /** Ends the use. The interface stays claimed. */
  async release(): Promise<void> {
    if (!this.#isReleased) {
      this.#isReleased = true;
      this.#claim.users -= 1;
    }
  }
}
