import { spawn } from 'node:child_process';
import { OutputError } from './errors.js';

/** The maximum number of characters of the message of fallocate(1) to keep. */
const MAX_MESSAGE = 200;

/**
 * Reserves disk space for bytes that will be written to a regular file. The length of the file stays as
 * it is: truncating the file to its length releases what was not used. Node has no such operation, so
 * this runs fallocate(1) of util-linux, which reserves real blocks or fails.
 *
 * @param fd the open file; its owner must be allowed to open it again for reading and writing
 * @param offset where the bytes will begin
 * @throws OutputError `cannot-reserve`; a part may then be reserved
 */
export async function reserveSpace(fd: number, offset: number, bytes: number): Promise<void> {
  const child = spawn(
    'fallocate',
    ['--keep-size', '--offset', String(offset), '--length', String(bytes), '/dev/fd/3'],
    // A session of its own, so that Ctrl-C ends only this process.
    { stdio: ['ignore', 'ignore', 'pipe', fd], detached: true },
  );
  let message = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    message = (message + text).slice(0, MAX_MESSAGE);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) => reject(unavailable(cause)));
    child.once('close', resolve);
  });
  if (code !== 0) {
    const [line = ''] = message.split('\n');
    const reason = line.replace(/^.*: /, '') || 'fallocate failed';
    throw new OutputError('cannot-reserve', `cannot reserve ${bytes} bytes: ${reason}`, [
      'reserve-nothing',
    ]);
  }
}

function unavailable(cause: Error): OutputError {
  const message = 'cannot reserve space: the program fallocate (of util-linux) is not available';
  return new OutputError('cannot-reserve', message, ['reserve-nothing'], { cause });
}
