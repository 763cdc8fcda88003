import type { OpenOptions } from '../../engine/device/open.js';
import type { ReceiveOptions } from '../../engine/receive/receiver.js';
import type { SendOptions, ZeroLengthPackets } from '../../engine/send/sender.js';
import { DEFAULT_FLUSH_TIME, DEFAULT_TRANSFER_SIZE } from '../../engine/session/defaults.js';
import type { RecoveryOptions } from '../../engine/session/recovery.js';
import type { StreamHooks } from '../../engine/session/run.js';
import { type ControlTransfer, type HostRequest, hostRequestOf } from '../../usb/control.js';
import { CliError } from '../errors/cli-error.js';
import { planRecords, type RecordPlan } from '../record/plan.js';
import type { SigmfType } from '../record/sigmf-type.js';
import type { InputOptions } from '../session/input.js';
import { checkQueueSize } from '../session/memory.js';
import {
  type OutputOptions,
  type OutputPlan,
  planOutput,
  type TerminalPolicy,
} from '../session/output-name.js';
import type { ChoiceOptions } from '../session/select-device.js';
import { isStdoutFree, planSide, type SidePlan } from '../session/side-output.js';
import { STDOUT_NAMES } from '../session/startup-fds.js';
import { isStdoutClosed, STDOUT } from '../terminal/stdio.js';
import { type BackendOptions, backendOptionsOf } from './backend.js';

/** The write buffer of a hex dump in bytes, at most: its text takes five times as much. */
const MAX_HEX_BUFFER = 4 * 1024 * 1024;

/** The options of a streaming command, as parsed. A command sets only those that it has. */
export interface RawStreamOptions extends BackendOptions, ChoiceOptions, Partial<OutputOptions> {
  readonly ep?: number;
  readonly in?: number;
  readonly out?: number;
  readonly configuration?: number;
  readonly interface?: number;
  readonly alt?: number;
  readonly detach?: true;
  readonly clearHalt?: true;
  /** Milliseconds; true for the default. */
  readonly flush?: true | number;
  readonly drainAfter?: number;
  readonly transfers: number;
  /** Undefined for the default, which depends on the endpoint. */
  readonly transferSize?: number;
  readonly buffer: number;
  readonly stripPacket?: number;
  readonly zlp?: ZeroLengthPackets;
  readonly timeout?: number;
  readonly before?: readonly ControlTransfer[];
  readonly after?: readonly ControlTransfer[];
  readonly bytes?: number;
  readonly skip?: number;
  readonly count?: number;
  readonly untilShort?: true;
  readonly duration?: number;
  readonly idleTimeout?: number;
  readonly linger?: number;
  readonly keepGoing?: number;
  readonly onIdle?: RecoveryOptions['onIdle'];
  readonly reconnect?: number;
  readonly input?: string;
  readonly progress: 'auto' | 'always' | 'never';
  readonly interval?: number;
  readonly stats?: string;
  readonly record?: string;
  readonly index?: string;
  readonly sigmf?: SigmfType;
  /** The name of a file; true without one. */
  readonly json?: true | string;
  readonly quiet?: true;
  readonly debug?: true;
}

/** The resolved options of a streaming command, by the module that uses them. */
export interface StreamPlan {
  readonly backend: BackendOptions;
  readonly device: ChoiceOptions;
  readonly setting: SettingPlan;
  readonly claim: OpenOptions;
  readonly hooks: StreamHooks;
  /** Milliseconds. */
  readonly duration: number | undefined;
  readonly report: ReportPlan;
  /** What to write about the transfers; undefined for nothing. */
  readonly records: RecordPlan | undefined;
}

/** The plan of `usbxfer read`. */
interface ReadPlan extends StreamPlan {
  readonly in: ReceivePlan;
}

/** The plan of `usbxfer write`. */
interface WritePlan extends StreamPlan {
  readonly out: SendPlan;
}

/** The plan of `usbxfer pipe`. */
interface PipePlan extends ReadPlan, WritePlan {
  /** How long to wait for more data once everything is sent, in milliseconds. */
  readonly linger: number;
}

/** The place of the endpoints; undefined parts are searched. */
interface SettingPlan {
  /** Undefined for the active configuration. */
  readonly configuration: number | undefined;
  readonly interfaceNumber: number | undefined;
  readonly alternateSetting: number | undefined;
}

