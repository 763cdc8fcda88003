import { isatty } from 'node:tty';
import type { Source } from '../../engine/io/source.js';
import type { TransferObserver } from '../../engine/queue/observer.js';
import { PacketHeaders } from '../../engine/receive/packet-headers.js';
import type { ReceiveOptions } from '../../engine/receive/receiver.js';
import { isTerminal } from '../terminal/foreground.js';
import { STDOUT } from '../terminal/stdio.js';
import type { Output } from './output.js';
import type { OutputPlan } from './output-name.js';

/** The rows of a terminal that is not stdout. */
const DEFAULT_ROWS = 24;

/** An open output, and what a hex dump needs from the stream. */
export interface StreamOutput extends Output {
  readonly observer?: TransferObserver | undefined;
  /** Makes a source wait while much text waits for the output. */
  throttle?(source: Source): Source;
}

/** Turns an output into that of a hex dump of the transfers. Loads it only then. */
export async function dumpTransfers(
  { sink, files }: Output,
  { nameOf, output }: OutputPlan,
  { skip, bytes, stripPacket }: Pick<ReceiveOptions, 'skip' | 'bytes' | 'stripPacket'>,
): Promise<StreamOutput> {
  const { TransferDump } = await import('../dump/transfer-dump.js');
  const { ScreenLimit } = await import('../dump/screen-limit.js');
  const isShown = nameOf === undefined ? isatty(STDOUT) : isTerminal(output);
  const screen = isShown ? new ScreenLimit(rows) : undefined;
  const headers = new PacketHeaders(stripPacket ?? 0);
  const dump = new TransferDump(sink, { skip, bytes, headers, screen });
  return { sink: dump, files, observer: dump, throttle: (source) => dump.throttle(source) };
}

/** `process.stdout` is used for a terminal only: loading it makes a pipe non-blocking. */
function rows(): number {
  return (isatty(STDOUT) ? process.stdout.rows : 0) || DEFAULT_ROWS;
}
