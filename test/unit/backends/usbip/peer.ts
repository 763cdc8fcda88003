import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** One end of a connection in a test, which sends and receives bytes as it likes. */
export class Peer {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #onChange: () => void = () => {};
  #isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#onChange();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#onChange();
    });
  }

  static async connect(port: number): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    return new Peer(socket);
  }

  /** Resolves to the next bytes; rejects if the connection ends before. */
  async read(length: number): Promise<Buffer> {
    while (this.#received.length < length) {
      if (this.#isClosed) {
        throw new Error(`closed with ${this.#received.length} of ${length} bytes`);
      }
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
    const bytes = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return bytes;
  }

  /** Resolves when the connection has ended, to the bytes that were not read. */
  async closed(): Promise<Buffer> {
    while (!this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
    return this.#received;
  }

  write(...bytes: Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  end(): void {
    this.socket.end();
  }
}

/** A server that handles each connection as a test says. */
export class PeerServer {
  readonly #server: Server;
  readonly #peers: Peer[] = [];
  /** What a handler threw. */
  failure: unknown;

  constructor(onConnect: (peer: Peer, index: number) => unknown) {
    this.#server = createServer((socket) => {
      const peer = new Peer(socket);
      const index = this.#peers.push(peer) - 1;
      Promise.resolve(onConnect(peer, index)).catch((error) => {
        this.failure = error;
        socket.destroy();
      });
    });
  }

  async listen(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): void {
    this.#server.close();
    for (const { socket } of this.#peers) {
      socket.destroy();
    }
  }
}
