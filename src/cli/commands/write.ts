import type { Command } from 'commander';
import { send } from '../../engine/session/send.js';
import { locateOut } from '../../usb/locate.js';
import { addWriteOptions, type WriteOptions } from '../options/stream.js';
import { WriteSubject } from '../progress/stream.js';
import { codeOfSendEnd, outcomeOf } from '../report/exit-status.js';
import { describeWriteFailure } from '../report/failure.js';
import { writeRecord } from '../report/record.js';
import { writeSummary } from '../report/summary.js';
import { openInput } from '../session/input.js';
import { checkPoolSize, checkTransferMemory } from '../session/memory.js';
import { Session } from '../session/session.js';

/** `usbxfer write` */
export function define(command: Command): void {
  addWriteOptions(command);
  command.action(async () => {
    process.exitCode = await write(command.optsWithGlobals());
  });
}

async function write(options: WriteOptions): Promise<number> {
  checkPoolSize(options);
  const { bytes, duration, skip = 0 } = options;
  return Session.run(options, async (session) => {
    const { backend, device, interruption, notices } = session;
    const location = locateOut(device, {
      address: options.ep,
      interfaceNumber: options.interface,
      alternateSetting: options.alt,
    });
    const sending = {
      depth: options.transfers,
      transferSize: options.transferSize,
      readAhead: options.buffer,
      bytes,
      zlp: options.zlp,
      idleTimeout: options.idleTimeout,
      onShrink: notices.shrunk,
    };
    const { maxPacketSize } = location.endpoint;
    checkTransferMemory(sending, maxPacketSize, await backend.transferMemory());
    const { source, name } = await openInput(options, interruption);
    const goal = { bytes: expected(bytes, source.size), duration };
    const result = await send({
      ...session.request,
      location,
      source,
      send: sending,
      onStart: (statistics) => session.start(new WriteSubject(statistics, goal)),
    });
    const { received: signal } = interruption;
    const { statistics } = result;
    const errorCode = codeOfSendEnd({ ...result, limited: bytes !== undefined });
    const report = {
      ...result,
      device,
      location,
      input: name,
      skip,
      bytes,
      failure: describeWriteFailure({ ...result, location, signal, errorCode, skip, bytes }),
      ...(await outcomeOf(errorCode, interruption)),
    };
    const telling = { text: writeSummary, record: writeRecord };
    return session.conclude(report, new WriteSubject(statistics, goal), telling);
  });
}

/** Bytes that there are to send, as far as that is known; undefined also for none. */
function expected(
  bytes = Number.POSITIVE_INFINITY,
  size = Number.POSITIVE_INFINITY,
): number | undefined {
  const most = Math.min(bytes, size);
  return most > 0 && most < Number.POSITIVE_INFINITY ? most : undefined;
}
