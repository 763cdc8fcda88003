import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabConnection } from './connection.js';
import { Line } from './line.js';

/** Result of a script in the guest. */
export interface GuestResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly code: number;
}

/** Options for running a script in the guest. */
export interface GuestOptions {
  /** Time in milliseconds after which the script and its processes are killed and the call fails. */
  readonly timeoutMs?: number;
}

interface Job {
  readonly done: (code: number) => void;
  readonly failed: (error: Error) => void;
}

/** Sends jobs to the guest's agent. Only one instance may be connected at a time. */
export class Guest {
  readonly #connection: LabConnection;
  readonly #jobs = new Map<string, Job>();
  #line: Promise<Line> | undefined;

  /** @param connection to a running guest; it is opened for the first job */
  constructor(connection: LabConnection) {
    this.#connection = connection;
  }

  /**
   * Runs a bash script in the guest, as root, in the directory of the checkout, without a terminal.
   * Several scripts may run concurrently. Background processes of a script run until the guest exits.
   *
   * After `timeoutMs` (110 s), the script and its processes are killed and the call fails.
   */
  async run(script: string, { timeoutMs = 110_000 }: GuestOptions = {}): Promise<GuestResult> {
    this.#line ??= this.#connect();
    const agent = await this.#line;

    const id = randomUUID();
    const folder = join(this.#connection.share, id);
    await mkdir(folder);
    await writeFile(join(folder, 'command'), script);

    let expired = false;
    // The timer also keeps the process alive; the line does not.
    const timer = setTimeout(() => {
      expired = true;
      agent.send(`kill ${id}`);
    }, timeoutMs);
    try {
      const code = await new Promise<number>((done, failed) => {
        this.#jobs.set(id, { done, failed });
        agent.send(`run ${id}`);
      });
      const stdout = await readFile(join(folder, 'stdout'));
      const stderr = await readFile(join(folder, 'stderr'), 'utf8');
      if (expired) {
        throw new Error(
          `The guest did not finish in ${timeoutMs} ms:\n${script}\n` +
            `stdout: ${stdout.toString('latin1').slice(-2000)}\nstderr: ${stderr.slice(-2000)}`,
        );
      }
      return { stdout, stderr, code };
    } finally {
      clearTimeout(timer);
      this.#jobs.delete(id);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Closes the connection, so that another instance can connect. */
  close(): void {
    this.#line?.then((line) => line.close()).catch(() => {});
  }

  #connect(): Promise<Line> {
    const { socket, consoleLog } = this.#connection;
    return Line.open(
      socket,
      (text) => {
        const [, id = '', code] = /^done (\S+) (\d+)$/.exec(text) ?? [];
        this.#jobs.get(id)?.done(Number(code));
      },
      () => {
        for (const job of this.#jobs.values()) {
          job.failed(new Error(`The guest has gone: ${consoleLog}`));
        }
      },
    );
  }
}
