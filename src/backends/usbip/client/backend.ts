import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Backend,
  DescriptorBytes,
  Device,
  DeviceLoss,
  DeviceState,
} from '../../../usb/backend.js';
import { presenceOf } from '../../../usb/bus-events.js';
import type { CheckResult } from '../../../usb/check-result.js';
import { UsbError } from '../../../usb/errors.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { formatServerAddress, type ServerAddress } from '../../../usb/server-address.js';
import { MAX_TRANSFER_LENGTH } from '../protocol/commands.js';
import { isOwnServer } from '../protocol/server-path.js';
import { Connection } from './connection.js';
import { getConfiguration, setConfiguration } from './control.js';
import { type KnownDevice, readDescriptors } from './descriptors.js';
import { UsbipDevice } from './device.js';
import { infoOf, isUsable } from './listed-device.js';
import { type ListedDevice, listExported } from './operations.js';

/** Milliseconds for a connection, and for every reply that must come. */
const REPLY_TIMEOUT = 10_000;

/** Milliseconds for which an examined device is kept for `open`: every disconnection resets it. */
const KEEP_TIME = 10_000;

/** Milliseconds that a server may take to export a device again, and between two looks. */
const EXPORT_TIMEOUT = 2000;
const EXPORT_INTERVAL = 50;

/** A device that was imported and is not open yet. */
interface Kept {
  readonly connection: Connection;
  readonly timer: NodeJS.Timeout;
}

/**
 * The devices that a USB/IP server exports: the `usbipd` of Linux or Windows, or a server of this program.
 * A connection has one device as a whole. Its path is the name under which the server exports it.
 */
export class UsbipBackend implements Backend {
  readonly name = 'usbip';
  readonly maxTransferLength = MAX_TRANSFER_LENGTH;
  readonly #server: ServerAddress;
  readonly #timeout: number;
  /** What is known about each device that has been examined. */
  readonly #known = new Map<string, KnownDevice>();
  readonly #kept = new Map<string, Kept>();
  readonly #open = new Set<UsbipDevice>();

  /** @param timeout milliseconds for a connection, and for every reply that must come */
  constructor(server: ServerAddress, timeout = REPLY_TIMEOUT) {
    this.#server = server;
    this.#timeout = timeout;
  }

