import type { Command } from 'commander';
import { Option } from 'commander';
import { type OpenDevice, openRecipient, openWhenReady } from '../../../engine/device/open.js';
import type { Sink } from '../../../engine/io/sink.js';
import type { Backend } from '../../../usb/backend.js';
import { type ControlTransfer, directionOfRequest, hostRequestOf } from '../../../usb/control.js';
import { caught, UsbError } from '../../../usb/errors.js';
import type { DeviceFilter, DeviceInfo } from '../../../usb/model.js';
import { adviceOf } from '../../errors/advice.js';
import { CliError } from '../../errors/cli-error.js';
import { parseAttachedValues } from '../../options/attached-value.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../../options/backend.js';
import {
  addFilterOptions,
  addPlaceOptions,
  configurationOption,
  DEVICE_OPERAND,
  waitOption,
  withOperand,
} from '../../options/device.js';
import * as values from '../../options/parsers.js';
import { Notices } from '../../progress/notices.js';
import { openOutput } from '../../session/output.js';
import type { OutputOptions } from '../../session/output-name.js';
import { type ChoiceOptions, chooseDevice } from '../../session/select-device.js';
import {
  type Interruption,
  interruptedBy,
  ShutdownController,
  throwIfInterrupted,
} from '../../session/shutdown.js';
import { countOf } from '../../terminal/format.js';
import { addColorOption } from '../../terminal/style.js';
import { hexBytes, readTransfer } from './request.js';
import { planResponse, reportResponse } from './response.js';

