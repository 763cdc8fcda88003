import type {
  ClaimOptions,
  Device,
  Endpoint,
  Interface,
  OnComplete,
  Transfer,
} from '../../../usb/backend.js';
import {
  type ControlRequest,
  checkControlData,
  controlFailure,
  interfaceToClaim,
  typeOf,
} from '../../../usb/control.js';
import { UsbError } from '../../../usb/errors.js';
import { formatEndpoint } from '../../../usb/format.js';
import {
  type AlternateSetting,
  type DeviceInfo,
  type EndpointDescriptor,
  findSetting,
} from '../../../usb/model.js';
import { holdProcess } from '../bus/clock.js';
import type { Pipe } from '../bus/pipe.js';
import type { Attachment } from '../bus/port.js';
import { VirtualTransfer } from './transfer.js';

/** A handle of a device. It dies with the plug that it was opened at. */
export class VirtualDevice implements Device {
  readonly #plug: Attachment;
  readonly #letProcessGo = holdProcess();
  readonly #claimed = new Set<VirtualInterface>();
  #closed = false;

  constructor(plug: Attachment) {
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
    this.#check();
    const setting = findSetting(this.info, interfaceNumber, alternateSetting);
    const claim = new Claim(this.#plug, interfaceNumber, alternateSetting);
    const claimed = new VirtualInterface(claim, setting, () => this.#claimed.delete(claimed));
    this.#claimed.add(claimed);
    return claimed;
  }

  /** It is answered at once: no virtual device lets a request wait. */
  async control(request: ControlRequest, data: Buffer, _timeout: number): Promise<number> {
    this.#check();
    checkControlData(data);
    const { handleStandardRequest } = await import('../gadgets/control.js');
    this.#check();
    this.#checkRecipient(request);
    const moved =
      typeOf(request) === 'standard'
        ? handleStandardRequest(this.#plug, request, data)
        : this.#plug.control.handle(request, data);
    this.#plug.poke();
    if (moved === undefined) {
      throw controlFailure('stall');
    }
    return moved;
  }

  async reset(): Promise<void> {
    this.#check();
    const [claimed] = this.#plug.claimed.keys();
    if (claimed !== undefined) {
      throw new UsbError(
        'invalid',
        `cannot reset the device while interface ${claimed} is claimed`,
      );
    }
    this.#plug.reset();
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

  /** @throws UsbError `invalid` once the device was closed; `no-device` when it is gone */
  #check(): void {
    if (this.#closed) {
      throw new UsbError('invalid', 'the device was closed');
    }
    checkPlug(this.#plug);
  }

  /** @throws UsbError `busy` for a request to an interface that another handle holds */
  #checkRecipient(request: ControlRequest): void {
    const number = interfaceToClaim(this.info, request);
    const own = [...this.#claimed].some(({ interfaceNumber }) => interfaceNumber === number);
    if (number !== undefined && this.#plug.claimed.has(number) && !own) {
      throw new UsbError('busy', `interface ${number} is claimed already`);
    }
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

  get interfaceNumber(): number {
    return this.#claim.interfaceNumber;
  }

  endpoint(address: number): Endpoint {
    const descriptor = this.#setting.endpoints.find((candidate) => candidate.address === address);
    const pipe = this.#claim.plug.pipes.get(address);
    if (descriptor === undefined || pipe === undefined) {
      const { interfaceNumber, alternateSetting } = this.#setting;
      throw new UsbError(
        'not-found',
        `interface ${interfaceNumber} has no bulk or interrupt endpoint ${formatEndpoint(address)} in alternate setting ${alternateSetting}`,
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

/** A bulk or interrupt endpoint of a claimed interface. */
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

/** Somebody's hold on an interface of a device. */
export class Claim {
  readonly plug: Attachment;
  readonly interfaceNumber: number;
  #released = false;
  /** Transfers that were submitted and not answered yet. */
  inFlight = 0;

  /** @throws UsbError `busy` when somebody else holds it */
  constructor(plug: Attachment, interfaceNumber: number, alternateSetting: number) {
    if (plug.claimed.has(interfaceNumber)) {
      throw new UsbError('busy', `interface ${interfaceNumber} is claimed already`);
    }
    plug.claimed.set(interfaceNumber, alternateSetting);
    this.plug = plug;
    this.interfaceNumber = interfaceNumber;
  }

  /** @throws UsbError `invalid` once released; `no-device` when the device is gone */
  check(): void {
    if (this.#released) {
      throw new UsbError('invalid', `interface ${this.interfaceNumber} was released`);
    }
    checkPlug(this.plug);
  }

  /**
   * Once released, there is nothing more to do.
   *
   * @throws UsbError `invalid` while a transfer is in flight; `no-device` when the device is gone
   */
  release(): void {
    if (this.#released) {
      return;
    }
    if (this.inFlight > 0) {
      throw new UsbError(
        'invalid',
        `interface ${this.interfaceNumber} has ${this.inFlight} transfers in flight`,
      );
    }
    this.#released = true;
    this.plug.claimed.delete(this.interfaceNumber);
    checkPlug(this.plug);
  }
}

/** @throws UsbError `no-device` when the plug was pulled */
export function checkPlug(plug: Attachment): void {
  if (!plug.connected) {
    const { path, address } = plug.info;
    throw new UsbError('no-device', `the device at ${path} (address ${address}) is gone`);
  }
}
