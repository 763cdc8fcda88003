import type { Command } from 'commander';
import { capture } from '../../transfer/capture.js';
import { locateBulkIn } from '../../usb/locate-endpoint.js';
import { loadBackend } from '../backends.js';
import { chooseDevice } from '../choose-device.js';
import { codeOfEnd } from '../ending.js';
import { Monitor } from '../monitor.js';
import { Notices } from '../notices.js';
import { outcomeOf } from '../outcome.js';
import { openOutput } from '../output.js';
import { planOutput } from '../output-plan.js';
import { describeReadFailure } from '../read-failure.js';
import { addReadOptions, type ReadOptions } from '../read-options.js';
import { readRecord } from '../read-record.js';
import { ReadSubject } from '../read-subject.js';
import { readSummary } from '../read-summary.js';
import { Interruption } from '../signals.js';
import { tell } from '../tell.js';
import { checkPoolSize, checkTransferMemory, wholePackets } from '../transfer-memory.js';

/** `usbxfer read` */
export function define(command: Command): void {
  addReadOptions(command);
  command.action(async () => {
    process.exitCode = await read(command.optsWithGlobals());
  });
}

async function read(options: ReadOptions): Promise<number> {
  checkPoolSize(options);
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
      before: options.before,
      after: options.after,
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
        const subject = new ReadSubject(statistics, options);
        interruption.follow(subject);
        monitor.start(subject);
      },
    });
    const { received: signal } = interruption;
    const { statistics } = result;
    const { gapCount: gaps } = statistics;
    const errorCode = codeOfEnd({ ...result, limited: isLimited(options), signal, gaps });
    const report = {
      ...result,
      device,
      location,
      output: output.files(),
      failure: describeReadFailure({ ...result, location, signal, errorCode }),
      ...(await outcomeOf(errorCode, interruption)),
    };
    const told = await monitor.conclude(report, new ReadSubject(statistics, options));
    await tell(told, readSummary, readRecord, options);
    return told.exitCode;
  } finally {
    await monitor.stop();
    interruption.dispose();
  }
}

/** Whether something else than a signal or a failure was to end the capture. */
function isLimited({ bytes, count, untilShort, duration }: ReadOptions): boolean {
  return [bytes, count, untilShort, duration].some((limit) => limit !== undefined);
}
