import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabConnection } from './connection.js';
import { Line } from './line.js';

/** What a script in the guest left. */
export interface GuestResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly code: number;
}

/** How to run a script in the guest. */
export interface GuestOptions {
  /** When to end the script with all that it started, and to fail. */
  readonly timeoutMs?: number;
}

interface Job {
  readonly done: (code: number) => void;
  readonly failed: (error: Error) => void;
}

/** Gives jobs to the guest's agent. One at a time may be connected. */
export class Guest {
  readonly #connection: LabConnection;
  readonly #jobs = new Map<string, Job>();
  #line: Promise<Line> | undefined;

  /** @param connection to a running guest; used from the first job on */
  constructor(connection: LabConnection) {
    this.#connection = connection;
  }

  /**
   * Runs a bash script in the guest, as root, in the checkout's folder, without a terminal. Several
   * may run at once. What a script leaves running in the background stays until the guest ends.
   *
   * Past `timeoutMs` (60 s) the script is ended with all that it started, and the call fails.
   */
  async run(script: string, { timeoutMs = 60_000 }: GuestOptions = {}): Promise<GuestResult> {
    this.#line ??= this.#connect();
    const agent = await this.#line;

    const id = randomUUID();
    const folder = join(this.#connection.share, id);
    await mkdir(folder);
    await writeFile(join(folder, 'command'), script);

    let expired = false;
    // The timer also keeps the process alive, which the line does not.
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
