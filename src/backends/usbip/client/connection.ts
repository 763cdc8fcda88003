import { UsbError } from '../../../usb/errors.js';
import { formatServerAddress, type ServerAddress } from '../../../usb/server-address.js';
import {
  actualLengthOf,
  COMMAND,
  commandOf,
  encodeSubmit,
  encodeUnlink,
  HEAD_LENGTH,
  MAX_TRANSFER_LENGTH,
  seqnumOf,
  statusOf,
} from '../protocol/commands.js';
import type { ExportedDevice } from '../protocol/operations.js';
import { STATUS } from '../protocol/status.js';
import { importDevice } from './operations.js';
import type { Request } from './request.js';
import type { ClientSocket } from './socket.js';

/** The number of cancelled transfers whose late replies are recognized. */
const MAX_LATE = 256;

/** The connection of an imported device. */
export class Connection {
  readonly server: ServerAddress;
  /** The device as the server described it at the import. */
  readonly exported: ExportedDevice;
  /** Milliseconds for every reply that must come. */
  readonly timeout: number;
  readonly #socket: ClientSocket['socket'];
  readonly #reader: ClientSocket['reader'];
  readonly #devId: number;
  readonly #head = Buffer.alloc(HEAD_LENGTH);
  readonly #scratch = Buffer.alloc(64 * 1024);
  readonly #requests = new Map<number, Request>();
  /** The cancelled requests by the sequence number of the cancel. */
  readonly #unlinks = new Map<number, Request>();
  /** The bytes that a late reply may report, by sequence number; negative for a transfer without data in it. */
  readonly #late = new Map<number, number>();
  #seqnum = 0;
  #isCorked = false;
  #patience: NodeJS.Timeout | undefined;
  #failure: UsbError | undefined;
  #reply: { request: Request | undefined; status: number; length: number } = {
    request: undefined,
    status: 0,
    length: 0,
  };
  /** The request whose data is being read. */
  #receiving: Request | undefined;
  readonly #closed: Promise<void>;
  #onClosed: () => void = () => {};

  private constructor(
    server: ServerAddress,
    { socket, reader }: ClientSocket,
    exported: ExportedDevice,
    timeout: number,
  ) {
    this.timeout = timeout;
    this.server = server;
    this.exported = exported;
    this.#socket = socket;
    this.#reader = reader;
    this.#devId = ((exported.bus << 16) | exported.address) >>> 0;
    this.#closed = new Promise((resolve) => {
      this.#onClosed = resolve;
    });
    this.#expectHead();
  }

  /**
   * Imports a device.
   *
   * @param timeout milliseconds for the connection, and for every reply that must come
   * @throws UsbError as `importDevice`
   */
  static async open(server: ServerAddress, busId: string, timeout: number): Promise<Connection> {
    let connection: Connection | undefined;
    const imported = await importDevice(server, busId, timeout, (error) => connection?.end(error));
    connection = new Connection(server, imported, imported.exported, timeout);
    return connection;
  }

  /** Why the connection has ended; undefined while it is open. */
  get failure(): UsbError | undefined {
    return this.#failure;
  }

  /** Whether the server has ended the connection, and no failure of it or of the network. */
  get wasEndedByServer(): boolean {
    return this.#failure !== undefined && this.#failure.cause === undefined;
  }

  /** Whether the connection keeps the process alive. */
  set isHeld(isHeld: boolean) {
    if (isHeld) {
      this.#socket.ref();
    } else {
      this.#socket.unref();
    }
  }

  /**
   * Submits a request with its buffer and length.
   *
   * @param setup the setup packet of a control request
   * @throws UsbError `no-device` after the connection has ended; `not-supported` for more bytes than a
   *   server can be trusted with
   */
  submit(request: Request, setup?: Buffer): void {
    this.check();
    const { head, length, isIn, endpoint, interval, buffer } = request;
    if (length > MAX_TRANSFER_LENGTH) {
      const text = `a transfer over USB/IP moves at most ${MAX_TRANSFER_LENGTH} bytes, not ${length}`;
      throw new UsbError('not-supported', text, {
        remedy: { kind: 'use-shorter-transfers', bytes: MAX_TRANSFER_LENGTH },
      });
    }
    request.seqnum = this.#nextSeqnum();
    request.unlinkSeqnum = 0;
    this.#requests.set(request.seqnum, request);
    encodeSubmit(head, request.seqnum, this.#devId, isIn, endpoint, length, interval, setup);
    this.#cork();
    this.#socket.write(head);
    if (!isIn && length > 0) {
      this.#socket.write(length === buffer.length ? buffer : buffer.subarray(0, length));
    }
  }

  /** Cancels a request that is in flight. Its reply still comes. */
  cancel(request: Request): void {
    if (request.seqnum === 0 || request.isCancelled || this.#failure !== undefined) {
      return;
    }
    const seqnum = this.#nextSeqnum();
    request.unlinkSeqnum = seqnum;
    this.#unlinks.set(seqnum, request);
    this.#patience ??= setTimeout(this.#onSilence, this.timeout);
    this.#cork();
    this.#socket.write(encodeUnlink(seqnum, this.#devId, request.seqnum));
  }

  /** @throws UsbError `no-device` after the connection has ended */
  check(): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  /** Ends the connection. Resolves when the server has ended it, too. */
  close(): Promise<void> {
    if (this.#failure === undefined) {
      this.#failure = new UsbError('no-device', 'the connection was closed');
      this.#socket.end();
      this.#discard();
      this.#patience ??= setTimeout(() => this.#socket.destroy(), this.timeout);
    }
    return this.#closed;
  }

  readonly #discard = (): void => {
    this.#reader.read(this.#scratch, this.#scratch.length, this.#discard);
  };

  /** Completes everything in flight, with the bytes that have arrived: the connection has ended. */
  end(cause: Error | undefined): void {
    clearTimeout(this.#patience);
    const { busId } = this.exported;
    const why = cause === undefined ? 'the server closed the connection' : cause.message;
    this.#failure ??= new UsbError(
      'no-device',
      `the device at ${busId} of ${formatServerAddress(this.server)} is gone: ${why}`,
      { cause },
    );
    const received = this.#reply.length - this.#reader.missing;
    this.#reader.stop();
    this.#unlinks.clear();
    const requests = [...this.#requests.values()];
    this.#requests.clear();
    for (const request of requests) {
      this.#complete(request, STATUS.noDevice, request === this.#receiving ? received : 0);
    }
    this.#onClosed();
  }

  /** Several writes in one turn of the event loop leave together. */
  #cork(): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
  }

  readonly #uncork = (): void => {
    this.#isCorked = false;
    this.#socket.uncork();
  };

  #nextSeqnum(): number {
    this.#seqnum = this.#seqnum === 0xffff_ffff ? 1 : this.#seqnum + 1;
    return this.#seqnum;
  }

  readonly #onSilence = (): void => {
    this.#fail(`it did not answer a cancel for ${this.timeout / 1000} s`);
  };

  #fail(why: string): void {
    this.#socket.destroy(new Error(why));
  }

  #expectHead(): void {
    this.#reader.read(this.#head, HEAD_LENGTH, this.#onHead);
  }

  readonly #onHead = (): void => {
    switch (commandOf(this.#head)) {
      case COMMAND.submitReply:
        this.#onSubmitReply();
        break;
      case COMMAND.unlinkReply:
        this.#onUnlinkReply();
        break;
      default:
        this.#fail('the server sent an unknown command');
    }
  };

  #onSubmitReply(): void {
    const seqnum = seqnumOf(this.#head);
    const length = actualLengthOf(this.#head);
    const request = this.#requests.get(seqnum);
    const late = this.#late.get(seqnum);
    const room = request?.length ?? late;
    if (room === undefined || length > Math.abs(room)) {
      this.#fail(
        room === undefined
          ? 'the server answered a transfer that is not in flight'
          : 'the server sent more than was requested',
      );
      return;
    }
    this.#late.delete(seqnum);
    this.#reply.request = request;
    this.#reply.status = statusOf(this.#head);
    this.#reply.length = length;
    if (length === 0 || !(request?.isIn ?? room > 0)) {
      this.#onReply();
    } else if (request === undefined) {
      this.#skip(length);
    } else {
      this.#receiving = request;
      this.#reader.read(request.buffer, length, this.#onReply);
    }
  }

  readonly #onReply = (): void => {
    const { request, status, length } = this.#reply;
    this.#receiving = undefined;
    this.#expectHead();
    if (request !== undefined) {
      this.#requests.delete(request.seqnum);
      this.#complete(request, status, length);
    }
  };

  /** Drops the data of a late reply. */
  #skip(length: number): void {
    const size = Math.min(length, this.#scratch.length);
    this.#reader.read(this.#scratch, size, () =>
      length > size ? this.#skip(length - size) : this.#expectHead(),
    );
  }

  /**
   * Completes a cancelled request. A server may report a cancel that came too late before the reply to the
   * request, which is recognized then.
   */
  #onUnlinkReply(): void {
    const seqnum = seqnumOf(this.#head);
    const request = this.#unlinks.get(seqnum);
    this.#unlinks.delete(seqnum);
    this.#expectHead();
    if (request === undefined || !request.isCancelled || request.seqnum === 0) {
      return;
    }
    this.#requests.delete(request.seqnum);
    if (this.#late.size === MAX_LATE) {
      const [oldest = 0] = this.#late.keys();
      this.#late.delete(oldest);
    }
    this.#late.set(request.seqnum, request.isIn ? request.length : -request.length);
    this.#complete(request, STATUS.unlinked, 0);
  }

  #complete(request: Request, status: number, length: number): void {
    if (request.isCancelled) {
      this.#noteAnswer(request);
    }
    request.seqnum = 0;
    request.onReply(status, length);
  }

  /** Notes that a cancelled request is answered. The next one has the whole time again. */
  #noteAnswer(request: Request): void {
    this.#unlinks.delete(request.unlinkSeqnum);
    clearTimeout(this.#patience);
    this.#patience =
      this.#unlinks.size === 0 || this.#failure !== undefined
        ? undefined
        : setTimeout(this.#onSilence, this.timeout);
  }
}
