import { createReadStream } from 'node:fs';
import { LARGEST_CONTROL_DATA } from '../usb/control-request.js';
import { CliError } from './cli-error.js';
import { sanitize } from './sanitize.js';
import { systemReason } from './system-reason.js';

/**
 * The data of a request, all that is in a file; `-` is stdin.
 *
 * @throws CliError when the file cannot be read, and when it has more than a request can carry
 */
export async function readRequestData(file: string): Promise<Buffer> {
  const name = file === '-' ? 'stdin' : sanitize(file);
  const stream: AsyncIterable<Buffer> = file === '-' ? process.stdin : createReadStream(file);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LARGEST_CONTROL_DATA) {
        break;
      }
    }
  } catch (cause) {
    throw new CliError('input-failed', `cannot read ${name}: ${systemReason(cause)}`, { cause });
  }
  if (length > LARGEST_CONTROL_DATA) {
    throw new CliError(
      'invalid-value',
      `${name} has more than the ${LARGEST_CONTROL_DATA} bytes that a request can carry`,
    );
  }
  return Buffer.concat(chunks);
}
