import { createServer, type Server, type Socket } from 'node:net';
import type { Backend, Device } from '../../../usb/backend.js';
import { UsbError } from '../../../usb/errors.js';
import { activeConfiguration, type DeviceInfo, isHub } from '../../../usb/model.js';
import { ByteReader } from '../protocol/byte-reader.js';
import {
  BUS_ID_LENGTH,
  COUNT_LENGTH,
  decodeOperation,
  encodeDevice,
  encodeOperation,
  IMPORT_STATUS,
  INTERFACE_LENGTH,
  type InterfaceClass,
  OPERATION,
  OPERATION_LENGTH,
  speedCode,
  textOf,
  VERSION,
} from '../protocol/operations.js';
import { serverPath } from '../protocol/server-path.js';
import { Session, type SessionResult } from './session.js';

/** The number of connections at a time. */
const MAX_CONNECTIONS = 64;

/** Milliseconds for a client to ask for something, and to take the list. */
const REQUEST_TIMEOUT = 10_000;

/** Milliseconds of silence after which the system checks whether a client is still there. */
const KEEP_ALIVE_DELAY = 10_000;

/** What happens at a server. Texts may come from a client or a device: untrusted. */
export type ServerEvent =
  | { readonly kind: 'imported'; readonly client: string; readonly device: DeviceInfo }
  | ({
      readonly kind: 'released';
      readonly client: string;
      readonly device: DeviceInfo;
    } & SessionResult)
  /** A client asked for something in vain: for an import, or for a transfer of its device. */
  | {
      readonly kind: 'refused';
      readonly client: string;
      readonly path: string;
      readonly message: string;
    }
  /** A connection ended before an import. */
  | { readonly kind: 'rejected'; readonly client: string; readonly message: string };

/** What a server exports. */
export interface ServerOptions {
  readonly backend: Backend;
  /** Returns whether a device is exported. Hubs never are. */
  readonly isExported: (device: DeviceInfo) => boolean;
  /** Whether to detach the kernel drivers of the interfaces that a client uses. */
  readonly detachDriver?: boolean | undefined;
  readonly onEvent: (event: ServerEvent) => void;
}

