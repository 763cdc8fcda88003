import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The built binary. */
export const BINARY = resolve('bin/usbxfer.js');

/** The output and the exit status of a process. */
export interface Outcome {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The exit code; null if a signal killed the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running process. */
export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

const { USBXFER_BACKEND: _, NO_COLOR: _noColor, FORCE_COLOR: _color, ...environment } = process.env;

/** Starts usbxfer, on the virtual bus unless the environment selects another one. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return launch(process.execPath, [BINARY, ...args], env);
}

/** Runs usbxfer on the virtual bus and waits for its end. */
export function usbxfer(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return start(args, env).outcome;
}

/**
 * Runs a bash script in which `usbxfer` is the real binary.
 *
 * @param descriptors open files, for the script to use as 3, 4, …
 */
export function shell(script: string, ...descriptors: number[]): Promise<Outcome> {
  const command = `usbxfer() { '${process.execPath}' '${BINARY}' "$@"; }\n${script}`;
  return launch('bash', ['-c', command], {}, descriptors).outcome;
}

/** Resolves when a process has written this many bytes to stdout. */
export function received({ child }: Running, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let sum = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      sum += chunk.length;
      if (sum >= bytes) {
        resolve();
      }
    });
  });
}

/** Resolves when the process handles SIGHUP, which Node itself does not. Only on Linux. */
export async function listening({ child }: Pick<Running, 'child'>): Promise<void> {
  const caught = () =>
    /^SigCgt:.*[13579bdf]$/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
  while (!caught()) {
    await sleep(20);
  }
}

/** Resolves when a process has opened a file. Only on Linux. */
export async function opened({ child }: Pick<Running, 'child'>, file: string): Promise<void> {
  const folder = `/proc/${child.pid}/fd`;
  const isOpen = () =>
    readdirSync(folder).some((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`) === file;
      } catch {
        return false; // it was open during the listing only
      }
    });
  while (!isOpen()) {
    await sleep(20);
  }
}

function launch(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  descriptors: readonly number[] = [],
): Running {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    env: { ...environment, USBXFER_BACKEND: 'virtual', ...env },
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
        code,
        signal,
      });
    });
  });
  return { child, outcome };
}
