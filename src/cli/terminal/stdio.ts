import { closeSync, constants, fstatSync, statSync } from 'node:fs';
import { isatty } from 'node:tty';
import { fdInfo, reopenNonBlocking } from '../../engine/io/nonblocking-fd.js';
import { isReaderGone } from '../../engine/io/sink.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import type { LiveLine } from './live-line.js';
import { NonBlockingWriter } from './nonblocking-writer.js';

/** The standard file descriptors. */
export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;

/** How long to wait at the end until stderr has accepted everything, in milliseconds. */
const FLUSH_TIMEOUT = 1000;

let stderr: NonBlockingWriter | undefined;
let liveLine: LiveLine | undefined;
let isStdoutNeeded = false;
const printed: Promise<void>[] = [];

/**
 * Prints the result of a command on stdout.
 *
 * @param needed whether it is a failure if stdout is closed; false if the exit code is the result
 */
export function print(text: string, needed = true): void {
  const { stdout } = process;
  isStdoutNeeded ||= needed;
  if (printed.length === 0) {
    stdout.on('error', () => {}); // the callback reports it
  }
  const written = new Promise<void>((resolve, reject) => {
    stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
  });
  written.catch(() => {}); // `flushStdout` reports it
  printed.push(written);
}

/**
 * Waits until everything printed has been written. A reader that closes the pipe early is no failure.
 *
 * @throws CliError if stdout failed
 */
export async function flushStdout(): Promise<void> {
  if (isStdoutNeeded) {
    requireStdout();
  }
  try {
    await Promise.all(printed);
  } catch (cause) {
    if (!isReaderGone(cause)) {
      throw stdoutFailed(cause);
    }
  }
}

/** The error for text that stdout did not accept. */
export function stdoutFailed(cause: unknown): CliError {
  const message = `cannot write to stdout: ${systemReason(cause)}`;
  return new CliError('output-failed', message, { cause });
}

/** @throws CliError if stdout is closed */
export function requireStdout(
  advice = 'redirect it (> FILE); > /dev/null discards the output, if it is open for writing only',
): void {
  if (isStdoutClosed()) {
    throw new CliError('stdout-closed', 'stdout is closed', { advice });
  }
}

const ACCESS_MODE = constants.O_RDONLY | constants.O_WRONLY | constants.O_RDWR;

/**
 * Whether stdout was closed at the start (`>&-`). Node then opens /dev/null in its place for reading
 * and writing; `> /dev/null` is open for writing only. A parent that passes such a descriptor (Python's
 * DEVNULL, `stdio: 'ignore'` of Node) looks exactly the same in fstat(2) and in /proc, so the advice
 * names it, too.
 */
export function isStdoutClosed(): boolean {
  return isNullDevice(STDOUT, constants.O_RDWR);
}

/** Whether a descriptor is /dev/null, opened in this mode. False on other systems than Linux. */
export function isNullDevice(fd: number, mode: number): boolean {
  try {
    return accessMode(fd) === mode && fstatSync(fd).rdev === statSync('/dev/null').rdev;
  } catch {
    return false;
  }
}

/**
 * The access mode of a descriptor: O_RDONLY, O_WRONLY or O_RDWR; undefined outside Linux.
 *
 * @param process the ID of another process that has it
 */
export function accessMode(fd: number, process?: string): number | undefined {
  const info = fdInfo(fd, process);
  return info && info.flags & ACCESS_MODE;
}

/** Prints a line for the user on stderr. Never waits and never fails. */
export function logToStderr(text: string): void {
  liveLine?.erase();
  stderrWriter().put(`${text}\n`);
}

/** The writer of stderr. */
export function stderrWriter(): NonBlockingWriter {
  stderr ??= new NonBlockingWriter(nonBlockingOutput(STDERR));
  return stderr;
}

/** Sets the live line that `logToStderr` erases before it prints; undefined for none. */
export function setLiveLine(shown: LiveLine | undefined): void {
  liveLine = shown;
}

/** Waits briefly until stderr has accepted everything. The process may end after that. */
export async function flushStderr(): Promise<void> {
  await stderr?.drained(FLUSH_TIMEOUT);
}

/**
 * Closes the descriptors of a terminal that has gone. Node aborts at exit if it cannot restore the
 * settings of a terminal.
 */
export function releaseLostTerminals(): void {
  for (const fd of [STDIN, STDOUT, STDERR]) {
    try {
      // isatty() is false for a terminal that has gone. Other devices need not stay open either.
      if (fstatSync(fd).isCharacterDevice() && !isatty(fd)) {
        closeSync(fd);
      }
    } catch {
      // It is closed already.
    }
  }
}

/**
 * Returns a descriptor that writes to the same file as `fd` without blocking: `fd` itself for a regular
 * file, which is always ready; a descriptor of its own where the file can be opened again; otherwise
 * `fd`, which Node makes non-blocking if it can.
 */
export function nonBlockingOutput(fd: number): number {
  try {
    // A regular file that is opened again would be written from its beginning.
    return fstatSync(fd).isFile() ? fd : reopenNonBlocking(fd, constants.O_WRONLY);
  } catch {
    makeNonBlocking(fd);
    return fd;
  }
}

/** Lets Node make a pipe or a socket non-blocking. Node restores stdout and stderr at exit. */
function makeNonBlocking(fd: number): void {
  const ignore = (): void => {};
  if (fd === STDOUT) {
    process.stdout.on('error', ignore);
  } else if (fd === STDERR) {
    process.stderr.on('error', ignore);
  } else {
    // Loaded only here: most descriptors can be opened again.
    const { Socket } = process.getBuiltinModule('node:net');
    try {
      new Socket({ fd, readable: false, writable: true }).on('error', ignore).unref();
    } catch {
      // Neither a pipe nor a socket: it never blocks.
    }
  }
}
