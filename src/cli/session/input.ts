import { InputError } from '../../engine/io/errors.js';
import { inheritedSource, openSource } from '../../engine/io/open-source.js';
import type { Source } from '../../engine/io/source.js';
import { fileAdvice } from '../errors/advice.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { sanitize } from '../terminal/sanitize.js';
import { STDIN } from '../terminal/stdio.js';
import { type Interruption, interruptedBy } from './shutdown.js';
import { isStdinClosed, STDIN_NAMES } from './startup-fds.js';

/** The file to read, and how many of its first bytes to skip. */
export interface InputOptions {
  /** A name; `-` is stdin. */
  readonly input: string;
  readonly skip?: number | undefined;
  /** Whether the command line has the name as an argument, not as that of -i. */
  readonly isArgument?: boolean;
}

/** An open input. */
export interface Input {
  readonly source: Source;
  /** The name of the file; undefined for stdin. */
  readonly name: string | undefined;
}

/**
 * Opens an input and skips its first bytes.
 *
 * @param shutdown ends the wait for the bytes to skip
 * @throws CliError if stdin is closed, if the file cannot be opened or is too short, or at a signal
 */
export async function openInput(
  { input, skip, isArgument = false }: InputOptions,
  shutdown: Interruption,
): Promise<Input> {
  if (input === '') {
    throw new CliError(
      'invalid-value',
      isArgument ? 'the name of the file is empty' : '-i needs a file name',
      { advice: '- is stdin' },
    );
  }
  const name = STDIN_NAMES.has(input) ? undefined : input;
  if (name === undefined && isStdinClosed()) {
    throw new CliError('stdin-closed', 'stdin is closed', {
      advice: isArgument
        ? 'redirect it (< FILE) or name a file'
        : 'redirect it (< firmware.bin) or give -i FILE',
    });
  }
  const options = { skip, signal: shutdown.signal };
  try {
    const source =
      name === undefined ? await inheritedSource(STDIN, options) : await openSource(name, options);
    return { source, name };
  } catch (error) {
    const shown = name === undefined ? 'stdin' : sanitize(name);
    throw cannotRead(shown, error, shutdown, 'skipping bytes of');
  }
}

/**
 * The failure to read an input.
 *
 * @param doing what a signal interrupted, before the name
 */
export function cannotRead(
  name: string,
  cause: unknown,
  shutdown: Interruption,
  doing: string,
): CliError {
  const message = `cannot read ${name}`;
  if (cause instanceof InputError) {
    const advice = fileAdvice(cause.remedies);
    return new CliError('input-failed', `${message}: ${cause.message}`, { advice, cause });
  }
  return (
    interruptedBy(shutdown, `${doing} ${name}`, cause) ??
    new CliError('input-failed', `${message}: ${systemReason(cause)}`, { cause })
  );
}
