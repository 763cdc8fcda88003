/*
 * Copies an input to stdout, by the input of the built usbxfer:
 *
 *     node copy-input.mjs OPTIONS [BYTES [SIZE]]
 *
 * OPTIONS are those of openInput, as JSON. Reads so many bytes at the most, in reads of SIZE, then
 * closes the input, and leaves it to Node when the process exits. Without BYTES as many as there are.
 */
import { writeSync } from 'node:fs';
import { exitCodeOf } from '../../dist/cli/errors/codes.js';
import { openInput } from '../../dist/cli/session/input.js';
import { Interruption } from '../../dist/cli/session/shutdown.js';

const [, , options = '{}', bytes = 'Infinity', size = '65536'] = process.argv;
const interruption = new Interruption();
const { signal } = interruption;
try {
  const { source, name } = await openInput(JSON.parse(options), interruption);
  writeSync(2, `open: ${name} has ${source.size}\n`);
  const outcome = await new Promise((resolve) => copy(source, resolve));
  writeSync(2, `${outcome}\n`);
  await source.close();
} catch (error) {
  writeSync(2, `${error.code}: ${error.message}; ${error.advice}\n`);
  process.exitCode = exitCodeOf(error.code, error.signal);
}
interruption.dispose();

function copy(source, resolve) {
  const buffer = Buffer.alloc(Number(size));
  let left = Number(bytes);
  const next = () => {
    if (left === 0) {
      resolve('enough');
    } else {
      source.read(buffer, 0, Math.min(left, buffer.length), done);
    }
  };
  const done = (error, read) => {
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

function writeAll(piece) {
  for (let at = 0; at < piece.length; ) {
    at += writeSync(1, piece, at);
  }
}
