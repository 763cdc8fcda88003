import type { Command } from 'commander';
import { Option } from 'commander';
import type { OpenDevice } from '../../../engine/device/open.js';
import type { Sink } from '../../../engine/io/sink.js';
import { DEFAULT_CONTROL_TIMEOUT } from '../../../engine/session/defaults.js';
import type { ControlTransfer } from '../../../usb/control.js';
import { caught } from '../../../usb/errors.js';
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
  waitNewOption,
  waitOption,
  withOperand,
} from '../../options/device.js';
import * as values from '../../options/parsers.js';
import { Notices } from '../../progress/notices.js';
import type { ControlRecord } from '../../record/control-record.js';
import { openOutput } from '../../session/output.js';
import type { OutputOptions, OutputPlan } from '../../session/output-name.js';
import { type ChoiceOptions, chooseDevice } from '../../session/select-device.js';
import {
  type Interruption,
  ShutdownController,
  throwIfInterrupted,
  unlessInterrupted,
} from '../../session/shutdown.js';
import { addColorOption } from '../../terminal/style.js';
import { exchange, openFor } from './exchange.js';
import { hexBytes, readTransfer } from './request.js';
import { planResponse, reportResponse } from './response.js';

/** The options of `usbxfer control`. */
export interface ControlOptions extends BackendOptions, ChoiceOptions, OutputOptions {
  readonly in?: true;
  readonly out?: true;
  readonly data?: Buffer;
  readonly input?: string;
  /** The name of a file with requests; `-` is stdin. */
  readonly script?: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly configuration?: number;
  readonly detach?: true;
  readonly hex?: true;
  readonly json?: true;
  readonly quiet?: true;
  readonly record?: string;
}

/** `usbxfer control` */
export function define(command: Command): void {
  command
    .argument('[device]', DEVICE_OPERAND, deviceOrWord)
    .argument(
      '[request...]',
      'in|out TYPE RECIPIENT REQUEST [VALUE [INDEX [LENGTH|DATA]]]; see usbxfer help requests',
    )
    .usage('[options] [device] <request...>|--script <file>');
  addFilterOptions(command);
  addPlaceOptions(command);
  command
    .addOption(waitOption())
    .addOption(waitNewOption())
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
      new Option('--script <file>', 'send the requests in a file; - is stdin').conflicts([
        ...['in', 'out', 'data', 'input'],
      ]),
    )
    .addOption(
      new Option('--timeout <time>', 'how long to wait for the response')
        .argParser(values.duration)
        .default(DEFAULT_CONTROL_TIMEOUT, '5s'),
    )
    .addOption(configurationOption())
    .option('--detach', 'detach the kernel driver during the request')
    .optionsGroup('Output:')
    .option('-o, --output <file>', 'file for the response; - is stdout', '-')
    .option('--force', 'overwrite an existing file')
    .option('--hex', 'write the response as a hex dump')
    .option('--record <file>', 'record every request in a pcapng file, for Wireshark')
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
  checkWords(words, options);
  const shutdown = new ShutdownController({ json: options.json ?? false });
  let sink: Sink | undefined;
  let record: ControlRecord | undefined;
  try {
    const job = await prepare(words, options, shutdown);
    const bus = await unlessInterrupted(shutdown, 'starting', (signal) =>
      loadBackend(options, signal),
    );
    const notices = new Notices(options.json ?? options.quiet ?? false);
    const device = await chooseDevice(bus, options, shutdown, notices);
    throwIfInterrupted(shutdown, 'starting');
    record = await openRecord(options, job, device, shutdown);
    const backend = record?.backend(bus) ?? bus;
    sink = job.output && (await openOutput(job.output, device, shutdown)).sink;
    const opened = await openFor(job.transfers, backend, device, options, shutdown.signal);
    await runAndClose(opened, () => job.run(opened, device, sink));
    await record?.close();
  } catch (error) {
    await sink?.close().catch(() => {}); // the first failure is the one to report
    await record?.close().catch(() => {});
    throw error;
  } finally {
    shutdown.dispose();
  }
}

/**
 * Opens the file of `--record`, if it is given.
 *
 * @throws CliError if it cannot be opened, or has the response
 */
async function openRecord(
  { record, force, input, json, hex }: ControlOptions,
  { output }: Job,
  device: DeviceInfo,
  shutdown: Interruption,
): Promise<ControlRecord | undefined> {
  if (record === undefined) {
    return undefined;
  }
  const { ControlRecord } = await import('../../record/control-record.js');
  const data = { input, output: output?.output ?? (json || hex ? '-' : undefined) };
  return ControlRecord.open({ record, force, output: data.output }, device, data, shutdown);
}

/** @throws CliError without a request, or with one in addition to a script */
function checkWords(words: readonly string[], { script }: ControlOptions): void {
  if (words.length === 0 && script === undefined) {
    throw new CliError('missing-argument', "missing required argument 'request'", {
      advice: 'see usbxfer control --help',
    });
  }
  if (words.length > 0 && script !== undefined) {
    throw new CliError('conflicting-options', '--script and a request cannot be used together', {
      advice: 'put the request into the script',
    });
  }
}

type Report = () => Promise<void>;

/** What to send, and what to do with the responses. */
interface Job {
  readonly transfers: readonly ControlTransfer[];
  /** Where the responses go; undefined if there are none, or they are printed as text. */
  readonly output: OutputPlan | undefined;
  /** Sends the requests. Returns what remains to be reported when the device is closed. */
  run(opened: OpenDevice, info: DeviceInfo, sink: Sink | undefined): Promise<Report>;
}

/** Reads and checks everything that is needed before a device is opened. */
async function prepare(
  words: readonly string[],
  options: ControlOptions,
  shutdown: Interruption,
): Promise<Job> {
  if (options.script !== undefined) {
    const { readScript } = await import('./script.js');
    const { planResponses, runScript } = await import('./run-script.js');
    const script = await readScript(options.script, shutdown);
    const requests = script.steps.filter((step) => step.kind === 'request');
    return {
      transfers: requests.map(({ transfer }) => transfer),
      output: planResponses(script, options),
      run: async ({ device }, info, sink) => {
        await runScript(script, { device, info }, options, shutdown, sink);
        return async () => {};
      },
    };
  }
  const transfer = await readTransfer(words, options, shutdown);
  return {
    transfers: [transfer],
    output: await planResponse(transfer, options),
    run: async (opened, device, sink) => {
      const length = await exchange(opened.device, transfer, options, shutdown);
      return () => reportResponse({ device, transfer, length }, options, sink);
    },
  };
}

/**
 * Runs a job, closes the device in any case, and reports the result.
 *
 * @throws CliError of the job, or if the device could not be restored
 */
async function runAndClose(opened: OpenDevice, run: () => Promise<Report>): Promise<void> {
  let report: Report;
  try {
    report = await run();
  } catch (error) {
    await caught(opened.close()); // the first failure is the one to report
    throw error;
  }
  const restoreError = await caught(opened.close());
  await report();
  if (restoreError !== undefined) {
    throw new CliError('not-restored', restoreError.message, {
      advice: adviceOf(restoreError),
      cause: restoreError,
    });
  }
}
