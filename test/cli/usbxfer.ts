import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The real binary, as built. */
export const BINARY = fileURLToPath(new URL('../../bin/usbxfer.js', import.meta.url));

/** What a process left behind. */
export interface Outcome {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The exit code, or null when a signal killed it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

const { USBXFER_BACKEND: _, NO_COLOR: _noColor, FORCE_COLOR: _color, ...environment } = process.env;

/** Starts usbxfer on the virtual bus, unless the environment says otherwise. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return launch(process.execPath, [BINARY, ...args], env);
}

/** Runs usbxfer on the virtual bus to its end. */
export function usbxfer(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return start(args, env).outcome;
}

/** Runs a bash script in which `usbxfer` is the real binary. */
export function shell(script: string): Promise<Outcome> {
  const command = `usbxfer() { '${process.execPath}' '${BINARY}' "$@"; }\n${script}`;
  return launch('bash', ['-c', command], {}).outcome;
}

function launch(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, USBXFER_BACKEND: 'virtual', ...env },
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
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
