import { expect, vi } from 'vitest';
import { EXIT } from '../../src/cli/errors/codes.js';
import { main } from '../../src/cli/main.js';
import { FORGED } from './hostile-strings.js';

/** What a command prints. */
interface Printed {
  stdout: string;
  stderr: string;
}

const terminal = vi.hoisted(() => ({
  printed: { stdout: '', stderr: '' },
  columns: undefined as number | undefined,
}));

vi.mock('../../src/cli/terminal/stdio.js', async (original) => ({
  ...(await original<typeof import('../../src/cli/terminal/stdio.js')>()),
  print: (text: string) => {
    terminal.printed.stdout += `${text}\n`;
  },
  logToStderr: (text: string) => {
    terminal.printed.stderr += `${text}\n`;
  },
  flushStdout: async () => {},
  flushStderr: async () => {},
  releaseLostTerminals: () => {},
  nonBlockingOutput: (fd: number) => fd,
}));

vi.mock('../../src/cli/terminal/nonblocking-writer.js', () => ({
  NonBlockingWriter: class {
    readonly isEmpty = true;
    put(text: string) {
      terminal.printed.stdout += text;
    }
    async finish() {}
  },
}));

vi.mock('node:tty', async (original) => ({
  ...(await original<typeof import('node:tty')>()),
  isatty: () => terminal.columns !== undefined,
}));

vi.stubEnv('NO_COLOR', '1');

/** What a command printed, and its exit code. */
interface Result extends Printed {
  readonly exitCode: number;
}

/**
 * Runs a command in this process, without colour.
 *
 * @param columns the width of the terminal; undefined for a pipe
 */
export async function runCommand(args: readonly string[], columns?: number): Promise<Result> {
  terminal.printed = { stdout: '', stderr: '' };
  terminal.columns = columns;
  Object.defineProperty(process.stdout, 'columns', { value: columns, configurable: true });
  await main(['node', 'usbxfer', ...args]);
  const exitCode = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { ...terminal.printed, exitCode };
}

/** Everything that a terminal may act on. A line feed ends a line. */
const UNSAFE = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Checks that a command did not fail internally, and that no device controls the terminal. */
export function expectSafe({ stdout, stderr, exitCode }: Result): void {
  expect(exitCode, stderr).not.toBe(EXIT.internal);
  expectSafeText(stdout);
  expectSafeText(stderr);
}

/** Checks that a text has nothing that a terminal acts on, and no line that a device forged. */
export function expectSafeText(text: string): void {
  const [character] = UNSAFE.exec(text) ?? [];
  expect(character?.codePointAt(0)?.toString(16), text).toBeUndefined();
  expect(text.split('\n').find((line) => line.startsWith(FORGED))).toBeUndefined();
}
