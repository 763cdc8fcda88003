import { InputError } from '../../engine/io/errors.js';
import { inheritedSource, openSource } from '../../engine/io/open-source.js';
import type { Source } from '../../engine/io/source.js';
import { fileAdvice } from '../errors/advice.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { sanitize } from '../terminal/sanitize.js';
import { STDIN } from '../terminal/stdio.js';
import type { ShutdownController } from './shutdown.js';
import { isStdinClosed, STDIN_NAMES } from './startup-fds.js';

/** Where the data comes from. */
export interface InputOptions {
  readonly input: string;
  /** Bytes at its beginning to pass over. */
  readonly skip?: number;
}

/** An input that is open. */
export interface Input {
  readonly source: Source;
  /** The name of the file; undefined for stdin. */
  readonly name: string | undefined;
}

/**
 * Opens what `-i` names, `-` being stdin, behind what is to be skipped.
 *
 * @param interruption ends the wait for what is to be skipped
 * @throws CliError when stdin is closed, when the file cannot be had or has fewer bytes than are to be
 *   skipped, and when a signal came meanwhile
 */
export async function openInput(
  { input, skip }: InputOptions,
  interruption: Pick<ShutdownController, 'signal' | 'received'>,
): Promise<Input> {
  if (input === '') {
    throw new CliError('invalid-value', '-i needs the name of a file', { advice: '- is stdin' });
  }
  const name = STDIN_NAMES.has(input) ? undefined : input;
  if (name === undefined && isStdinClosed()) {
    throw new CliError('stdin-closed', 'stdin is closed', {
      advice: 'redirect it (< firmware.bin) or give -i FILE',
    });
  }
  const options = { skip, signal: interruption.signal };
  try {
    const source =
      name === undefined ? await inheritedSource(STDIN, options) : await openSource(name, options);
    return { source, name };
  } catch (error) {
    throw refusal(name === undefined ? 'stdin' : sanitize(name), error, interruption.received);
  }
}

/** Why an input cannot be had. */
function refusal(name: string, cause: unknown, received: NodeJS.Signals | undefined): CliError {
  if (cause instanceof InputError) {
    const { message } = cause;
    const advice = fileAdvice(cause.remedies);
    return new CliError('input-failed', `cannot read ${name}: ${message}`, { advice, cause });
  }
  if (received !== undefined) {
    const message = `${received} while skipping bytes of ${name}`;
    return new CliError('interrupted', message, { signal: received, cause });
  }
  return new CliError('input-failed', `cannot read ${name}: ${systemReason(cause)}`, { cause });
}
