import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** The serial line to the guest's agent, as lines of text. It does not keep the process alive. */
export class Line {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.unref();
  }

  /** Connects to the socket at `path`; listeners receive the line from its first byte. */
  static async open(
    path: string,
    onLine: (line: string) => void,
    onClose: () => void,
  ): Promise<Line> {
    const socket = connect(path);
    createInterface({ input: socket }).on('line', onLine);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    socket.on('error', () => {}).on('close', onClose);
    return new Line(socket);
  }

  send(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }
}
