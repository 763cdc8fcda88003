import { isatty } from 'node:tty';
import type { Sink } from '../../../engine/io/sink.js';
import { type ControlTransfer, directionOfRequest } from '../../../usb/control.js';
import { toError } from '../../../usb/errors.js';
import { CliError, systemReason } from '../../errors/cli-error.js';
import type { ControlOptions } from '../../options/control.js';
import { type OutputPlan, planOutput } from '../../session/output-name.js';
import { STDOUT } from '../../terminal/stdio.js';

/**
 * What to open for the answer to a request; undefined where there is none, or where it is printed as
 * text.
 *
 * @throws CliError when the options do not fit the request, and for binary data to a terminal
 */
export async function planResponse(
  { request, data }: ControlTransfer,
  options: ControlOptions,
): Promise<OutputPlan | undefined> {
  const plan = await planOutput(options);
  const toStdout = plan.nameOf === undefined;
  if (directionOfRequest(request) === 'out') {
    if (!toStdout || options.hex) {
      throw new CliError('conflicting-options', '-o and --hex are for an answer', {
        advice: 'an OUT request has none',
      });
    }
    return undefined;
  }
  if (options.json || (toStdout && (options.hex || data.length === 0))) {
    return undefined;
  }
  if (toStdout && isatty(STDOUT)) {
    throw new CliError('stdout-is-terminal', 'will not write binary data to a terminal', {
      advice: 'show it with --hex, redirect stdout (> reply.bin) or give -o FILE',
    });
  }
  return { ...plan, lacks: ['append'] };
}

/**
 * Writes all of an answer and closes its sink. A reader that closed early has had enough.
 *
 * @throws CliError when it was not taken
 */
export async function writeResponse(sink: Sink, bytes: Buffer): Promise<void> {
  try {
    await sink.start();
    if (bytes.length > 0) {
      await new Promise<void>((resolve, reject) => {
        sink.write([bytes], (error) => (error ? reject(error) : resolve()));
      });
    }
    await sink.close();
  } catch (cause) {
    if ((toError(cause) as NodeJS.ErrnoException).code !== 'EPIPE') {
      const message = `the output failed: ${systemReason(cause)}; the answer is lost`;
      throw new CliError('output-failed', message, { cause });
    }
  }
}
