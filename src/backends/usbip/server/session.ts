import type { Socket } from 'node:net';
import type { Device, Endpoint } from '../../../usb/backend.js';
import { endpointAddress } from '../../../usb/model.js';
import type { ByteReader } from '../protocol/byte-reader.js';
import {
  COMMAND,
  commandOf,
  devIdOf,
  encodeSubmitReply,
  encodeUnlinkReply,
  HEAD_LENGTH,
  ISOCHRONOUS_PACKET_LENGTH,
  Submit,
  seqnumOf,
  victimOf,
} from '../protocol/commands.js';
import { STATUS } from '../protocol/status.js';
import { type ControlEnd, ControlPipe } from './control-pipe.js';
import { UsedInterfaces } from './interfaces.js';
import { ReplyWriter } from './reply-writer.js';
import type { Slot } from './served-pipe.js';
import { MAX_MEMORY, ServedTransfers } from './served-transfers.js';
import { CHANGE_TIMEOUT, within } from './within.js';

/** Limits of one transfer: bytes, and isochronous packets. */
const MAX_LENGTH = 16 * 1024 * 1024;
const MAX_PACKETS = 1024;

/** Milliseconds between two checks of the device. */
const CHECK_INTERVAL = 250;

/** Milliseconds for the last replies to reach a client. */
const CLOSE_TIMEOUT = 2000;

/** What a session reports. */
export interface SessionEvents {
  /** Called for what a client asks for in vain, once for each kind. */
  onRefusal(message: string): void;
}

/** How a session ended, and what it moved. */
export interface SessionResult {
  /** Why; undefined if the client ended it. */
  readonly reason: string | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The connection of a client that has imported a device, until it ends. */
export class Session {
  readonly #socket: Socket;
  readonly #reader: ByteReader;
  readonly #writer: ReplyWriter;
  readonly #device: Device;
  readonly #devId: number;
  readonly #events: SessionEvents;
  readonly #interfaces: UsedInterfaces;
  readonly #control: ControlPipe;
  readonly #transfers: ServedTransfers;
  readonly #head = Buffer.alloc(HEAD_LENGTH);
  readonly #submit = new Submit();
  readonly #scratch = Buffer.alloc(64 * 1024);
  readonly #refusals = new Set<string>();
  #incoming: Slot | undefined;
  #change: Promise<unknown> = Promise.resolve();
  #isChanging = false;
  #reason: string | undefined;
  #isEnding = false;
  #timer: NodeJS.Timeout | undefined;
  #onEnd: () => void = () => {};
  #onIdle: () => void = () => {};

