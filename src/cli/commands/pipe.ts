import { fstatSync, type Stats } from 'node:fs';
import type { Command } from 'commander';
import { duplex } from '../../engine/session/duplex.js';
import { locatePair } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import { addPipeOptions, type PipeOptions } from '../options/stream.js';
import type { Monitor } from '../progress/monitor.js';
import { PipeSubject } from '../progress/stream.js';
import { codeOfPipeEnd, outcomeOf } from '../report/exit-status.js';
import { describePipeFailure } from '../report/failure.js';
import { pipeRecord } from '../report/record.js';
import { pipeSummary } from '../report/summary.js';
import { type Input, openInput } from '../session/input.js';
import { checkPoolSize, checkTransferMemory, wholePackets } from '../session/memory.js';
import { type Output, openOutput } from '../session/output.js';
import { type OutputPlan, planOutput, statOf } from '../session/output-name.js';
import { Session } from '../session/session.js';
import type { ShutdownController } from '../session/shutdown.js';
import { isStdoutClosed } from '../session/startup-fds.js';

const [STDIN, STDOUT] = [0, 1];

/** `usbxfer pipe` */
export function define(command: Command): void {
  addPipeOptions(command);
  command.action(async () => {
    process.exitCode = await pipe(command.optsWithGlobals());
  });
}

async function pipe(options: PipeOptions): Promise<number> {
  const { transfers: depth, transferSize, bytes } = options;
  checkPoolSize({ transfers: 2 * depth, transferSize });
  const plan = await planOutput(options);
  return Session.run(options, async (session) => {
    const { backend, device, interruption, monitor, notices } = session;
    const pair = locatePair(device, {
      in: options.in,
      out: options.out,
      interfaceNumber: options.interface,
      alternateSetting: options.alt,
    });
    const { maxPacketSize } = pair.in.endpoint;
    const receive = {
      depth,
      transferSize: wholePackets(transferSize, pair.in),
      writeBuffer: options.buffer,
      bytes,
      timeout: options.timeout,
      onShrink: notices.shrunk,
    };
    const send = { depth, transferSize, zlp: options.zlp, prompt: true, onShrink: notices.shrunk };
    const both = { depth: 2 * depth, transferSize: receive.transferSize };
    checkTransferMemory(both, maxPacketSize, await backend.transferMemory());
    const input = await openInput(options, interruption);
    const output = await openOutputBeside(input, plan, device, interruption, monitor);
    const result = await duplex({
      ...session.request,
      ...pair,
      source: input.source,
      sink: output.sink,
      receive,
      send,
      linger: options.linger,
      onOutputClosed: notices.outputClosed,
      onStart: (statistics) => session.start(new PipeSubject(statistics, options)),
    });
    const { received: signal } = interruption;
    const { statistics } = result;
    const unsent = statistics.out.bytesUnsent;
    const errorCode = codeOfPipeEnd({ ...result, limited: bytes !== undefined, unsent });
    const report = {
      ...result,
      ...pair,
      device,
      input: input.name,
      output: output.files(),
      failure: describePipeFailure({ ...result, ...pair, signal, errorCode }),
      ...(await outcomeOf(errorCode, interruption)),
    };
    const telling = { text: pipeSummary, record: pipeRecord };
    return session.conclude(report, new PipeSubject(statistics, options), telling);
  });
}

/**
 * Closes the input again where there is no output.
 *
 * @throws CliError also where both are one file: what is written would be read, or lost unread
 */
async function openOutputBeside(
  input: Input,
  plan: OutputPlan,
  device: DeviceInfo,
  interruption: ShutdownController,
  { isOpenOn }: Monitor,
): Promise<Output> {
  const isInput = isInputFile(input);
  const isTaken = (file: Stats) => isInput(file) || isOpenOn(file);
  try {
    if (plan.nameOf === undefined && !isStdoutClosed() && isInput(fstatSync(STDOUT))) {
      throw new CliError('output-unsuitable', 'stdout is the file that the data comes from', {
        advice: 'name another one',
      });
    }
    return await openOutput(plan, device, interruption, isTaken);
  } catch (error) {
    await input.source.close();
    throw error;
  }
}

/** Tells the file, whatever its name, that the input is. */
function isInputFile({ name }: Input): (file: Stats) => boolean {
  const input = name === undefined ? fstatSync(STDIN) : statOf(name);
  return (file) => file.isFile() && file.ino === input?.ino && file.dev === input.dev;
}
