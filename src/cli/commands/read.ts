import { Command, Option } from 'commander';
import { capture } from '../../transfer/capture.js';
import { waitForDevice } from '../../transfer/wait-for-device.js';
import type { Backend, DeviceInfo } from '../../usb/backend.js';
import { type EndpointLocation, locateBulkIn } from '../../usb/locate-endpoint.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../backends.js';
import { CliError, exitCodeOfEnd, exitCodeOfSignal } from '../exit-code.js';
import { Notices } from '../notices.js';
import { openOutput } from '../output.js';
import { toJson } from '../sanitize.js';
import {
  addFilterOptions,
  addPlaceOptions,
  type FilterOptions,
  filterDevices,
  selectDevice,
} from '../selection.js';
import { Interruption } from '../signals.js';
import { say } from '../stdio.js';
import { describeFailure, type Report, summaryRecord, summaryText } from '../summary.js';
import * as values from '../values.js';

interface ReadOptions extends BackendOptions, FilterOptions {
  readonly ep?: number;
  readonly interface?: number;
  readonly alt?: number;
  readonly transfers: number;
  readonly transferSize: number;
  readonly timeout?: number;
  readonly bytes?: number;
  readonly skip?: number;
  readonly count?: number;
  readonly untilShort?: true;
  readonly duration?: number;
  readonly idleTimeout?: number;
  readonly keepGoing?: number;
  readonly reconnect?: number;
  readonly wait?: number;
  readonly output: string;
  readonly force?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** `usbxfer read` */
export function readCommand(): Command {
  const command = new Command('read').description('stream a bulk IN endpoint to stdout or a file');
  addFilterOptions(command);
  addPlaceOptions(command);
  command
    .optionsGroup('Endpoint:')
    .option('--ep <address>', 'endpoint: 0x82, 82 or 2; by default the only one', values.inEndpoint)
    .option('--interface <n>', 'interface number', values.byte)
    .option('--alt <n>', 'alternate setting', values.byte)
    .optionsGroup('Transfers:')
    .option('--transfers <n>', 'transfers kept in flight', values.transferCount, 16)
    .option('--transfer-size <size>', 'bytes in each (256KiB)', values.transferSize, 256 * 1024)
    .option(
      '--timeout <time>',
      'cancel, keep and renew a transfer that waits longer',
      values.duration,
    )
    .optionsGroup('Limits:')
    .option('--bytes <size>', 'end after so many bytes', values.size)
    .option('--skip <size>', 'throw away so many bytes first', values.size)
    .option('--count <n>', 'end after so many transfers with data', values.count)
    .option('--until-short', 'end with the first short or empty packet: one message')
    .option('--duration <time>', 'end after so long', values.duration)
    .option('--idle-timeout <time>', 'end when nothing has come for so long', values.duration)
    .optionsGroup('Failures:')
    .addOption(
      new Option('--keep-going [n]', 'go on after a stall or error, up to n in a row (16)')
        .argParser(values.count)
        .preset('16'),
    )
    .addOption(
      new Option('--reconnect [time]', 'wait for the same device when it is unplugged, and go on')
        .argParser(values.patience)
        .preset('forever'),
    )
    .addOption(
      new Option('--wait [time]', 'wait for the device before starting')
        .argParser(values.patience)
        .preset('forever'),
    )
    .optionsGroup('Output:')
    .option('-o, --output <file>', 'where the data goes; - is stdout', '-')
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print the summary as one JSON object, on stderr')
    .option('-q, --quiet', 'print no summary');
  addBackendOptions(command);
  return command.action(async (options: ReadOptions) => {
    process.exitCode = await read(options);
  });
}

async function read(options: ReadOptions): Promise<number> {
  const backend = await loadBackend(options);
  const notices = new Notices(options.json ?? options.quiet ?? false);
  const interruption = new Interruption();
  try {
    const device = await chooseDevice(backend, options, interruption);
    const location = locateBulkIn(device, {
      address: options.ep,
      interfaceNumber: options.interface,
      alternateSetting: options.alt,
    });
    const sink = await openOutput(options.output, options.force ?? false);
    const { end, statistics } = await capture({
      backend,
      device,
      location,
      sink,
      receive: {
        depth: options.transfers,
        transferSize: wholePackets(options.transferSize, location),
        bytes: options.bytes,
        skip: options.skip,
        count: options.count,
        untilShort: options.untilShort,
        timeout: options.timeout,
        idleTimeout: options.idleTimeout,
        onShrink: notices.shrunk,
      },
      recovery: {
        keepGoing: options.keepGoing,
        reconnect: options.reconnect,
        onGap: notices.gap,
        onReconnect: notices.reconnected,
      },
      duration: options.duration,
      fresh: options.wait !== undefined,
      signal: interruption.signal,
    });
    const { received: signal } = interruption;
    const { gapCount: gaps } = statistics;
    const exitCode = exitCodeOfEnd({ end, limited: isLimited(options), signal, gaps });
    tell({ device, location, end, statistics, signal, exitCode }, options);
    return exitCode;
  } finally {
    interruption.dispose();
  }
}

/** The summary, and what went wrong, on stderr. */
function tell(report: Report, { json, quiet }: ReadOptions): void {
  if (json) {
    say(toJson(summaryRecord(report)));
    return;
  }
  if (!quiet) {
    say(summaryText(report));
  }
  const failure = describeFailure(report);
  if (failure !== undefined) {
    say(`usbxfer: ${failure}`);
  }
}

/** The one device that is meant, waited for if asked to. */
async function chooseDevice(
  backend: Backend,
  options: ReadOptions,
  interruption: Interruption,
): Promise<DeviceInfo> {
  if (options.wait !== undefined) {
    const wanted = (device: DeviceInfo) =>
      device.activeConfiguration !== undefined && filterDevices([device], options).length > 0;
    await waitForDevice(backend, wanted, options.wait, interruption.signal);
    const { received } = interruption;
    if (received !== undefined) {
      throw new CliError(exitCodeOfSignal(received), `${received} while waiting for the device`);
    }
  }
  return selectDevice(await backend.list(), options);
}

/** Whether something else than a signal or a failure was to end the capture. */
function isLimited({ bytes, count, untilShort, duration }: ReadOptions): boolean {
  return [bytes, count, untilShort, duration].some((limit) => limit !== undefined);
}

/** A transfer of whole packets: one that ends within a packet could be overflowed by the device. */
function wholePackets(bytes: number, { endpoint }: EndpointLocation): number {
  return Math.ceil(bytes / endpoint.maxPacketSize) * endpoint.maxPacketSize;
}
