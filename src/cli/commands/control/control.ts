import type { Command } from 'commander';
import { type OpenRecipient, openRecipient, openWhenReady } from '../../../engine/device/open.js';
import type { Sink } from '../../../engine/io/sink.js';
import type { Backend, DeviceInfo } from '../../../usb/backend.js';
import { type ControlTransfer, directionOfRequest } from '../../../usb/control.js';
import { toError, UsbError } from '../../../usb/errors.js';
import { InvalidArgumentError } from '../../commander.js';
import { identityRecord } from '../../devices/record.js';
import { adviceOf } from '../../errors/advice.js';
import { CliError } from '../../errors/cli-error.js';
import { loadBackend } from '../../options/backend.js';
import { addControlOptions, type ControlOptions } from '../../options/control.js';
import { Notices } from '../../progress/notices.js';
import { openOutput } from '../../session/output.js';
import { chooseDevice } from '../../session/select-device.js';
import { ShutdownController } from '../../session/shutdown.js';
import { countOf, hexDump } from '../../terminal/format.js';
import { sanitize, toJson } from '../../terminal/sanitize.js';
import { logToStderr, print } from '../../terminal/stdio.js';
import { parseRequest, readRequestData, requestRecord } from './request.js';
import { planResponse, writeResponse } from './response.js';

/** `usbxfer control` */
export function define(command: Command): void {
  addControlOptions(command);
  command.action(control);
}

/** @throws CliError when the request is wrong or fails, or its data cannot be had or written */
async function control(words: readonly string[], options: ControlOptions): Promise<void> {
  const message = await messageOf(words, options);
  const plan = await planResponse(message, options);
  const backend = await loadBackend(options);
  const interruption = new ShutdownController(options.json);
  let sink: Sink | undefined;
  try {
    const notices = new Notices(options.json ?? options.quiet ?? false);
    const device = await chooseDevice(backend, options, interruption, notices);
    sink = plan && (await openOutput(plan, device, interruption)).sink;
    const recipient = await open(backend, device, message, options, interruption.signal);
    const moved = await exchange(recipient, message, options.timeout);
    const restoreError = await recipient.close().then(() => undefined, toError);
    await tell(device, message, moved, options, sink);
    if (restoreError !== undefined) {
      throw new CliError('not-restored', restoreError.message, {
        advice: adviceOf(restoreError),
        cause: restoreError,
      });
    }
  } catch (error) {
    await sink?.close().catch(() => {}); // the first failure is the one to tell
    throw error;
  } finally {
    interruption.dispose();
  }
}

/** @throws CliError for words that mean no request, and for data that does not go with it */
async function messageOf(
  words: readonly string[],
  { in: isIn, out, data, input }: ControlOptions,
): Promise<ControlTransfer> {
  const given = words.flatMap((word) => word.trim().split(/\s+/)); // in quotes, as for --before
  const message = readWords(isIn ? ['in', ...given] : out ? ['out', ...given] : given);
  if (data === undefined && input === undefined) {
    return message;
  }
  if (directionOfRequest(message.request) === 'in') {
    throw new CliError('conflicting-options', '--data and -i are for an OUT request', {
      advice: 'an IN request sends no data',
    });
  }
  if (message.data.length > 0) {
    throw new CliError('conflicting-options', 'the request has data already', {
      advice: 'give it once: behind the index, with --data or with -i',
    });
  }
  return { ...message, data: data ?? (await readRequestData(input ?? '-')) };
}

function readWords(words: readonly string[]): ControlTransfer {
  try {
    return parseRequest(words);
  } catch (cause) {
    if (cause instanceof InvalidArgumentError) {
      const text = `'${sanitize(words.join(' '))}' is no request: ${cause.message}`;
      throw new CliError('invalid-value', text, { advice: 'see usbxfer help requests', cause });
    }
    throw cause;
  }
}

/** @param signal ends the patience with a device that has just appeared */
async function open(
  backend: Backend,
  device: DeviceInfo,
  { request }: ControlTransfer,
  { detach, wait }: ControlOptions,
  signal: AbortSignal,
): Promise<OpenRecipient> {
  const once = () => openRecipient(backend, device, request, { detachDriver: detach });
  return await (wait === undefined ? once() : openWhenReady(once, signal));
}

/**
 * @returns the bytes that were moved
 * @throws CliError, when the device is closed again
 */
async function exchange(
  { device, close }: OpenRecipient,
  { request, data }: ControlTransfer,
  timeout: number,
): Promise<number> {
  try {
    const moved = await device.control(request, data, timeout);
    if (directionOfRequest(request) === 'out' && moved < data.length) {
      const taken = `${moved} of ${countOf(data.length, 'byte')}`;
      throw new CliError('request-failed', `the device took only ${taken}`);
    }
    return moved;
  } catch (error) {
    await close().catch(() => {}); // the first failure is the one to tell
    throw requestFailure(error, timeout);
  }
}

/** The answer, if there is one, on its way; of one that is short, a word. */
async function tell(
  device: DeviceInfo,
  message: ControlTransfer,
  moved: number,
  { json, hex, quiet }: ControlOptions,
  sink: Sink | undefined,
): Promise<void> {
  const isIn = directionOfRequest(message.request) === 'in';
  const bytes = message.data.subarray(0, moved);
  if (json) {
    print(
      toJson({
        schema: 'usbxfer.control/1',
        device: identityRecord(device),
        request: requestRecord(message),
        bytes: moved,
        data: bytes.toString('hex'),
      }),
    );
    return;
  }
  if (isIn && moved < message.data.length && !quiet) {
    const asked = countOf(message.data.length, 'byte');
    logToStderr(`usbxfer: the device answered with ${moved} of ${asked}`);
  }
  const dump = hex ? hexDump(bytes).join('\n') : '';
  if (sink !== undefined) {
    await writeResponse(sink, hex ? Buffer.from(dump === '' ? '' : `${dump}\n`) : bytes);
  } else if (dump !== '') {
    print(dump);
  }
}

/**
 * What a failure of `Device.control` is to a person; what is none of a request's own, such as a want
 * of memory, stays as it is.
 *
 * @param timeout what the request was given, in milliseconds
 */
export function requestFailure(cause: unknown, timeout: number): unknown {
  if (!(cause instanceof UsbError)) {
    return cause;
  }
  switch (cause.code) {
    case 'stall':
      return new CliError(
        'request-stalled',
        'the device does not support this request, or not now',
        { cause },
      );
    case 'timed-out':
      return new CliError(
        'request-timed-out',
        `the device did not answer the request within ${timeout / 1000} s`,
        { advice: '--timeout gives it more time', cause },
      );
    case 'no-device':
      return new CliError('device-lost', 'the device vanished during the request', { cause });
    case 'io':
    case 'other':
      return new CliError('request-failed', `the request failed: ${cause.message}`, { cause });
    default:
      return cause;
  }
}
