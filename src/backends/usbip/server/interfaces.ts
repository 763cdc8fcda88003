import type { Device, Endpoint, Interface } from '../../../usb/backend.js';
import {
  type ControlRequest,
  type HostRequest,
  interfaceOfEndpoint,
  interfaceToClaim,
} from '../../../usb/control.js';
import { UsbError } from '../../../usb/errors.js';
import { formatEndpoint } from '../../../usb/format.js';
import { activeConfiguration, findSetting } from '../../../usb/model.js';

const NO_DATA = Buffer.alloc(0);

/** An interface that a client uses. */
interface Used {
  readonly claimed: Interface;
  alternateSetting: number;
}

/**
 * The interfaces of an exported device. Each is claimed when the client first uses it: the protocol has no
 * claims.
 */
export class UsedInterfaces {
  readonly #device: Device;
  readonly #detachDriver: boolean;
  readonly #used = new Map<number, Used>();

  /** @param detachDriver whether to detach kernel drivers; see `ClaimOptions` */
  constructor(device: Device, detachDriver: boolean) {
    this.#device = device;
    this.#detachDriver = detachDriver;
  }

  /**
   * Returns an endpoint of a selected alternate setting, and claims its interface.
   *
   * @throws UsbError `not-found`; as `Device.claim`
   */
  async endpoint(address: number): Promise<Endpoint> {
    const setting = activeConfiguration(this.#device.info)?.settings.find(
      ({ interfaceNumber, alternateSetting, endpoints }) =>
        alternateSetting === this.#settingOf(interfaceNumber) &&
        endpoints.some((endpoint) => endpoint.address === address),
    );
    if (setting === undefined) {
      const text = `no selected alternate setting has endpoint ${formatEndpoint(address)}`;
      throw new UsbError('not-found', text);
    }
    const { claimed } = await this.#use(setting.interfaceNumber);
    return claimed.endpoint(address);
  }

  /** Claims the interface that a request needs, if any. @throws UsbError as `Device.claim` */
  async claimFor(request: ControlRequest): Promise<void> {
    const number = interfaceToClaim(this.#device.info, request);
    if (number !== undefined) {
      await this.#use(number);
    }
  }

  /**
   * Carries out a request that changes the state of the host, too. No transfer may be in flight on what it
   * changes.
   *
   * @throws UsbError as `Device.control`
   */
  async carryOut(request: ControlRequest, hostRequest: HostRequest): Promise<void> {
    switch (hostRequest.kind) {
      case 'set-configuration': {
        await this.releaseAll();
        const options = { detachDriver: this.#detachDriver, isPermanent: true };
        return this.#device.selectConfiguration(hostRequest.value, options);
      }
      case 'set-interface':
        return this.#select(request, hostRequest.interfaceNumber, hostRequest.alternateSetting);
      case 'clear-halt':
        await this.#use(interfaceOfEndpoint(this.#device.info, hostRequest.address));
        await this.#device.control(request, NO_DATA, Number.POSITIVE_INFINITY);
    }
  }

  /** Resets the device. @throws UsbError as `Device.reset` */
  async reset(): Promise<void> {
    await this.releaseAll();
    await this.#device.reset();
  }

  /** Releases all interfaces. Failures are ignored: the device may be gone. */
  async releaseAll(): Promise<void> {
    const used = [...this.#used.values()].reverse();
    this.#used.clear();
    for (const { claimed } of used) {
      await claimed.release().catch(() => {});
    }
  }

  async #select(request: ControlRequest, number: number, alternateSetting: number): Promise<void> {
    findSetting(this.#device.info, number, alternateSetting);
    const used = this.#used.get(number);
    if (used === undefined) {
      const options = { detachDriver: this.#detachDriver, sendSetting: true };
      const claimed = await this.#device.claim(number, alternateSetting, options);
      this.#used.set(number, { claimed, alternateSetting });
      return;
    }
    await this.#device.control(request, NO_DATA, Number.POSITIVE_INFINITY);
    used.alternateSetting = alternateSetting;
  }

  async #use(number: number): Promise<Used> {
    const known = this.#used.get(number);
    if (known !== undefined) {
      return known;
    }
    const claimed = await this.#device.claim(number, 0, { detachDriver: this.#detachDriver });
    const used = { claimed, alternateSetting: 0 };
    this.#used.set(number, used);
    return used;
  }

  #settingOf(number: number): number {
    return this.#used.get(number)?.alternateSetting ?? 0;
  }
}