  /**
   * @param device opened, and closed at the end
   * @param reader takes the bytes of the socket
   */
  constructor(
    socket: Socket,
    reader: ByteReader,
    device: Device,
    detachDriver: boolean,
    events: SessionEvents,
  ) {
    this.#socket = socket;
    this.#reader = reader;
    this.#writer = new ReplyWriter(socket);
    this.#device = device;
    const { bus, address } = device.info;
    this.#devId = ((bus << 16) | address) >>> 0;
    this.#events = events;
    this.#interfaces = new UsedInterfaces(device, detachDriver);
    this.#transfers = new ServedTransfers(
      this.#writer,
      (address) => this.#openEndpoint(address),
      () => this.#noteIdle(),
    );
    this.#control = new ControlPipe({
      device,
      interfaces: this.#interfaces,
      change: (body) => this.#exclusively(body),
      onEndpointsChange: () => this.#transfers.forgetEndpoints(),
      onEnd: (end) => this.#onControlEnd(end),
    });
  }

  /** Serves the client until it or the device goes, or `stop` is called. Closes the device. */
  async run(): Promise<SessionResult> {
    const closed = this.#socket.destroyed
      ? Promise.resolve()
      : new Promise<void>((resolve) => {
          this.#socket.once('close', () => resolve());
        });
    this.#expectHead();
    this.#timer = setTimeout(this.#check, CHECK_INTERVAL);
    this.#socket.once('end', () => this.#end(undefined));
    this.#socket.once('close', () => this.#end(undefined));
    await new Promise<void>((resolve) => {
      this.#onEnd = resolve;
      if (this.#socket.readableEnded || this.#socket.destroyed) {
        this.#end(undefined);
      }
    });
    clearTimeout(this.#timer);
    await this.#drain();
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT);
    await within(CHANGE_TIMEOUT, this.#release()).catch(() => {}); // it may be gone
    await closed;
    clearTimeout(timer);
    const { bytesIn, bytesOut } = this.#transfers;
    return { reason: this.#reason, bytesIn, bytesOut };
  }

  /** Ends the session: answers what is in flight, with its data, and closes the connection. */
  stop(reason: string): void {
    this.#end(reason);
  }

  #end(reason: string | undefined): void {
    if (!this.#isEnding) {
      this.#isEnding = true;
      this.#reason = reason;
      if (this.#incoming !== undefined) {
        this.#transfers.forget(this.#incoming);
      }
      this.#discard();
      this.#onEnd();
    }
  }

  /** The commands of a session that ends are not read. */
  readonly #discard = (): void => {
    this.#reader.read(this.#scratch, this.#scratch.length, this.#discard);
  };

  /** Cancels everything, newest first, and waits until nothing is in flight. */
  async #drain(): Promise<void> {
    this.#control.cancelAll();
    this.#transfers.cancelAll();
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await within(CHANGE_TIMEOUT, this.#change).catch(() => {});
  }

  async #release(): Promise<void> {
    await this.#interfaces.releaseAll();
    await this.#device.close();
  }

  readonly #check = async (): Promise<void> => {
    const loss = this.#isChanging ? undefined : await this.#device.loss();
    if (loss !== undefined && !this.#isChanging) {
      this.#end(loss === 'reset' ? 'another process reset the device' : `the device was ${loss}`);
    }
    if (!this.#isEnding) {
      this.#timer = setTimeout(this.#check, CHECK_INTERVAL);
    }
  };

  #expectHead(): void {
    this.#reader.read(this.#head, HEAD_LENGTH, this.#onHead);
  }

  readonly #onHead = (): void => {
    if (devIdOf(this.#head) !== this.#devId) {
      this.#end('the client addressed another device');
      return;
    }
    switch (commandOf(this.#head)) {
      case COMMAND.submit:
        this.#onSubmit();
        break;
      case COMMAND.unlink:
        this.#onUnlink();
        this.#expectHead();
        break;
      default:
        this.#end('the client sent an unknown command');
    }
  };

  #onSubmit(): void {
    const submit = this.#submit;
    submit.decode(this.#head);
    const { seqnum, isIn, endpoint, length, packets } = submit;
    const address = endpointAddress(endpoint, isIn ? 'in' : 'out');
    if (length > MAX_LENGTH || packets > MAX_PACKETS || endpoint > 15) {
      this.#end(
        `the client asked for ${length} bytes in ${packets} packets of endpoint ${endpoint}`,
      );
    } else if (this.#transfers.has(seqnum)) {
      this.#end('the client used a sequence number twice');
    } else if (packets > 0) {
      this.#refuse('isochronous transfers are not supported');
      const data = (isIn ? 0 : length) + packets * ISOCHRONOUS_PACKET_LENGTH;
      this.#skip(data, () => this.#reject(seqnum, STATUS.invalid, packets));
    } else if (endpoint === 0) {
      this.#onControl();
    } else if (!this.#transfers.allows(address, length)) {
      this.#refuse(`the transfers of the client need more than ${MAX_MEMORY} bytes`);
      this.#skip(isIn ? 0 : length, () => this.#reject(seqnum, STATUS.noMemory));
    } else {
      this.#onTransfer(address);
    }
  }

  #onTransfer(address: number): void {
    const { seqnum, isIn, length } = this.#submit;
    const slot = this.#transfers.take(seqnum, address, length);
    if (isIn || length === 0) {
      slot.pipe.submit(slot);
      this.#expectHead();
    } else {
      this.#incoming = slot;
      this.#reader.read(slot.buffer, length, this.#onData);
    }
  }

  readonly #onData = (): void => {
    const slot = this.#incoming;
    this.#incoming = undefined;
    slot?.pipe.submit(slot);
    this.#expectHead();
  };

  #onControl(): void {
    const { seqnum, isIn, setup } = this.#submit;
    const own = Buffer.from(setup);
    const length = isIn ? 0 : this.#submit.length;
    if (length > 0xffff) {
      this.#end(`the client sent a control request with ${length} bytes`);
      return;
    }
    const data = isIn ? undefined : Buffer.alloc(length);
    const submit = (): void => {
      if (!this.#control.submit(seqnum, own, data)) {
        this.#reject(seqnum, STATUS.noMemory);
      }
      this.#expectHead();
    };
    if (data === undefined || length === 0) {
      submit();
    } else {
      this.#reader.read(data, length, submit);
    }
  }

  #onUnlink(): void {
    const seqnum = seqnumOf(this.#head);
    const victim = victimOf(this.#head);
    if (!this.#transfers.cancel(victim, seqnum) && !this.#control.cancel(victim, seqnum)) {
      this.#writer.write(encodeUnlinkReply(seqnum, STATUS.ok));
    }
  }

  /** Reads data that is not wanted, and continues with the next command. */
  #skip(length: number, then: () => void): void {
    if (length === 0) {
      then();
      this.#expectHead();
      return;
    }
    const size = Math.min(length, this.#scratch.length);
    this.#reader.read(this.#scratch, size, () => this.#skip(length - size, then));
  }

  #reject(seqnum: number, status: number, packets = 0): void {
    const head = Buffer.alloc(HEAD_LENGTH + packets * ISOCHRONOUS_PACKET_LENGTH);
    encodeSubmitReply(head, seqnum, status, 0, packets);
    this.#writer.write(head);
  }

  #refuse(message: string): void {
    if (!this.#refusals.has(message)) {
      this.#refusals.add(message);
      this.#events.onRefusal(message);
    }
  }

  #openEndpoint(address: number): Promise<Endpoint> {
    return this.#exclusively(() => this.#interfaces.endpoint(address)).catch((error) => {
      this.#refuse(error instanceof Error ? error.message : String(error));
      throw error;
    });
  }

  #onControlEnd({ seqnum, status, actualLength, data, isIn, unlinkSeqnum }: ControlEnd): void {
    const head = Buffer.alloc(HEAD_LENGTH);
    encodeSubmitReply(head, seqnum, status, actualLength);
    this.#writer.write(head);
    if (isIn && actualLength > 0) {
      this.#writer.write(data.subarray(0, actualLength));
    }
    if (unlinkSeqnum !== 0) {
      this.#writer.write(encodeUnlinkReply(unlinkSeqnum, STATUS.ok));
    }
    this.#noteIdle();
  }

  get #inFlight(): number {
    return this.#transfers.inFlight + this.#control.inFlight;
  }

  #noteIdle(): void {
    if (this.#isEnding && this.#inFlight === 0) {
      this.#onIdle();
    }
  }

  /** Runs a change of the state of the device after those before it. */
  #exclusively<T>(body: () => Promise<T>): Promise<T> {
    const result = this.#change.then(async () => {
      this.#isChanging = true;
      try {
        return await body();
      } finally {
        this.#isChanging = false;
      }
    });
    this.#change = result.catch(() => {});
    return result;
  }
}
