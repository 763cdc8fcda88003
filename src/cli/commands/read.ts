import { Command } from 'commander';
import { capture } from '../../transfer/capture.js';
import { type EndpointLocation, locateBulkIn } from '../../usb/locate-endpoint.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../backends.js';
import { exitCodeOfEnd } from '../exit-code.js';
import { openOutput } from '../output.js';
import { toJson } from '../sanitize.js';
import {
  addFilterOptions,
  addPlaceOptions,
  type FilterOptions,
  selectDevice,
} from '../selection.js';
import { Interruption } from '../signals.js';
import { say } from '../stdio.js';
import { describeFailure, summaryRecord, summaryText } from '../summary.js';
import * as values from '../values.js';

interface ReadOptions extends BackendOptions, FilterOptions {
  readonly ep?: number;
  readonly interface?: number;
  readonly alt?: number;
  readonly transfers: number;
  readonly transferSize: number;
  readonly bytes?: number;
  readonly duration?: number;
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
    .optionsGroup('Limits:')
    .option('--bytes <size>', 'end after so many bytes', values.size)
    .option('--duration <time>', 'end after so long', values.duration)
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
  const device = selectDevice(await backend.list(), options);
  const location = locateBulkIn(device, {
    ...(options.ep !== undefined && { address: options.ep }),
    ...(options.interface !== undefined && { interfaceNumber: options.interface }),
    ...(options.alt !== undefined && { alternateSetting: options.alt }),
  });
  const sink = await openOutput(options.output, options.force ?? false);
  const interruption = new Interruption();
  try {
    const { end, statistics } = await capture({
      backend,
      device,
      location,
      sink,
      receive: {
        depth: options.transfers,
        transferSize: wholePackets(options.transferSize, location),
        ...(options.bytes !== undefined && { bytes: options.bytes }),
        ...(options.duration !== undefined && { duration: options.duration }),
      },
      signal: interruption.signal,
    });
    const limited = options.bytes !== undefined || options.duration !== undefined;
    const exitCode = exitCodeOfEnd(end, limited, interruption.received);
    const report = { device, location, end, statistics, signal: interruption.received, exitCode };
    if (options.json) {
      say(toJson(summaryRecord(report)));
      return exitCode;
    }
    if (!options.quiet) {
      say(summaryText(report));
    }
    const failure = describeFailure(report);
    if (failure !== undefined) {
      say(`usbxfer: ${failure}`);
    }
    return exitCode;
  } finally {
    interruption.dispose();
  }
}

/** A transfer of whole packets: one that ends within a packet could be overflowed by the device. */
function wholePackets(bytes: number, { endpoint }: EndpointLocation): number {
  return Math.ceil(bytes / endpoint.maxPacketSize) * endpoint.maxPacketSize;
}
