import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { lossSoon } from '../../../engine/device/guard.js';
import { isReaderGone, type Sink } from '../../../engine/io/sink.js';
import type { Device } from '../../../usb/backend.js';
import { type ControlTransfer, directionOfRequest } from '../../../usb/control.js';
import type { DeviceInfo } from '../../../usb/model.js';
import { identityRecord } from '../../devices/record.js';
import { hexDumpLines } from '../../dump/hex-dump.js';
import { CliError, systemReason } from '../../errors/cli-error.js';
import { type OutputPlan, planOutput } from '../../session/output-name.js';
import { type Interruption, throwIfInterrupted } from '../../session/shutdown.js';
import { countOf } from '../../terminal/format.js';
import { toJson } from '../../terminal/sanitize.js';
import { logToStderr, print, STDOUT } from '../../terminal/stdio.js';
import type { ControlOptions } from './control.js';
import { exchange } from './exchange.js';
import { requestRecord } from './request.js';
import { located, type Script } from './script.js';

/**
 * Plans the output for the responses of a script. Returns undefined if there are none, or they are
 * printed as text.
 *
 * @throws CliError if the options do not fit the script, or binary data would go to a terminal
 */
export function planResponses(
  { name, steps }: Script,
  options: ControlOptions,
): OutputPlan | undefined {
  const plan = planOutput(options, ['overwrite']);
  const toStdout = plan.nameOf === undefined;
  const hasResponse = steps.some(
    (step) =>
      step.kind === 'request' &&
      directionOfRequest(step.transfer.request) === 'in' &&
      step.transfer.data.length > 0,
  );
  if (!hasResponse && (!toStdout || options.hex)) {
    throw new CliError('conflicting-options', '-o and --hex need an IN request', {
      advice: `${name} has none that reads data`,
    });
  }
  if (!hasResponse || options.json || (toStdout && options.hex)) {
    return undefined;
  }
  if (toStdout && isatty(STDOUT)) {
    throw new CliError('stdout-is-terminal', 'will not write binary data to a terminal', {
      advice: 'print it with --hex, redirect stdout (> replies.bin) or give -o FILE',
    });
  }
  return plan;
}

/** A request of a script that succeeded. */
interface Completed {
  readonly line: number;
  readonly transfer: ControlTransfer;
  /** Bytes transferred. */
  readonly length: number;
}

/**
 * Sends the requests of a script in order, and reports each response when it arrives. If the device
 * disconnects during the last request, that request succeeded: it may have started the firmware.
 *
 * @param sink for the responses; undefined if there is nothing to write
 * @throws CliError with the line of the first request that fails; the later ones are not sent
 */
export async function runScript(
  script: Script,
  { device, info }: { readonly device: Device; readonly info: DeviceInfo },
  options: ControlOptions,
  shutdown: Interruption,
  sink: Sink | undefined,
): Promise<void> {
  const { name, steps } = script;
  const responses = new Responses(name, options, sink);
  const completed: Completed[] = [];
  const total = steps.filter(({ kind }) => kind === 'request').length;
  let isComplete = false;
  try {
    await responses.start();
    for (const step of steps) {
      const { line } = step;
      if (step.kind === 'delay') {
        await delay(step.milliseconds, `${name}:${line}`, shutdown);
        continue;
      }
      const { transfer } = step;
      const isLast = completed.length + 1 === total;
      try {
        const length = await send(device, transfer, options, shutdown, isLast);
        const result = { line, transfer, length };
        completed.push(result);
        await responses.add(result);
      } catch (cause) {
        throw located(`${name}:${line}`, withProgress(cause, completed.length, total));
      }
    }
    isComplete = true;
  } finally {
    if (options.json) {
      print(toJson(scriptRecord(script, info, completed, isComplete)));
    }
  }
  await responses.end();
}

async function delay(time: number, where: string, shutdown: Interruption): Promise<void> {
  await sleep(time, undefined, { signal: shutdown.signal }).catch(() => {});
  throwIfInterrupted(shutdown, `waiting at ${where}`);
}

