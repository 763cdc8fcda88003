import type { Command } from 'commander';
import { capture } from '../../transfer/capture.js';
import { type EndpointLocation, locateBulkIn } from '../../usb/locate-endpoint.js';
import { loadBackend } from '../backends.js';
import { describeFailure } from '../capture-failure.js';
import { chooseDevice } from '../choose-device.js';
import { CliError, EXIT, exitCodeOfEnd } from '../exit-code.js';
import { Monitor } from '../monitor.js';
import { Notices } from '../notices.js';
import { openOutput, planOutput } from '../output.js';
import { addReadOptions, type ReadOptions } from '../read-options.js';
import type { Report } from '../report.js';
import { toJson } from '../sanitize.js';
import { Interruption } from '../signals.js';
import { say } from '../stdio.js';
import { painter } from '../style.js';
import { summaryText } from '../summary.js';
import { summaryRecord } from '../summary-record.js';
import { checkTransferMemory } from '../transfer-memory.js';

/** Bytes in flight at the most, so that a typing error is refused and not tried. */
const LARGEST_POOL = 4 * 1024 ** 3;

/** `usbxfer read` */
export function define(command: Command): void {
  addReadOptions(command);
  command.action(async (options: ReadOptions) => {
    process.exitCode = await read(options);
  });
}

async function read(options: ReadOptions): Promise<number> {
  if (options.transfers * options.transferSize > LARGEST_POOL) {
    throw new CliError(EXIT.usage, '--transfers times --transfer-size: give at most 4GiB in all');
  }
  const plan = await planOutput(options);
  const backend = await loadBackend(options);
  const notices = new Notices(options.json ?? options.quiet ?? false);
  const interruption = new Interruption();
  const monitor = new Monitor(options);
  try {
    await monitor.open(interruption);
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
    const output = await openOutput(plan, device, interruption);
    const result = await capture({
      backend,
      device,
      location,
      claim: { detachDriver: options.detach },
      sink: output.sink,
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
      onStart: (statistics) => {
        interruption.follow(statistics);
        monitor.start(statistics);
      },
    });
    const { received: signal, suspensions } = interruption;
    const { gapCount: gaps } = result.statistics;
    const exitCode = exitCodeOfEnd({ ...result, limited: isLimited(options), signal, gaps });
    const report = await monitor.conclude({
      ...result,
      device,
      location,
      output: output.files(),
      signal,
      suspensions,
      usage: process.resourceUsage(),
      unreported: undefined,
      exitCode,
    });
    await tell(report, options);
    return report.exitCode;
  } finally {
    await monitor.stop();
    interruption.dispose();
  }
}

/** The summary, and what went wrong, on stderr. */
async function tell(report: Report, { json, quiet }: ReadOptions): Promise<void> {
  if (json) {
    say(toJson(summaryRecord(report)));
    return;
  }
  const paint = await painter('stderr');
  if (!quiet) {
    say(summaryText(report, paint));
  }
  const failure = describeFailure(report);
  if (failure !== undefined) {
    say(`${paint('red', 'usbxfer:')} ${failure}`);
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
