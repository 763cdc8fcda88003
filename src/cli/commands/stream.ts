import type { Command } from 'commander';
import { capture } from '../../engine/session/capture.js';
import { duplex } from '../../engine/session/duplex.js';
import { send } from '../../engine/session/send.js';
import { locateIn, locateOut, locatePair } from '../../usb/locate.js';
import type { DeviceFilter } from '../../usb/model.js';
import { addDeviceOperand, withOperand } from '../options/device.js';
import { planPipe, planRead, planWrite, type RawStreamOptions } from '../options/plan.js';
import { addStreamOptions, type StreamName } from '../options/stream.js';
import { runSession } from '../session/session.js';

/** The streaming commands: which endpoints each uses, and how. */
const STREAM_COMMANDS: Readonly<
  Record<Exclude<StreamName, 'extract'>, (raw: RawStreamOptions) => Promise<number>>
> = {
  read: (raw) => {
    const plan = planRead(raw);
    return runSession(plan, async (session) => {
      const location = locateIn(session.device, { ...plan.setting, address: plan.in.address });
      const receive = session.receiveOptions(plan.in, location);
      await session.checkMemory(location, receive);
      await session.openRecords([receive], { location, receive });
      const { sink, observer, files } = await session.openOutput(plan.in);
      const { statistics, ...result } = await capture({
        ...session.request,
        ...{ location, sink, observer, receive },
        recovery: { ...plan.in.recovery, ...session.recovery },
        onStart: (statistics) => session.start({ in: statistics }, receive),
      });
      return { ...result, in: { location, statistics, output: files(), limits: receive } };
    });
  },
  write: (raw) => {
    const plan = planWrite(raw);
    return runSession(plan, async (session) => {
      const location = locateOut(session.device, { ...plan.setting, address: plan.out.address });
      const options = session.sendOptions(plan.out);
      await session.checkMemory(location, options);
      const input = await session.openInput(plan.out.input);
      const { source, name } = input;
      await session.openRecords([options], undefined, input);
      const limits = { bytes: smallest(options.bytes, source.size) };
      const { statistics, ...result } = await send({
        ...session.request,
        ...{ location, source, send: options },
        onStart: (statistics) => session.start({ out: statistics }, limits),
      });
      const { skip = 0 } = plan.out.input;
      const { bytes } = options;
      return {
        ...result,
        out: { location, statistics, input: name, unread: source.size, skip, bytes },
      };
    });
  },
  pipe: (raw) => {
    const plan = planPipe(raw);
    return runSession(plan, async (session) => {
      const addresses = { in: plan.in.address, out: plan.out.address };
      const pair = locatePair(session.device, { ...plan.setting, ...addresses });
      const receive = session.receiveOptions(plan.in, pair.in);
      const options = session.sendOptions(plan.out);
      await session.checkMemory(pair.in, receive, options);
      const input = await session.openInput(plan.out.input);
      await session.openRecords([receive, options], { location: pair.in, receive }, input);
      const { sink, observer, throttle, files } = await session.openOutput(plan.in, input);
      const source = throttle?.(input.source) ?? input.source;
      const { statistics, ...result } = await duplex({
        ...session.request,
        ...pair,
        ...{ source, sink, observer, receive, send: options, linger: plan.linger },
        onOutputClosed: session.notices.outputClosed,
        onStart: (statistics) => session.start(statistics, receive),
      });
      return {
        ...result,
        in: { location: pair.in, statistics: statistics.in, output: files(), limits: receive },
        out: {
          ...{ location: pair.out, statistics: statistics.out },
          ...{ input: input.name, unread: input.source.size, skip: 0 },
        },
      };
    });
  },
};

/** The smallest known limit in bytes; undefined if none is known, or if it is 0. */
function smallest(...limits: (number | undefined)[]): number | undefined {
  const bytes = Math.min(...limits.map((limit) => limit ?? Number.POSITIVE_INFINITY));
  return bytes > 0 && bytes < Number.POSITIVE_INFINITY ? bytes : undefined;
}

/** Defines `usbxfer read`, `usbxfer write` or `usbxfer pipe`, by the name of the command. */
export function define(command: Command): void {
  const name = command.name() as keyof typeof STREAM_COMMANDS;
  addDeviceOperand(command);
  addStreamOptions(command, name);
  command.action(async (operand: readonly DeviceFilter[] | undefined) => {
    const raw = withOperand(command.optsWithGlobals<RawStreamOptions>(), operand);
    process.exitCode = await STREAM_COMMANDS[name](raw);
  });
}