/** A USB/IP server. */
export class UsbipServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The paths of the devices that are being opened, in use or being closed. */
  readonly #used = new Map<string, Promise<void>>();
  readonly #sessions = new Set<Session>();
  #isClosing = false;

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Starts a server.
   *
   * @param port 0 for any free port
   * @throws Error of the system if it cannot listen there
   */
  static async listen(options: ServerOptions, host: string, port: number): Promise<UsbipServer> {
    const server = new UsbipServer(options);
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen({ host, port }, resolve);
    });
    return server;
  }

  /** The port on which it listens. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /**
   * Stops listening, answers what is in flight, and releases all devices.
   *
   * @param reason for the event of each device that is in use
   */
  async close(reason: string): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const session of this.#sessions) {
      session.stop(reason);
    }
    while (this.#used.size > 0) {
      await Promise.all(this.#used.values());
    }
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }

  /** The devices that are exported now. */
  async list(): Promise<DeviceInfo[]> {
    const devices = await this.#options.backend.list();
    return devices.filter((device) => !isHub(device) && this.#options.isExported(device));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const { remoteAddress = '', remotePort = 0 } = socket;
    const client = `${remoteAddress}:${remotePort}`;
    const reader = new ByteReader();
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY);
    socket.on('data', (chunk: Buffer) => {
      if (reader.push(chunk, chunk.length) < chunk.length) {
        socket.destroy();
      }
    });
    socket.on('error', () => {}); // 'close' follows
    const onEnd = () => socket.destroy();
    socket.once('end', onEnd);
    const timer = setTimeout(() => socket.destroy(), REQUEST_TIMEOUT);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      clearTimeout(timer);
    });
    const head = Buffer.alloc(OPERATION_LENGTH);
    const reject = (message: string): void => {
      this.#options.onEvent({ kind: 'rejected', client, message });
      socket.destroy();
    };
    reader.read(head, OPERATION_LENGTH, () => {
      const { version, code } = decodeOperation(head);
      if (version !== VERSION) {
        reject(`protocol version 0x${version.toString(16)} is not supported`);
      } else if (code === OPERATION.listRequest) {
        this.#sendList(socket).catch((error) => {
          this.#options.onEvent({ kind: 'rejected', client, message: messageOf(error) });
          socket.end(encodeOperation(OPERATION.listReply, IMPORT_STATUS.error));
        });
      } else if (code === OPERATION.importRequest) {
        const name = Buffer.alloc(BUS_ID_LENGTH);
        reader.read(name, BUS_ID_LENGTH, () => {
          clearTimeout(timer);
          socket.off('end', onEnd);
          this.#import(socket, reader, client, textOf(name)).catch(() => socket.destroy());
        });
      } else {
        reject(`operation 0x${code.toString(16)} is not supported`);
      }
    });
  }

  async #sendList(socket: Socket): Promise<void> {
    const devices = await this.list();
    const count = Buffer.alloc(COUNT_LENGTH);
    count.writeUInt32BE(devices.length);
    socket.end(
      Buffer.concat([
        encodeOperation(OPERATION.listReply),
        count,
        ...devices.flatMap((device) => [describe(device), interfacesOf(device)]),
      ]),
    );
  }

  async #import(socket: Socket, reader: ByteReader, client: string, path: string): Promise<void> {
    const { detachDriver = false, onEvent } = this.#options;
    const opened = await this.#open(path);
    if ('message' in opened) {
      const { status, message } = opened;
      onEvent({ kind: 'refused', client, path, message });
      socket.end(encodeOperation(OPERATION.importReply, status));
      return;
    }
    const { device, release } = opened;
    if (this.#isClosing) {
      await device.close().catch(() => {}); // it may be gone
      release();
      socket.destroy();
      return;
    }
    const { info } = device;
    socket.write(Buffer.concat([encodeOperation(OPERATION.importReply), describe(info)]));
    const session = new Session(socket, reader, device, detachDriver, {
      onRefusal: (message) => onEvent({ kind: 'refused', client, path, message }),
    });
    this.#sessions.add(session);
    onEvent({ kind: 'imported', client, device: info });
    const result = await session.run();
    this.#sessions.delete(session);
    release();
    onEvent({ kind: 'released', client, device: info, ...result });
  }

  /** Opens a device for one client. Returns why it cannot be opened, if so. */
  async #open(path: string): Promise<Opened | Refused> {
    if (this.#used.has(path)) {
      return IN_USE;
    }
    let onReleased = (): void => {};
    const used = new Promise<void>((resolve) => {
      onReleased = resolve;
    });
    const release = (): void => {
      this.#used.delete(path);
      onReleased();
    };
    this.#used.set(path, used);
    try {
      const info = (await this.list()).find((device) => device.path === path);
      if (info !== undefined) {
        return { device: await this.#options.backend.open(info), release };
      }
      release();
      return { status: IMPORT_STATUS.noDevice, message: 'there is no such device' };
    } catch (error) {
      release();
      const isBusy = error instanceof UsbError && error.code === 'busy';
      const status = isBusy ? IMPORT_STATUS.inUse : IMPORT_STATUS.error;
      return { status, message: messageOf(error) };
    }
  }
}

/** A device that was opened for a client. */
interface Opened {
  readonly device: Device;
  /** Lets others use it. */
  readonly release: () => void;
}

/** Why a device is not opened. */
interface Refused {
  readonly status: number;
  readonly message: string;
}

const IN_USE: Refused = { status: IMPORT_STATUS.inUse, message: 'the device is in use' };

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function describe(info: DeviceInfo): Buffer {
  return encodeDevice({
    path: serverPath(info.path, info.cancelKeepsData),
    busId: info.path,
    bus: info.bus,
    address: info.address,
    speed: speedCode(info.speed),
    vid: info.vid,
    pid: info.pid,
    release: 0,
    deviceClass: info.deviceClass,
    deviceSubClass: info.deviceSubClass,
    deviceProtocol: info.deviceProtocol,
    configurationValue: info.configurationValue ?? 0,
    configurations: info.configurations.length,
    interfaces: classesOfInterfaces(info).length,
  });
}

function interfacesOf(info: DeviceInfo): Buffer {
  const bytes = classesOfInterfaces(info).map((codes) => {
    const one = Buffer.alloc(INTERFACE_LENGTH);
    one.set(codes);
    return one;
  });
  return Buffer.concat(bytes);
}

/** The classes of the interfaces of the active configuration, in the order of their descriptors. */
function classesOfInterfaces(info: DeviceInfo): InterfaceClass[] {
  const settings = activeConfiguration(info)?.settings ?? [];
  return settings
    .filter(({ alternateSetting }) => alternateSetting === 0)
    .map((setting) => [
      setting.interfaceClass,
      setting.interfaceSubClass,
      setting.interfaceProtocol,
    ]);
}
