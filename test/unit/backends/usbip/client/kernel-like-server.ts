import { descriptorBytes } from '../../../../../src/backends/simulation/gadget/descriptors.js';
import {
  COMMAND,
  commandOf,
  encodeSubmitReply,
  encodeUnlinkReply,
  HEAD_LENGTH,
  Submit,
  seqnumOf,
  victimOf,
} from '../../../../../src/backends/usbip/protocol/commands.js';
import {
  type ExportedDevice,
  encodeDevice,
  encodeOperation,
} from '../../../../../src/backends/usbip/protocol/operations.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { type Peer, PeerServer } from '../peer.js';

const DEVICE_DESCRIPTOR = 18;

/** The device that the server exports: an interrupt EP 0x84, and bulk EPs 0x82 and 0x02. */
export const EXPORTED: ExportedDevice = {
  ...{ path: '/sys/devices/pci0000:00/usb1/1-1', busId: '1-1', bus: 1, address: 5, speed: 3 },
  ...{ vid: 0x1234, pid: 0x5678, release: 0, deviceClass: 0, deviceSubClass: 0, deviceProtocol: 0 },
  ...{ configurationValue: 1, configurations: 1, interfaces: 1 },
};

const INFO = deviceInfo({
  manufacturer: undefined,
  product: 'thing',
  serial: 'S1',
  usbVersion: 0x0200,
  configurations: [
    {
      value: 1,
      settings: [
        {
          ...{ interfaceNumber: 0, alternateSetting: 0 },
          ...{ interfaceClass: 255, interfaceSubClass: 0, interfaceProtocol: 0 },
          endpoints: [
            { address: 0x82, type: 'bulk', maxPacketSize: 512 },
            { address: 0x02, type: 'bulk', maxPacketSize: 512 },
            { address: 0x84, type: 'interrupt', maxPacketSize: 64 },
          ],
        },
      ],
    },
  ],
});

/** A command other than a control request: a test answers it. */
export interface Command {
  readonly kind: 'submit' | 'unlink';
  readonly seqnum: number;
  /** The transfer that an unlink cancels. */
  readonly victim: number;
  readonly length: number;
  readonly endpoint: number;
  readonly head: Buffer;
  readonly data: Buffer;
}

/** What a test makes the server do differently. */
interface Behaviour {
  /** The devices of the list, by its number from 0. */
  readonly list?: (index: number) => readonly ExportedDevice[];
  /** bConfigurationValue before SET_CONFIGURATION. */
  readonly configuration?: number;
  /** Answers a command other than a control request. */
  readonly onCommand?: (peer: Peer, command: Command) => void;
}

/** A server that behaves as the kernel's: it lists a device unless it is in use, and keeps no data. */
export class KernelLikeServer {
  readonly #behaviour: Behaviour;
  readonly #server: PeerServer;
  #configuration: number;
  #lists = 0;
  #imports = 0;
  isUsed = false;
  /** The control requests in hexadecimal, without those for descriptors. */
  readonly requests: string[] = [];

  constructor(behaviour: Behaviour = {}) {
    this.#behaviour = behaviour;
    this.#configuration = behaviour.configuration ?? 1;
    this.#server = new PeerServer((peer) => this.#serve(peer));
  }

  get failure(): unknown {
    return this.#server.failure;
  }

  get imports(): number {
    return this.#imports;
  }

  listen(): Promise<number> {
    return this.#server.listen();
  }

  close(): void {
    this.#server.close();
  }

  async #serve(peer: Peer): Promise<void> {
    const code = (await peer.read(8)).readUInt16BE(2);
    if (code === 0x8005) {
      this.#sendList(peer);
      return;
    }
    await peer.read(32);
    this.#imports += 1;
    if (this.isUsed) {
      peer.write(encodeOperation(0x0003, 2));
      peer.end();
      return;
    }
    this.isUsed = true;
    peer.socket.once('close', () => {
      this.isUsed = false;
    });
    peer.socket.once('end', () => peer.end());
    const device = { ...EXPORTED, configurationValue: this.#configuration };
    peer.write(encodeOperation(0x0003), encodeDevice(device));
    await this.#answer(peer).catch(() => {}); // the client has closed the connection
  }

  #sendList(peer: Peer): void {
    const free = this.isUsed ? [] : [{ ...EXPORTED, configurationValue: this.#configuration }];
    const devices = this.#behaviour.list?.(this.#lists++) ?? free;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(devices.length);
    const bytes = devices.flatMap((device) => [
      encodeDevice(device),
      Buffer.concat(Array(device.interfaces).fill(Buffer.from([0xff, 1, 2, 0]))),
    ]);
    peer.write(encodeOperation(0x0005), count, ...bytes);
    peer.end();
  }

  async #answer(peer: Peer): Promise<void> {
    for (;;) {
      const head = Buffer.from(await peer.read(HEAD_LENGTH));
      const submit = new Submit();
      submit.decode(head);
      const { isIn, length, endpoint } = submit;
      const isSubmit = commandOf(head) === COMMAND.submit;
      const data = isSubmit && !isIn && length > 0 ? await peer.read(length) : Buffer.alloc(0);
      if (isSubmit && endpoint === 0) {
        this.#control(peer, submit);
        continue;
      }
      const kind = isSubmit ? ('submit' as const) : ('unlink' as const);
      const seqnum = seqnumOf(head);
      const command = { kind, seqnum, victim: victimOf(head), length, endpoint, head, data };
      this.#behaviour.onCommand?.(peer, command);
    }
  }

  #control(peer: Peer, { seqnum, setup, length }: Submit): void {
    const response = this.#respond(setup);
    const data = response?.subarray(0, length);
    reply(peer, seqnum, data === undefined ? -32 : 0, data);
  }

  #respond(setup: Buffer): Buffer | undefined {
    const code = setup.toString('hex', 0, 2);
    const value = setup.readUInt16LE(2);
    if (code !== '8006') {
      this.requests.push(setup.toString('hex'));
    }
    switch (code) {
      case '8006':
        return descriptor(value >> 8, value & 0xff);
      case '8008':
        return Buffer.from([this.#configuration]);
      case '0009':
        this.#configuration = value;
        return Buffer.alloc(0);
      default:
        return setup.readUInt8(0) < 0x80 ? Buffer.alloc(0) : undefined;
    }
  }
}

function descriptor(type: number, index: number): Buffer | undefined {
  const bytes = Buffer.from(descriptorBytes(INFO));
  const strings = ['\u0409', undefined, 'thing', 'S1'];
  const text = strings[index];
  switch (type) {
    case 1:
      return bytes.subarray(0, DEVICE_DESCRIPTOR);
    case 2:
      return bytes.subarray(DEVICE_DESCRIPTOR);
    case 3:
      return text === undefined
        ? undefined
        : Buffer.concat([Buffer.from([2 + 2 * text.length, 3]), Buffer.from(text, 'utf16le')]);
    default:
      return undefined;
  }
}

/** Answers a submit; data only for IN. */
export function reply(
  peer: Peer,
  seqnum: number,
  status: number,
  data: Buffer = Buffer.alloc(0),
): void {
  peer.write(replyHead(seqnum, status, data.length), data);
}

/** The head of an answer to a submit. */
export function replyHead(seqnum: number, status: number, actualLength: number): Buffer {
  const head = Buffer.alloc(HEAD_LENGTH);
  encodeSubmitReply(head, seqnum, status, actualLength);
  return head;
}

/** Answers an unlink. */
export function replyUnlink(peer: Peer, seqnum: number, status: number): void {
  peer.write(encodeUnlinkReply(seqnum, status));
}
