import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, inject } from 'vitest';
import type { LabConnection } from './connection.js';
import { Line } from './line.js';

export interface GuestResult {
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly code: number;
}

const connection = inject('kernelLab');

/** `describe` for tests that need the guest: skipped where there is none. */
export const describeInLab = describe.skipIf(!connection);

interface Job {
  readonly done: (code: number) => void;
  readonly failed: (error: Error) => void;
}

const jobs = new Map<string, Job>();
let line: Promise<Line> | undefined;

/**
 * Runs a bash script in the guest, as root, in the checkout's folder, without a terminal. Several
 * may run at once. What a script leaves running in the background stays until the guest ends.
 *
 * Past `timeoutMs` (60 s) the script is ended with all that it started, and the call fails.
 */
export async function guest(
  script: string,
  { timeoutMs = 60_000 }: { timeoutMs?: number } = {},
): Promise<GuestResult> {
  if (!connection) throw new Error('The kernel lab is not running; use describeInLab.');
  line ??= connect(connection);
  const agent = await line;

  const id = randomUUID();
  const folder = join(connection.share, id);
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
      jobs.set(id, { done, failed });
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
    jobs.delete(id);
    await rm(folder, { recursive: true, force: true });
  }
}

function connect({ socket, consoleLog }: LabConnection): Promise<Line> {
  return Line.open(
    socket,
    (text) => {
      const [, id = '', code] = /^done (\S+) (\d+)$/.exec(text) ?? [];
      jobs.get(id)?.done(Number(code));
    },
    () => {
      for (const job of jobs.values()) job.failed(new Error(`The guest has gone: ${consoleLog}`));
    },
  );
}
