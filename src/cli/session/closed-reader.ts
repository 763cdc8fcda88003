import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamResult } from '../report/report.js';
import { isStdoutRead } from '../terminal/pipe-reader.js';
import type { ShutdownController } from './shutdown.js';

/** A signal ended the reader, too, if both came within this time, in milliseconds. */
const SAME_EVENT = 1000;

/** How long after the end of the reader to wait for a signal, in milliseconds. */
const SIGNAL_DELAY = 100;

/**
 * How long after a signal to wait for the end of the reader, in milliseconds. On a busy machine, a process
 * takes that long to die.
 */
const READER_DELAY = 500;

/** How often to check for the reader of stdout, in milliseconds. */
const CHECK_INTERVAL = 50;

/** The signal that was received, and when. */
type Interruption = Pick<ShutdownController, 'signal' | 'receivedAt'>;

type HasReader = () => boolean | undefined;

/**
 * Attributes the end of the reader to a signal. Ctrl-C, a closed terminal and a service manager stop all
 * processes of a pipeline: the reader may end before usbxfer receives its signal, or after the last
 * write.
 *
 * @param hasReader returns whether anything reads stdout; undefined if that is not known
 */
export async function explainClosedReader(
  result: StreamResult,
  shutdown: Interruption,
  hasReader: HasReader = isStdoutRead,
): Promise<StreamResult> {
  const { end, in: received } = result;
  const isExplained =
    end.reason === 'reader-closed'
      ? await isInterruptedAt(end.at ?? performance.now(), shutdown)
      : end.reason === 'interrupted' &&
        !end.readerClosed &&
        received !== undefined &&
        received.output === undefined &&
        (await losesReader(shutdown, hasReader));
  return isExplained
    ? { ...result, end: { ...end, reason: 'interrupted', readerClosed: true } }
    : result;
}

/** Whether a signal is received at about this time, in monotonic milliseconds. */
async function isInterruptedAt(at: number, shutdown: Interruption): Promise<boolean> {
  const left = at + SIGNAL_DELAY - performance.now();
  if (left > 0) {
    await sleep(left, undefined, { signal: shutdown.signal }).catch(() => {}); // a signal ends it
  }
  const { receivedAt } = shutdown;
  return receivedAt !== undefined && receivedAt - at <= SAME_EVENT;
}

/** Whether stdout loses its reader at about the time of the signal. */
async function losesReader(
  { receivedAt = 0 }: Interruption,
  hasReader: HasReader,
): Promise<boolean> {
  let reading = hasReader();
  while (reading && performance.now() < receivedAt + READER_DELAY) {
    await sleep(CHECK_INTERVAL);
    reading = hasReader();
  }
  return reading === false;
}
