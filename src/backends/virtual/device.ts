import type {
  ClaimOptions,
  Device,
  DeviceInfo,
  Endpoint,
  Interface,
  OnComplete,
  Transfer,
} from '../../usb/backend.js';
import type { AlternateSetting, EndpointDescriptor } from '../../usb/descriptors.js';
import { UsbError } from '../../usb/errors.js';
import { Claim, checkPlug } from './claim.js';
import { holdProcess } from './clock.js';
import type { Pipe } from './pipe.js';
import type { Plug } from './socket.js';
import { VirtualTransfer } from './transfer.js';

/** A handle of a device. It dies with the plug that it was opened at. */
export class VirtualDevice implements Device {
  readonly #plug: Plug;
  readonly #letProcessGo = holdProcess();
  readonly #claimed = new Set<VirtualInterface>();
  #closed = false;

  constructor(plug: Plug) {
    this.#plug = plug;
  }

  get info(): DeviceInfo {
    return this.#plug.info;
  }

  /** No driver ever holds an interface of a virtual device: there is none to detach. */
  async claim(
    interfaceNumber: number,
    alternateSetting: number,
    _options?: ClaimOptions,
  ): Promise<Interface> {
    if (this.#closed) {
      throw new UsbError('invalid', 'the device was closed');
    }
    checkPlug(this.#plug);
    const setting = findSetting(this.info, interfaceNumber, alternateSetting);
    const claim = new Claim(this.#plug, interfaceNumber);
    const claimed = new VirtualInterface(claim, setting, () => this.#claimed.delete(claimed));
    this.#claimed.add(claimed);
    return claimed;
  }

  async isConnected(): Promise<boolean> {
    return this.#plug.connected;
  }

  async close(): Promise<void> {
    if (this.#plug.connected && this.#claimed.size > 0) {
      throw new UsbError('invalid', 'an interface is still claimed');
    }
    this.#closed = true;
    this.#letProcessGo();
  }
}

/** A claimed interface. */
class VirtualInterface implements Interface {
  readonly #claim: Claim;
  readonly #setting: AlternateSetting;
  readonly #onRelease: () => void;

  constructor(claim: Claim, setting: AlternateSetting, onRelease: () => void) {
    this.#claim = claim;
    this.#setting = setting;
    this.#onRelease = onRelease;
  }

  endpoint(address: number): Endpoint {
    const descriptor = this.#setting.endpoints.find((candidate) => candidate.address === address);
    const pipe = this.#claim.plug.pipes.get(address);
    if (descriptor === undefined || pipe === undefined) {
      const { interfaceNumber, alternateSetting } = this.#setting;
      throw new UsbError(
        'not-found',
        `interface ${interfaceNumber} has no bulk endpoint 0x${address.toString(16).padStart(2, '0')} in alternate setting ${alternateSetting}`,
      );
    }
    return new VirtualEndpoint(this.#claim, descriptor, pipe);
  }

  async release(): Promise<void> {
    try {
      this.#claim.release();
    } finally {
      if (this.#claim.inFlight === 0) {
        this.#onRelease();
      }
    }
  }
}

/** A bulk endpoint of a claimed interface. */
class VirtualEndpoint implements Endpoint {
  readonly #claim: Claim;
  readonly #descriptor: EndpointDescriptor;
  readonly #pipe: Pipe;

  constructor(claim: Claim, descriptor: EndpointDescriptor, pipe: Pipe) {
    this.#claim = claim;
    this.#descriptor = descriptor;
    this.#pipe = pipe;
  }

  get address(): number {
    return this.#descriptor.address;
  }

  get maxPacketSize(): number {
    return this.#descriptor.maxPacketSize;
  }

  createTransfer(onComplete: OnComplete): Transfer {
    return new VirtualTransfer(this.#pipe, this.#claim, onComplete);
  }

  async clearHalt(): Promise<void> {
    this.#claim.check();
    if (this.#pipe.busy) {
      throw new UsbError('invalid', 'transfers are in flight on the endpoint');
    }
    this.#pipe.clearHalt();
  }
}

function findSetting(
  { configurations, activeConfiguration }: DeviceInfo,
  interfaceNumber: number,
  alternateSetting: number,
): AlternateSetting {
  const settings = configurations.find(({ value }) => value === activeConfiguration)?.settings;
  const found = settings?.find(
    (candidate) =>
      candidate.interfaceNumber === interfaceNumber &&
      candidate.alternateSetting === alternateSetting,
  );
  if (found === undefined) {
    throw new UsbError(
      'not-found',
      `the device has no interface ${interfaceNumber} with alternate setting ${alternateSetting}`,
    );
  }
  return found;
}