  /** The devices that the server exports, and those that are open here: some servers do not list these. */
  async list(): Promise<DeviceInfo[]> {
    const listed = (await this.#list()).map((device) => this.#infoOf(device));
    const present = new Set(listed.map(presenceOf));
    const own = [...this.#open].filter((device) => !device.isLost).map(({ info }) => info);
    return [...listed, ...own.filter((info) => !present.has(presenceOf(info)))];
  }

  /** What the system of the server knows is unknown. */
  async inspect(): Promise<DeviceState> {
    return { accessible: undefined, node: undefined, interfaces: [] };
  }

  async descriptors(info: DeviceInfo): Promise<DescriptorBytes> {
    const presence = presenceOf(info);
    if (!this.#known.has(presence)) {
      await this.examine(info);
    }
    const { bytes } = this.#known.get(presence) ?? {};
    return bytes ?? { descriptors: new Uint8Array(), bos: undefined };
  }

  async examine(info: DeviceInfo): Promise<DeviceInfo> {
    const connection = this.#take(info) ?? (await this.#import(info));
    try {
      const known = await this.#learn(connection, info);
      const configurationValue = await configure(connection, known);
      this.#keep(connection, info);
      return infoOf({ ...connection.exported, configurationValue }, known);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async open(info: DeviceInfo): Promise<Device> {
    const connection = this.#take(info) ?? (await this.#import(info));
    try {
      const known = this.#known.get(presenceOf(info)) ?? (await this.#learn(connection, info));
      const configurationValue = info.isPartial
        ? await configure(connection, known)
        : await getConfiguration(connection);
      const opened = infoOf({ ...connection.exported, configurationValue }, known);
      const device = new UsbipDevice(connection, opened, known.bytes.descriptors, {
        explainLoss: (lost) => this.#explainLoss(lost),
        onClosed: async (closed, wasLost) => {
          this.#open.delete(closed);
          await (wasLost ? undefined : this.#awaitExport(connection));
        },
      });
      this.#open.add(device);
      return device;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** A server does not say how much memory it has. */
  async transferMemory(): Promise<undefined> {
    return undefined;
  }

  /** Says whether the server returns the data of cancelled transfers. Sends nothing. */
  async diagnose(devices: readonly DeviceInfo[]): Promise<CheckResult[]> {
    const loses =
      'the server does not return the data of cancelled transfers: only a capture that ends at a ' +
      'limit in bytes, transfers or messages loses none';
    return devices.map(({ path, cancelKeepsData }) => ({
      ...{ id: 'usbip', device: path },
      status: cancelKeepsData ? 'ok' : 'warning',
      message: cancelKeepsData ? 'the server returns the data of cancelled transfers' : loses,
    }));
  }

  async #list(): Promise<ListedDevice[]> {
    return (await listExported(this.#server, this.#timeout)).filter(isUsable);
  }

  #infoOf(device: ListedDevice): DeviceInfo {
    return infoOf(device, this.#known.get(`${device.busId}@${device.address}`));
  }

  async #import(info: DeviceInfo): Promise<Connection> {
    const { path, address } = info;
    const connection = await Connection.open(this.#server, path, this.#timeout);
    const { exported } = connection;
    if (!isUsable(exported) || exported.busId !== path || exported.address !== address) {
      await connection.close();
      const place = `${path} of ${formatServerAddress(this.#server)}`;
      throw new UsbError('no-device', `the device at ${place} is another one now`);
    }
    return connection;
  }

  async #learn(connection: Connection, info: DeviceInfo): Promise<KnownDevice> {
    const known = await readDescriptors(connection);
    this.#known.set(presenceOf(info), known);
    return known;
  }

  /** Keeps an examined device for a while. It does not keep the process alive. */
  #keep(connection: Connection, info: DeviceInfo): void {
    const presence = presenceOf(info);
    connection.isHeld = false;
    const timer = setTimeout(() => {
      this.#kept.delete(presence);
      connection.close();
    }, KEEP_TIME).unref();
    this.#kept.set(presence, { connection, timer });
  }

  #take(info: DeviceInfo): Connection | undefined {
    const presence = presenceOf(info);
    const kept = this.#kept.get(presence);
    this.#kept.delete(presence);
    clearTimeout(kept?.timer);
    return kept?.connection.failure === undefined ? kept?.connection : undefined;
  }

  /**
   * A server of this program ends the connection of a device that was lost there, and still lists it unless
   * it is unplugged. With other servers, there is no such sign.
   */
  async #explainLoss({ path, address }: DeviceInfo): Promise<DeviceLoss> {
    const listed = await this.#list().catch((): ListedDevice[] => []);
    const same = listed.find((device) => device.busId === path && device.address === address);
    if (same === undefined || !isOwnServer(same.path)) {
      return 'disconnected';
    }
    return same.configurationValue === 0 ? 'deauthorized' : 'reset';
  }

  /** Waits until a server that resets a device after each disconnection exports it again. */
  async #awaitExport({ exported }: Connection): Promise<void> {
    const until = performance.now() + EXPORT_TIMEOUT;
    while (!isOwnServer(exported.path) && performance.now() < until) {
      const listed = await this.#list().catch((): undefined => undefined);
      if (listed === undefined || listed.some(({ busId }) => busId === exported.busId)) {
        return;
      }
      await sleep(EXPORT_INTERVAL);
    }
  }
}

/** Selects the first configuration unless one is active. Returns the active one. */
async function configure(
  connection: Connection,
  { configurations: [first] }: KnownDevice,
): Promise<number> {
  const active = await getConfiguration(connection);
  if (active !== 0 || first === undefined) {
    return active;
  }
  await setConfiguration(connection, first.value);
  return first.value;
}