/** The options of `usbxfer control`. */
export interface ControlOptions extends BackendOptions, ChoiceOptions, OutputOptions {
  readonly in?: true;
  readonly out?: true;
  readonly data?: Buffer;
  readonly input?: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly configuration?: number;
  readonly detach?: true;
  readonly hex?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** `usbxfer control` */
export function define(command: Command): void {
  command
    .argument('[device]', DEVICE_OPERAND, deviceOrWord)
    .argument(
      '[request...]',
      'in|out TYPE RECIPIENT REQUEST [VALUE [INDEX [LENGTH|DATA]]]; see usbxfer help requests',
    )
    .usage('[options] [device] <request...>');
  addFilterOptions(command);
  addPlaceOptions(command);
  command
    .addOption(waitOption())
    .optionsGroup('Request:')
    .addOption(new Option('--in', 'device-to-host request').conflicts('out'))
    .option('--out', 'host-to-device request')
    .addOption(
      new Option('--data <hex>', 'data to send, in hexadecimal, such as 0102ff')
        .argParser(hexBytes)
        .conflicts('input'),
    )
    .option('-i, --input <file>', 'file with the data to send; - is stdin')
    .addOption(
      new Option('--timeout <time>', 'how long to wait for the response')
        .argParser(values.duration)
        .default(5000, '5s'),
    )
    .addOption(configurationOption())
    .option('--detach', 'detach the kernel driver during the request')
    .optionsGroup('Output:')
    .option('-o, --output <file>', 'file for the response; - is stdout', '-')
    .option('--force', 'overwrite an existing file')
    .option('--hex', 'write the response as a hex dump')
    .addOption(
      new Option('--json', 'print one JSON object with the response').conflicts(['output', 'hex']),
    )
    .option('-q, --quiet', 'do not warn about short or empty responses');
  addColorOption(command);
  addBackendOptions(command);
  parseAttachedValues(command);
  command.action(control);
}

/** The filter in the first argument; the argument itself if it is a word of the request. */
function deviceOrWord(text: string): readonly DeviceFilter[] | string {
  return values.isDeviceSelector(text) ? [values.deviceSelector(text)] : text;
}

/** @throws CliError if the request is invalid or fails, or its data cannot be read or written */
async function control(
  first: readonly DeviceFilter[] | string | undefined,
  rest: readonly string[],
  given: ControlOptions,
): Promise<void> {
  const words = typeof first === 'string' ? [first, ...rest] : rest;
  const options = withOperand(given, typeof first === 'string' ? undefined : first);
  if (words.length === 0) {
    throw new CliError('missing-argument', "missing required argument 'request'", {
      advice: 'see usbxfer control --help',
    });
  }
  const shutdown = new ShutdownController({ json: options.json ?? false });
  let sink: Sink | undefined;
  try {
    const transfer = await readTransfer(words, options, shutdown);
    const plan = await planResponse(transfer, options);
    const backend = await loadBackend(options);
    const notices = new Notices(options.json ?? options.quiet ?? false);
    const device = await chooseDevice(backend, options, shutdown, notices);
    throwIfInterrupted(shutdown, 'starting');
    sink = plan && (await openOutput(plan, device, shutdown)).sink;
    const recipient = await open(backend, device, transfer, options, shutdown.signal);
    const length = await send(recipient, transfer, options, shutdown);
    const restoreError = await caught(recipient.close());
    await reportResponse({ device, transfer, length }, options, sink);
    if (restoreError !== undefined) {
      throw new CliError('not-restored', restoreError.message, {
        advice: adviceOf(restoreError),
        cause: restoreError,
      });
    }
  } catch (error) {
    await sink?.close().catch(() => {}); // the first failure is the one to report
    throw error;
  } finally {
    shutdown.dispose();
  }
}

/** Opens the recipient of the request. With `--wait`, retries until the device is ready. */
async function open(
  backend: Backend,
  device: DeviceInfo,
  { request }: ControlTransfer,
  { configuration, detach, wait }: ControlOptions,
  signal: AbortSignal,
): Promise<OpenDevice> {
  const claim = { detachDriver: detach };
  const once = () => openRecipient(backend, device, request, claim, configuration);
  return wait === undefined ? once() : openWhenReady(once, signal);
}

/**
 * Sends the request. A signal cancels it. SET_CONFIGURATION may need to detach drivers, and stays in
 * effect after the end.
 *
 * @returns the number of bytes transferred
 * @throws CliError after it has closed the device
 */
async function send(
  { device, close }: OpenDevice,
  { request, data }: ControlTransfer,
  { timeout, detach }: ControlOptions,
  shutdown: Interruption,
): Promise<number> {
  try {
    const change = hostRequestOf(request);
    if (change?.kind === 'set-configuration') {
      const options = { detachDriver: detach, isPermanent: true };
      await device.selectConfiguration(change.value, options);
      return 0;
    }
    const length = await device.control(request, data, timeout, shutdown.signal);
    if (directionOfRequest(request) === 'out' && length < data.length) {
      const accepted = `${length} of ${countOf(data.length, 'byte')}`;
      throw new CliError('request-failed', `the device accepted only ${accepted}`);
    }
    return length;
  } catch (error) {
    await close().catch(() => {}); // the first failure is the one to report
    throw shutdown.signal.reason === error
      ? interruptedBy(shutdown, 'waiting for the response', error)
      : requestFailure(error, timeout);
  }
}

/**
 * Turns a failure of the request itself into a CliError. Returns any other, such as `no-memory`,
 * unchanged.
 *
 * @param timeout that of the request, in milliseconds
 */
function requestFailure(cause: unknown, timeout: number): unknown {
  if (!(cause instanceof UsbError)) {
    return cause;
  }
  switch (cause.code) {
    case 'stall':
      return new CliError(
        'request-stalled',
        'the device does not support this request, or not in its current state',
        { cause },
      );
    case 'timed-out':
      return new CliError(
        'request-timed-out',
        `the device did not respond to the request within ${timeout / 1000} s`,
        { advice: 'wait longer with --timeout', cause },
      );
    case 'no-device':
      return new CliError('device-lost', 'the device was unplugged during the request', { cause });
    case 'io':
    case 'other':
      return new CliError('request-failed', `the request failed: ${cause.message}`, { cause });
    default:
      return cause;
  }
}
