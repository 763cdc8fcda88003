import type { Command } from 'commander';
import { capture } from '../../transfer/capture.js';
import { type EndpointLocation, locateBulkIn } from '../../usb/locate-endpoint.js';
import { loadBackend } from '../backends.js';
import { describeFailure } from '../capture-failure.js';
import { chooseDevice } from '../choose-device.js';
import { CliError } from '../cli-error.js';
import { codeOfEnd } from '../ending.js';
import type { ErrorCode } from '../errors.js';
import { Monitor } from '../monitor.js';
import { Notices } from '../notices.js';
import { openOutput } from '../output.js';
import { planOutput } from '../output-plan.js';
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
  command.action(async () => {
    process.exitCode = await read(command.optsWithGlobals());
  });
}

async function read(options: ReadOptions): Promise<number> {
  if (options.transfers * options.transferSize > LARGEST_POOL) {
    throw new CliError(
      'invalid-value',
      '--transfers times --transfer-size: give at most 4GiB in all',
    );
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
    const output = await openOutput(plan, device, interruption, monitor.isOpenOn);
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
    const errorCode = codeOfEnd({ ...result, limited: isLimited(options), signal, gaps });
    const report = await monitor.conclude({
      ...result,
      device,
      location,
      output: output.files(),
      signal,
      suspensions,
      usage: process.resourceUsage(),
      unreported: undefined,
      errorCode,
      exitCode: await exitCodeOf(errorCode, signal),
    });
    await tell(report, options);
    return report.exitCode;
  } finally {
    await monitor.stop();
    interruption.dispose();
  }
}

/** The table of errors is loaded only when there is one. */
async function exitCodeOf(
  code: ErrorCode | undefined,
  signal: NodeJS.Signals | undefined,
): Promise<number> {
  return code === undefined ? 0 : (await import('../errors.js')).exitCodeOf(code, signal);
}

/** The summary, and what went wrong, on stderr. */
async function tell(report: Report, { json, quiet, debug }: ReadOptions): Promise<void> {
  const { end, unrestored, unreported, errorCode } = report;
  const causes = [end.cause, unrestored, unreported].filter((cause) => cause !== undefined);
  const debugging =
    debug && errorCode !== undefined && causes.length > 0 ? await import('../debug.js') : undefined;
  if (json) {
    say(toJson({ ...summaryRecord(report), debug: debugging?.debugRecord(causes) }));
    return;
  }
  const paint = await painter('stderr');
  if (!quiet) {
    say(summaryText(report, paint));
  }
  const failure = describeFailure(report);
  if (failure !== undefined) {
    if (debugging !== undefined) {
      say(debugging.debugText(causes));
    }
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
