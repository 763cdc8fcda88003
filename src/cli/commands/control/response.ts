import { isatty } from 'node:tty';
import { isReaderGone, type Sink } from '../../../engine/io/sink.js';
import { type ControlTransfer, directionOfRequest } from '../../../usb/control.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { identityRecord } from '../../devices/record.js';
import { hexDumpLines } from '../../dump/hex-dump.js';
import { CliError, systemReason } from '../../errors/cli-error.js';
import { type OutputPlan, planOutput } from '../../session/output-name.js';
import { countOf } from '../../terminal/format.js';
import { toJson } from '../../terminal/sanitize.js';
import { logToStderr, print, STDOUT } from '../../terminal/stdio.js';
import type { ControlOptions } from './control.js';
import { requestRecord } from './request.js';

/**
 * Plans the output for the response. Returns undefined if there is no response, or it is printed as
 * text.
 *
 * @throws CliError if the options do not fit the request, or binary data would go to a terminal
 */
export async function planResponse(
  { request, data }: ControlTransfer,
  options: ControlOptions,
): Promise<OutputPlan | undefined> {
  const plan = planOutput(options, ['overwrite']);
  const toStdout = plan.nameOf === undefined;
  if (directionOfRequest(request) === 'out') {
    if (!toStdout || options.hex) {
      throw new CliError('conflicting-options', '-o and --hex need an IN request', {
        advice: 'an OUT request has no response',
      });
    }
    return undefined;
  }
  if (options.json || (toStdout && (options.hex || data.length === 0))) {
    return undefined;
  }
  if (toStdout && isatty(STDOUT)) {
    throw new CliError('stdout-is-terminal', 'will not write binary data to a terminal', {
      advice: 'print it with --hex, redirect stdout (> reply.bin) or give -o FILE',
    });
  }
  return plan;
}

/** A request that succeeded. */
interface CompletedRequest {
  readonly device: DeviceInfo;
  readonly transfer: ControlTransfer;
  /** Bytes transferred. */
  readonly length: number;
}

/**
 * Prints the result, or writes the response to the sink. Warns about a short response, and about an
 * IN request for no data.
 *
 * @throws CliError if the sink fails
 */
export async function reportResponse(
  { device, transfer, length }: CompletedRequest,
  { json, hex, quiet }: ControlOptions,
  sink: Sink | undefined,
): Promise<void> {
  const bytes = transfer.data.subarray(0, length);
  if (json) {
    print(
      toJson({
        schema: 'usbxfer.control/1',
        device: identityRecord(device),
        request: requestRecord(transfer),
        bytes: length,
        data: bytes.toString('hex'),
      }),
    );
    return;
  }
  if (length < transfer.data.length && !quiet) {
    const requested = countOf(transfer.data.length, 'byte');
    logToStderr(`usbxfer: the device responded with only ${length} of ${requested}`);
  } else if (
    transfer.data.length === 0 &&
    directionOfRequest(transfer.request) === 'in' &&
    !quiet
  ) {
    logToStderr(
      'usbxfer: the request succeeded; its length is 0, so the device sent no data; ' +
        'to read data, give LENGTH after the index, such as 64',
    );
  }
  const dump = hex ? hexDumpLines(bytes).join('\n') : '';
  if (sink !== undefined) {
    await writeResponse(sink, hex ? Buffer.from(dump === '' ? '' : `${dump}\n`) : bytes);
  } else if (dump !== '') {
    print(dump);
  }
}

/** Writes the response and closes the sink. A reader that closes the pipe early is no failure. */
async function writeResponse(sink: Sink, bytes: Buffer): Promise<void> {
  try {
    await sink.start();
    if (bytes.length > 0) {
      await new Promise<void>((resolve, reject) => {
        sink.write([bytes], (error) => (error ? reject(error) : resolve()));
      });
    }
    await sink.close();
  } catch (cause) {
    if (!isReaderGone(cause)) {
      const message = `the output failed: ${systemReason(cause)}; the response is lost`;
      throw new CliError('output-failed', message, { cause });
    }
  }
}
