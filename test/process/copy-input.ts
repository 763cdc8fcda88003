/*
 * Copies an input to stdout, by the input of usbxfer; input.test.ts bundles it:
 *
 *     node copy-input.js OPTIONS [BYTES [SIZE]]
 *
 * OPTIONS are those of openInput, as JSON. Reads at most BYTES, in reads of SIZE, then closes the
 * input and lets Node exit by itself. Without BYTES it reads to the end.
 */
import { writeSync } from 'node:fs';
import { CliError } from '../../src/cli/errors/cli-error.js';
import { exitCodeOf } from '../../src/cli/errors/codes.js';
import { openInput } from '../../src/cli/session/input.js';
import { ShutdownController } from '../../src/cli/session/shutdown.js';
import type { Source } from '../../src/engine/io/source.js';

const [, , options = '{}', bytes = 'Infinity', size = '65536'] = process.argv;
const interruption = new ShutdownController();
const { signal } = interruption;
try {
  const { source, name } = await openInput(JSON.parse(options), interruption);
  writeSync(2, `open: ${name} has ${source.size}\n`);
  const outcome = await new Promise<string>((resolve) => copy(source, resolve));
  writeSync(2, `${outcome}\n`);
  await source.close();
} catch (error) {
  if (!(error instanceof CliError)) {
    throw error;
  }
  writeSync(2, `${error.code}: ${error.message}; ${error.advice}\n`);
  process.exitCode = exitCodeOf(error.code, error.signal);
}
interruption.dispose();

function copy(source: Source, resolve: (outcome: string) => void): void {
  const buffer = Buffer.alloc(Number(size));
  let left = Number(bytes);
  const next = (): void => {
    if (left === 0) {
      resolve('enough');
    } else {
      source.read(buffer, 0, Math.min(left, buffer.length), done);
    }
  };
  const done = (error: NodeJS.ErrnoException | undefined, read: number): void => {
    if (error !== undefined || read === 0) {
      resolve(error === undefined ? 'end' : `failed: ${error.code}`);
    } else {
      writeAll(buffer.subarray(0, read));
      left -= read;
      next();
    }
  };
  signal.addEventListener('abort', () => resolve('stopped'));
  next();
}

function writeAll(piece: Buffer): void {
  for (let at = 0; at < piece.length; ) {
    at += writeSync(1, piece, at);
  }
}
