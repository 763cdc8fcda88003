import type { Command } from 'commander';
import { capture } from '../../transfer/capture.js';
import { DEFAULT_BACKLOG } from '../../transfer/receiver.js';
import { type EndpointLocation, locateBulkIn } from '../../usb/locate-endpoint.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../backends.js';
import { describeFailure } from '../capture-failure.js';
import { type ChoiceOptions, chooseDevice } from '../choose-device.js';
import { Option } from '../commander.js';
import { CliError, EXIT, exitCodeOfEnd } from '../exit-code.js';
import { Notices } from '../notices.js';
import { type OutputOptions, openOutput } from '../output.js';
import type { Report } from '../report.js';
import { toJson } from '../sanitize.js';
import { addFilterOptions, addPlaceOptions } from '../selection.js';
import { Interruption } from '../signals.js';
import { say } from '../stdio.js';
import { summaryText } from '../summary.js';
import { summaryRecord } from '../summary-record.js';
import { checkTransferMemory } from '../transfer-memory.js';
import * as values from '../values.js';

interface ReadOptions extends BackendOptions, ChoiceOptions, OutputOptions {
  readonly ep?: number;
  readonly interface?: number;
  readonly alt?: number;
  readonly detach?: true;
  readonly transfers: number;
  readonly transferSize: number;
  readonly buffer: number;
  readonly timeout?: number;
  readonly bytes?: number;
  readonly skip?: number;
  readonly count?: number;
  readonly untilShort?: true;
  readonly duration?: number;
  readonly idleTimeout?: number;
  readonly keepGoing?: number;
  readonly reconnect?: number;
  readonly json?: true;
  readonly quiet?: true;
}

/** Bytes in flight at the most, so that a typing error is refused and not tried. */
const LARGEST_POOL = 4 * 1024 ** 3;

/** `usbxfer read` */
export function define(command: Command): void {
  addFilterOptions(command);
  addPlaceOptions(command);
  command
    .optionsGroup('Endpoint:')
    .option('--ep <address>', 'endpoint: 0x82, 82 or 2; by default the only one', values.inEndpoint)
    .option('--interface <n>', 'interface number', values.byte)
    .option('--alt <n>', 'alternate setting', values.byte)
    .option('--detach', 'take the interface from its kernel driver for the time of the capture')
    .optionsGroup('Transfers:')
    .option('--transfers <n>', 'transfers kept in flight', values.transferCount, 16)
    .addOption(
      new Option('--transfer-size <size>', 'bytes in each')
        .argParser(values.transferSize)
        .default(256 * 1024, '256KiB'),
    )
    .addOption(
      new Option('--buffer <size>', 'bytes that may wait for a slow output')
        .argParser(values.bufferSize)
        .default(DEFAULT_BACKLOG, '64MiB'),
    )
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
    .addOption(new Option('--append', 'add to the end of an existing file').conflicts('force'))
    .option('--fsync', 'make sure, at the end, that all of it is on the disk')
    .option('--json', 'print the summary as one JSON object, on stderr')
    .option('-q, --quiet', 'print no summary');
  addBackendOptions(command);
  command.action(async (options: ReadOptions) => {
    process.exitCode = await read(options);
  });
}

async function read(options: ReadOptions): Promise<number> {
  if (options.transfers * options.transferSize > LARGEST_POOL) {
    throw new CliError(EXIT.usage, '--transfers times --transfer-size: give at most 4GiB in all');
  }
  const backend = await loadBackend(options);
  const notices = new Notices(options.json ?? options.quiet ?? false);
  const interruption = new Interruption();
  try {
    const device = await chooseDevice(backend, options, interruption, notices);
    const location = locateBulkIn(device, {
      address: options.ep,
      interfaceNumber: options.interface,
      alternateSetting: options.alt,
    });
    const receive = {
      depth: options.transfers,
      transferSize: wholePackets(options.transferSize, location),
      backlog: options.buffer,
      bytes: options.bytes,
      skip: options.skip,
      count: options.count,
      untilShort: options.untilShort,
      timeout: options.timeout,
      idleTimeout: options.idleTimeout,
      onShrink: notices.shrunk,
    };
    const { maxPacketSize } = location.endpoint;
    checkTransferMemory(receive, maxPacketSize, await backend.transferMemory());
    const sink = await openOutput(options, interruption);
    const { end, statistics, unrestored } = await capture({
      backend,
      device,
      location,
      claim: { detachDriver: options.detach },
      sink,
      receive,
      recovery: {
        keepGoing: options.keepGoing,
        reconnect: options.reconnect,
        onGap: notices.gap,
        onReconnect: notices.reconnected,
      },
      duration: options.duration,
      fresh: options.wait !== undefined,
      signal: interruption.signal,
      onStart: interruption.follow,
    });
    const { received: signal, suspensions } = interruption;
    const { gapCount: gaps } = statistics;
    const limited = isLimited(options);
    const exitCode = exitCodeOfEnd({ end, limited, signal, gaps, unrestored });
    tell(
      {
        device,
        location,
        end,
        statistics,
        signal,
        suspensions,
        usage: process.resourceUsage(),
        unrestored,
        exitCode,
      },
      options,
    );
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

/** Whether something else than a signal or a failure was to end the capture. */
function isLimited({ bytes, count, untilShort, duration }: ReadOptions): boolean {
  return [bytes, count, untilShort, duration].some((limit) => limit !== undefined);
}

/** A transfer of whole packets: one that ends within a packet could be overflowed by the device. */
function wholePackets(bytes: number, { endpoint }: EndpointLocation): number {
  return Math.ceil(bytes / endpoint.maxPacketSize) * endpoint.maxPacketSize;
}
