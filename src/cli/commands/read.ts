import type { Command } from 'commander';
import { capture } from '../../engine/session/capture.js';
import { locateBulkIn } from '../../usb/locate.js';
import { addReadOptions, type ReadOptions } from '../options/stream.js';
import { ReadSubject } from '../progress/stream.js';
import { codeOfEnd, outcomeOf } from '../report/exit-status.js';
import { describeReadFailure } from '../report/failure.js';
import { readRecord } from '../report/record.js';
import { readSummary } from '../report/summary.js';
import { checkPoolSize, checkTransferMemory, wholePackets } from '../session/memory.js';
import { openOutput } from '../session/output.js';
import { planOutput } from '../session/output-name.js';
import { Session } from '../session/session.js';

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
  return Session.run(options, async (session) => {
    const { backend, device, interruption, monitor, notices } = session;
    const location = locateBulkIn(device, {
      address: options.ep,
      interfaceNumber: options.interface,
      alternateSetting: options.alt,
    });
    const receive = {
      depth: options.transfers,
      transferSize: wholePackets(options.transferSize, location),
      writeBuffer: options.buffer,
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
      ...session.request,
      location,
      sink: output.sink,
      receive,
      recovery: {
        keepGoing: options.keepGoing,
        reconnect: options.reconnect,
        onGap: notices.gap,
        onReconnect: notices.reconnected,
      },
      onStart: (statistics) => session.start(new ReadSubject(statistics, options)),
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
    const telling = { text: readSummary, record: readRecord };
    return session.conclude(report, new ReadSubject(statistics, options), telling);
  });
}

/** Whether something else than a signal or a failure was to end the capture. */
function isLimited({ bytes, count, untilShort, duration }: ReadOptions): boolean {
  return [bytes, count, untilShort, duration].some((limit) => limit !== undefined);
}