/** How to receive, and where the data goes. */
export interface ReceivePlan {
  /** The endpoint address; undefined for the only one. */
  readonly address: number | undefined;
  readonly receive: Omit<ReceiveOptions, 'transferSize'>;
  /** Bytes per transfer; undefined for the default of the endpoint. */
  readonly transferSize: number | undefined;
  readonly recovery: RecoveryOptions;
  readonly output: OutputPlan;
}

/** How to send, and where the data comes from. */
export interface SendPlan {
  /** The endpoint address; undefined for the only one. */
  readonly address: number | undefined;
  readonly send: SendOptions;
  readonly input: InputOptions;
}

/** What to report, and where. */
export interface ReportPlan {
  readonly progress: 'auto' | 'always' | 'never';
  /** Milliseconds between status lines; undefined for none. */
  readonly interval: number | undefined;
  readonly stats: SidePlan | undefined;
  /** Where the JSON goes: also stdout or stderr. Undefined for a summary as text. */
  readonly json: SidePlan | undefined;
  readonly quiet: boolean;
  readonly debug: boolean;
  /** The names of the data's files, `-` for stdin and stdout; undefined for a device. */
  readonly input: string | undefined;
  readonly output: string | undefined;
}

/**
 * Resolves the options of `usbxfer read` and checks them for conflicts.
 *
 * @throws CliError for values that are invalid or cannot be combined
 */
export function planRead(raw: RawStreamOptions): ReadPlan {
  checkQueueSize(raw.transfers, transferSizeOf(raw));
  if (raw.onIdle !== undefined && raw.idleTimeout === undefined) {
    throw new CliError('conflicting-options', '--on-idle needs --idle-timeout', {
      advice: 'give the time without data after which the device is restarted: --idle-timeout 2s',
    });
  }
  return { ...planStream(withOutput(raw)), in: planReceive(raw, raw.ep, 'refuse') };
}

/** Resolves the options of `usbxfer write`, like `planRead`. */
export function planWrite(raw: RawStreamOptions): WritePlan {
  checkQueueSize(raw.transfers, transferSizeOf(raw));
  const { bytes, idleTimeout, buffer: readAhead } = raw;
  const out = planSend(raw, raw.ep, { bytes, idleTimeout, readAhead });
  return { ...planStream(raw), out };
}

/** Resolves the options of `usbxfer pipe`, like `planRead`. */
export function planPipe(raw: RawStreamOptions): PipePlan {
  checkQueueSize(2 * raw.transfers, transferSizeOf(raw));
  return {
    ...planStream(withOutput(raw)),
    in: planReceive(raw, raw.in, 'text'),
    out: planSend(raw, raw.out, { prompt: true }),
    linger: raw.linger ?? 0,
  };
}

/** The data goes to stdout by default. */
function withOutput<Raw extends RawStreamOptions>(raw: Raw): Raw & { readonly output: string } {
  return { ...raw, output: raw.output ?? '-' };
}

function planStream(raw: RawStreamOptions): StreamPlan {
  const { quiet = false, debug = false } = raw;
  const records = planRecords(raw);
  const recordSides = [records?.record?.side, records?.index?.side];
  const stats = planStats(raw, recordSides);
  const { operand, device, vid, pid, serial, path, bus, address, wait, waitNew } = raw;
  return {
    backend: backendOptionsOf(raw),
    device: { operand, device, vid, pid, serial, path, bus, address, wait, waitNew },
    setting: {
      ...{ configuration: raw.configuration, interfaceNumber: raw.interface },
      alternateSetting: raw.alt,
    },
    claim: {
      ...{ detachDriver: raw.detach, sendSetting: raw.alt !== undefined },
      clearHalt: raw.clearHalt,
    },
    hooks: {
      before: checkHooks('--before', raw.before),
      after: checkHooks('--after', raw.after),
    },
    duration: raw.duration,
    report: {
      ...{ progress: raw.progress, interval: raw.interval, quiet, debug },
      ...{ stats, json: planJson(raw, [stats, ...recordSides]) },
      ...{ input: raw.input, output: raw.output },
    },
    records,
  };
}

/**
 * Returns the requests before or after a stream.
 *
 * @throws CliError for a request that would change what the stream uses: the option to use instead is
 *   named
 */
