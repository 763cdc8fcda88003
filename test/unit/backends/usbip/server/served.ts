import { onTestFinished } from 'vitest';
import {
  COMMAND,
  commandOf,
  encodeSubmit,
  encodeUnlink,
  HEAD_LENGTH,
  seqnumOf,
  statusOf,
} from '../../../../../src/backends/usbip/protocol/commands.js';
import {
  decodeDevice,
  encodeImport,
} from '../../../../../src/backends/usbip/protocol/operations.js';
import { type ServerEvent, UsbipServer } from '../../../../../src/backends/usbip/server/server.js';
import { VirtualBackend } from '../../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../../src/backends/virtual/scenario.js';
import { hostRequestOf } from '../../../../../src/usb/control.js';
import { Peer } from '../peer.js';

/** A reply of the server. */
interface Reply {
  readonly command: number;
  readonly seqnum: number;
  readonly status: number;
  readonly data: Buffer;
}

/** A vendor request that the virtual device does not answer. */
const UNANSWERED = { requestType: 0xc0, request: 3, value: 0, index: 0 };

/** A virtual bus with its server, and a client that sends whatever a test wants. */
export class Served {
  readonly bus: VirtualBackend;
  readonly server: UsbipServer;
  readonly events: ServerEvent[];

  private constructor(bus: VirtualBackend, server: UsbipServer, events: ServerEvent[]) {
    this.bus = bus;
    this.server = server;
    this.events = events;
  }

  static async start(scenario = ''): Promise<Served> {
    const bus = new VirtualBackend({ scenario: parseScenario(scenario) });
    const events: ServerEvent[] = [];
    const options = {
      backend: bus,
      isExported: () => true,
      onEvent: (event: ServerEvent) => events.push(event),
    };
    const server = await UsbipServer.listen(options, '127.0.0.1', 0);
    onTestFinished(() => server.close('the test is over'));
    return new Served(bus, server, events);
  }

  get kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  connect(): Promise<Peer> {
    return Peer.connect(this.server.port);
  }

  /** Imports a device. */
  async import(path = '1-1'): Promise<Client> {
    const peer = await this.connect();
    peer.write(encodeImport(path));
    const status = (await peer.read(8)).readUInt32BE(4);
    if (status !== 0) {
      throw new Error(`import status ${status}`);
    }
    const { bus, address } = decodeDevice(await peer.read(312));
    return new Client(peer, (bus << 16) | address);
  }

  /** Imports a device that answers no control request. Its interface is claimed. */
  async importSilent(): Promise<Client> {
    const open = this.bus.open.bind(this.bus);
    this.bus.open = async (info) => {
      const device = await open(info);
      const control = device.control.bind(device);
      device.control = (request, data, _timeout, signal) =>
        hostRequestOf(request) === undefined
          ? control(UNANSWERED, data, Number.POSITIVE_INFINITY, signal)
          : new Promise(() => {});
      return device;
    };
    const client = await this.import();
    client.submit(100, 0, 0, '010b000000000000'); // a claim, which does not need the device
    await client.reply();
    return client;
  }

  /** Resolves when there are this many events. */
  async happened(count: number): Promise<void> {
    while (this.events.length < count) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** A client that has imported a device. */
export class Client {
  readonly peer: Peer;
  readonly devId: number;
  readonly #isIn = new Map<number, boolean>();

  constructor(peer: Peer, devId: number) {
    this.peer = peer;
    this.devId = devId;
  }

  /** Submits a transfer, or a control request with its setup packet in hexadecimal. */
  submit(seqnum: number, address: number, data: Buffer | number, setup = ''): void {
    const isIn = address >= 0x80;
    const length = typeof data === 'number' ? data : data.length;
    const head = Buffer.alloc(HEAD_LENGTH);
    const packet = Buffer.from(setup.padEnd(16, '0'), 'hex');
    encodeSubmit(head, seqnum, this.devId, isIn, address & 0x0f, length, 0, packet);
    this.#isIn.set(seqnum, isIn);
    this.peer.write(head, ...(typeof data === 'number' ? [] : [data]));
  }

  unlink(seqnum: number, victim: number): void {
    this.peer.write(encodeUnlink(seqnum, this.devId, victim));
  }

  async reply(): Promise<Reply> {
    const head = await this.peer.read(HEAD_LENGTH);
    const [command, seqnum, status] = [commandOf(head), seqnumOf(head), statusOf(head)];
    const hasData = command === COMMAND.submitReply && this.#isIn.get(seqnum) === true;
    const length = hasData ? head.readUInt32BE(24) : 0;
    return { command, seqnum, status, data: Buffer.from(await this.peer.read(length)) };
  }
}