/** @param isLast whether the device may disconnect */
async function send(
  device: Device,
  transfer: ControlTransfer,
  options: ControlOptions,
  shutdown: Interruption,
  isLast: boolean,
): Promise<number> {
  throwIfInterrupted(shutdown, 'sending requests');
  try {
    return await exchange(device, transfer, options, shutdown);
  } catch (error) {
    const isOut = directionOfRequest(transfer.request) === 'out';
    if (isLast && isOut && (await isDisconnect(error, device))) {
      return transfer.data.length;
    }
    throw error;
  }
}

async function isDisconnect(error: unknown, device: Device): Promise<boolean> {
  const code = error instanceof CliError ? error.code : undefined;
  return (
    code === 'device-lost' ||
    (code === 'request-failed' && (await lossSoon(device)) === 'disconnected')
  );
}

/** Adds how many requests of the script were sent before one failed. */
function withProgress(cause: unknown, sent: number, total: number): unknown {
  if (!(cause instanceof CliError) || cause.code === 'interrupted') {
    return cause;
  }
  const message = `${cause.message}; ${sent} of ${countOf(total, 'request')} succeeded before it`;
  return new CliError(cause.code, message, { advice: cause.advice, cause });
}

function scriptRecord(
  { name, steps }: Script,
  info: DeviceInfo,
  completed: readonly Completed[],
  isComplete: boolean,
): object {
  return {
    schema: 'usbxfer.control-script/1',
    device: identityRecord(info),
    script: name,
    request_count: steps.filter(({ kind }) => kind === 'request').length,
    complete: isComplete,
    requests: completed.map(({ line, transfer, length }) => ({
      line,
      request: requestRecord(transfer),
      bytes: length,
      data: transfer.data.toString('hex', 0, length),
    })),
  };
}

/** Writes the responses of a script, one after the other, as bytes or as text. */
class Responses {
  readonly #name: string;
  readonly #options: ControlOptions;
  readonly #sink: Sink | undefined;
  /** Whether the reader of the output closed it. */
  #isClosed = false;

  constructor(name: string, options: ControlOptions, sink: Sink | undefined) {
    this.#name = name;
    this.#options = options;
    this.#sink = sink;
  }

  start(): Promise<void> {
    return this.#output(async (sink) => sink.start());
  }

  /** Writes a response, and warns if it is shorter than requested. */
  async add({ line, transfer: { request, data }, length }: Completed): Promise<void> {
    const { json, hex, quiet } = this.#options;
    if (directionOfRequest(request) === 'out' || json) {
      return;
    }
    const where = `${this.#name}:${line}`;
    if (length < data.length && !quiet) {
      const requested = countOf(data.length, 'byte');
      logToStderr(`usbxfer: ${where}: the device responded with only ${length} of ${requested}`);
    }
    const bytes = data.subarray(0, length);
    const dump =
      `${where}: ${countOf(length, 'byte')}\n${hexDumpLines(bytes).join('\n')}`.trimEnd();
    if (this.#sink !== undefined) {
      await this.#write(hex ? Buffer.from(`${dump}\n`) : bytes);
    } else if (hex) {
      print(dump);
    }
  }

  /** Closes the output. */
  end(): Promise<void> {
    return this.#output((sink) => sink.close());
  }

  async #write(bytes: Buffer): Promise<void> {
    if (bytes.length > 0) {
      await this.#output(
        (sink) =>
          new Promise<void>((resolve, reject) => {
            sink.write([bytes], (error) => (error ? reject(error) : resolve()));
          }),
      );
    }
  }

  /** Uses the output. A reader that closes the pipe early is no failure. */
  async #output(use: (sink: Sink) => Promise<void>): Promise<void> {
    try {
      if (this.#sink !== undefined && !this.#isClosed) {
        await use(this.#sink);
      }
    } catch (cause) {
      if (!isReaderGone(cause)) {
        throw new CliError('output-failed', `the output failed: ${systemReason(cause)}`, { cause });
      }
      this.#isClosed = true;
    }
  }
}