function checkHooks(
  option: string,
  transfers: readonly ControlTransfer[] = [],
): readonly ControlTransfer[] {
  for (const { request } of transfers) {
    const change = hostRequestOf(request);
    if (change !== undefined) {
      const [name, instead] = insteadOf(change);
      throw new CliError('conflicting-options', `${option} cannot send ${name} during a stream`, {
        advice: `use ${instead}`,
      });
    }
  }
  return transfers;
}

/** The name of a request, and the option or command that does it. */
function insteadOf(change: HostRequest): [name: string, instead: string] {
  switch (change.kind) {
    case 'set-configuration':
      return ['SET_CONFIGURATION', `--configuration ${change.value}`];
    case 'set-interface': {
      const { interfaceNumber, alternateSetting } = change;
      return ['SET_INTERFACE', `--interface ${interfaceNumber} --alt ${alternateSetting}`];
    }
    case 'clear-halt':
      return ['CLEAR_FEATURE(ENDPOINT_HALT)', '--clear-halt'];
  }
}

/** @param onTerminal what to do with bytes for a terminal, unless stdout was given as the output */
function planReceive(
  raw: RawStreamOptions,
  address: number | undefined,
  onTerminal: TerminalPolicy,
): ReceivePlan {
  const { transfers: depth, transferSize, stripPacket, buffer, flush, drainAfter } = raw;
  const { output, hex, force, append, fsync, splitBytes, splitEvery, preallocate } =
    withOutput(raw);
  const { bytes, skip, count, untilShort, timeout, idleTimeout, keepGoing, reconnect, onIdle } =
    raw;
  const limits = { bytes, skip, count, untilShort };
  return {
    address,
    receive: {
      ...{ depth, stripPacket, ...limits, timeout, idleTimeout, drainAfter },
      ...(flush && { flush: { time: flush === true ? DEFAULT_FLUSH_TIME : flush } }),
      writeBuffer: hex ? Math.min(buffer, MAX_HEX_BUFFER) : buffer,
    },
    transferSize,
    recovery: { keepGoing, reconnect, onIdle },
    output: planOutput({
      ...{ output, hex, force, append, fsync, splitBytes, splitEvery, bytes, preallocate },
      onTerminal: raw.output === undefined ? onTerminal : 'bytes',
    }),
  };
}

function planSend(
  raw: RawStreamOptions,
  address: number | undefined,
  rest: Partial<SendOptions>,
): SendPlan {
  const { transfers: depth, zlp, input = '-', skip } = raw;
  const send = { depth, transferSize: transferSizeOf(raw), zlp, ...rest };
  return { address, send, input: { input, skip } };
}

function transferSizeOf({ transferSize = DEFAULT_TRANSFER_SIZE }: RawStreamOptions): number {
  return transferSize;
}

/** @param others what is written to other files */
function planStats(
  { stats, output, ...raw }: RawStreamOptions,
  others: readonly (SidePlan | undefined)[],
): SidePlan | undefined {
  if (stats === undefined) {
    return undefined;
  }
  const plan = planSide('--stats', stats, raw);
  if (plan.target === STDOUT && output !== undefined && STDOUT_NAMES.has(output)) {
    throw new CliError('conflicting-options', `--stats ${stats}: stdout is used for the data`, {
      advice: 'give -o FILE, or --stats fd:3 with 3> stats.jsonl',
    });
  }
  const other = others.find((one) => one?.target === plan.target);
  if (other !== undefined) {
    const message = `--stats ${stats} and ${other.option} cannot write to the same file`;
    throw new CliError('conflicting-options', message, { advice: 'name another file' });
  }
  return plan;
}

/**
 * Without a file, the JSON goes to stdout if nothing else does, otherwise to stderr.
 *
 * @param others what is written to other files
 */
function planJson(
  { json, output, ...raw }: RawStreamOptions,
  others: readonly (SidePlan | undefined)[],
): SidePlan | undefined {
  if (json === undefined) {
    return undefined;
  }
  const isFree = isStdoutFree(output, others);
  if (json === true) {
    return planSide('--json', isFree ? 'fd:1' : 'fd:2', {});
  }
  const plan = planSide('--json', json, raw);
  if (plan.target === STDOUT && !isFree) {
    const [code, state] = isStdoutClosed()
      ? (['stdout-closed', 'closed'] as const)
      : (['conflicting-options', 'used for something else'] as const);
    throw new CliError(code, `--json=${json}: stdout is ${state}`, {
      advice: 'give -o FILE, or --json=FILE',
    });
  }
  return plan;
}
