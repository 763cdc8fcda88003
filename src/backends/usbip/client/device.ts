import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  ClaimOptions,
  ConfigurationOptions,
  Device,
  DeviceLoss,
  Interface,
} from '../../../usb/backend.js';
import { carryOut } from '../../../usb/carry-out.js';
import type { ControlRequest } from '../../../usb/control.js';
import { parseDescriptorTree } from '../../../usb/descriptors/tree.js';
import { UsbError } from '../../../usb/errors.js';
import {
  type AlternateSetting,
  type DeviceInfo,
  findConfiguration,
  findSetting,
  transferTypeOf,
} from '../../../usb/model.js';
import {
  checkConfigurable,
  checkControlData,
  checkOpen,
  checkReset,
  lostConfigurationError,
} from '../../../usb/preconditions.js';
import { isOwnServer } from '../protocol/server-path.js';
import type { Connection } from './connection.js';
import {
  claimAtServer,
  getConfiguration,
  resetPort,
  sendControl,
  setConfiguration,
} from './control.js';
import { UsbipInterface } from './interface.js';

/** What a device needs of its backend. */
export interface DeviceOwner {
  /** Returns why a device is lost whose connection the server has ended. */
  explainLoss(info: DeviceInfo): Promise<DeviceLoss>;
  /**
   * Called after the connection was closed. Resolves when the device can be imported again.
   *
   * @param wasLost whether the connection had ended before
   */
  onClosed(device: UsbipDevice, wasLost: boolean): Promise<void>;
}

/** An imported device. */
export class UsbipDevice implements Device {
  readonly #connection: Connection;
  readonly #owner: DeviceOwner;
  readonly #descriptors: Uint8Array;
  #info: DeviceInfo;
  #claimed: readonly UsbipInterface[] = [];
  #isOpen = true;
  #loss: Promise<DeviceLoss> | undefined;
  /** The configuration that `close` selects again; undefined if it has not been replaced. */
  #replaced: number | undefined;

  /** @param descriptors the device descriptor and the configurations */
  constructor(
    connection: Connection,
    info: DeviceInfo,
    descriptors: Uint8Array,
    owner: DeviceOwner,
  ) {
    this.#connection = connection;
    this.#info = info;
    this.#descriptors = descriptors;
    this.#owner = owner;
    connection.isHeld = true;
  }

  get info(): DeviceInfo {
    return this.#info;
  }

  /** Whether the connection has ended. */
  get isLost(): boolean {
    return this.#connection.failure !== undefined;
  }

  async selectConfiguration(
    value: number,
    { isPermanent = false }: ConfigurationOptions = {},
  ): Promise<void> {
    this.#check();
    checkConfigurable(this.#stillClaimed[0]?.interfaceNumber);
    if (!(isPermanent && value === 0)) {
      findConfiguration(this.info, value);
    }
    const active = await getConfiguration(this.#connection);
    if (value !== active || isPermanent) {
      await setConfiguration(this.#connection, value);
      this.#replaced = isPermanent ? undefined : (this.#replaced ?? active);
    }
    this.#info = { ...this.info, configurationValue: value === 0 ? undefined : value };
  }

  /** The server holds all interfaces, so there is no kernel driver to detach. */
  async claim(
    interfaceNumber: number,
    alternateSetting: number,
    options: ClaimOptions = {},
  ): Promise<Interface> {
    this.#check();
    const setting = findSetting(this.info, interfaceNumber, alternateSetting);
    if ((await getConfiguration(this.#connection)) !== this.info.configurationValue) {
      throw lostConfigurationError(`cannot claim interface ${interfaceNumber}`, this.info);
    }
    if (this.#stillClaimed.some((one) => one.interfaceNumber === interfaceNumber)) {
      throw new UsbError('busy', `interface ${interfaceNumber} is already claimed`);
    }
    if (isOwnServer(this.#connection.exported.path)) {
      await claimAtServer(this.#connection, interfaceNumber);
    }
    const handle = {
      connection: this.#connection,
      cancelKeepsData: this.info.cancelKeepsData,
      intervalOf: (place: AlternateSetting, address: number) => this.#intervalOf(place, address),
    };
    const claimed = await UsbipInterface.claim(handle, setting, options);
    this.#claimed = [...this.#stillClaimed, claimed];
    return claimed;
  }

  async control(
    request: ControlRequest,
    data: Buffer,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<number> {
    signal?.throwIfAborted();
    this.#check();
    checkControlData(data);
    return (
      carryOut(request, this, this.#stillClaimed) ??
      sendControl(this.#connection, request, data, timeout, signal)
    );
  }

  async reset(): Promise<void> {
    this.#check();
    checkReset(this.#stillClaimed[0]?.interfaceNumber);
    await resetPort(this.#connection);
  }

  async loss(): Promise<DeviceLoss | undefined> {
    await nextTurn(); // a caller that asks in a loop must not starve the connection
    if (!this.isLost) {
      return undefined;
    }
    if (!this.#connection.wasEndedByServer) {
      return 'disconnected';
    }
    this.#loss ??= this.#owner.explainLoss(this.info);
    return this.#loss;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) {
      return;
    }
    const { isLost } = this;
    if (!isLost) {
      const [claimed] = this.#stillClaimed;
      if (claimed !== undefined) {
        throw new UsbError('invalid', 'an interface is still claimed');
      }
      if (this.#replaced !== undefined) {
        await setConfiguration(this.#connection, this.#replaced).catch(ignoreLoss);
      }
    }
    this.#isOpen = false;
    await this.#connection.close();
    await this.#owner.onClosed(this, isLost);
  }

  /** @throws UsbError `invalid` after the device was closed; `no-device` if it is gone */
  #check(): void {
    checkOpen(this.#isOpen);
    this.#connection.check();
  }

  get #stillClaimed(): readonly UsbipInterface[] {
    return this.#claimed.filter(({ released }) => !released);
  }

  /**
   * The interval of an interrupt endpoint (USB 2.0 §9.6.6): a number of frames at low and full speed, and an
   * exponent of 2 above.
   */
  #intervalOf(setting: AlternateSetting, address: number): number {
    const { configurationValue, speed = 0 } = this.info;
    const descriptor = parseDescriptorTree(this.#descriptors)
      .configurations.find(({ fields }) => fields.bConfigurationValue === configurationValue)
      ?.settings.find(
        ({ fields }) =>
          fields.bInterfaceNumber === setting.interfaceNumber &&
          fields.bAlternateSetting === setting.alternateSetting,
      )
      ?.endpoints.find(({ fields }) => fields.bEndpointAddress === address)?.fields;
    if (descriptor === undefined || transferTypeOf(descriptor.bmAttributes) !== 'interrupt') {
      return 0;
    }
    const { bInterval } = descriptor;
    return speed < 480 ? Math.max(bInterval, 1) : 2 ** (Math.min(Math.max(bInterval, 1), 16) - 1);
  }
}

function ignoreLoss(error: unknown): void {
  if (!(error instanceof UsbError && error.code === 'no-device')) {
    throw error;
  }
}
