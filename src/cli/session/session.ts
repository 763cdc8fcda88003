import { fstatSync, type Stats } from 'node:fs';
import type { OpenOptions } from '../../engine/device/open.js';
import type { TransferObserver } from '../../engine/queue/observer.js';
import type { ReceiveOptions } from '../../engine/receive/receiver.js';
import { groupObservers } from '../../engine/record/observer-group.js';
import type { SendOptions } from '../../engine/send/sender.js';
import { defaultTransferSize, wholePackets } from '../../engine/session/defaults.js';
import type { RecoveryOptions } from '../../engine/session/recovery.js';
import type { StopConditions, StreamHooks } from '../../engine/session/run.js';
import { checkTimeout } from '../../engine/timeouts.js';
import type { Backend, Device } from '../../usb/backend.js';
import { formatEndpoint } from '../../usb/format.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import { fail, failureRecord } from '../errors/print.js';
import { loadBackend } from '../options/backend.js';
import type { ReceivePlan, ReportPlan, SendPlan, StreamPlan } from '../options/plan.js';
import { Monitor } from '../progress/monitor.js';
import { Notices } from '../progress/notices.js';
import { MonitoredStream, type StreamLimits } from '../progress/stream.js';
import type { RecordedStream, Records } from '../record/records.js';
import type { StreamStatistics } from '../report/direction.js';
import { makeReport, printReport, type StreamResult, withStatsError } from '../report/report.js';
import { isStdoutClosed, STDERR, STDIN, STDOUT } from '../terminal/stdio.js';
import { explainClosedReader } from './closed-reader.js';
import { findShortage } from './free-space.js';
import { dumpTransfers, type StreamOutput } from './hex-output.js';
import { type Input, type InputOptions, openInput } from './input.js';
import { JsonOutput } from './json-output.js';
import { noticeSlowLink } from './link-speed.js';
import { checkTransferLength, checkTransferMemory } from './memory.js';
import { openOutput } from './output.js';
import { type OutputPlan, statOf } from './output-name.js';
import { chooseDevice } from './select-device.js';
import { ShutdownController, throwIfInterrupted, unlessInterrupted } from './shutdown.js';
import { Suspensions } from './suspend.js';

/** The part of a request to the engine that is the same for all streams. */
interface StreamRequest extends StopConditions, StreamHooks {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly claim: OpenOptions;
  readonly justPluggedIn: boolean;
  readonly onOpen: ((device: Device) => Promise<void>) | undefined;
  readonly observer?: TransferObserver | undefined;
}

/**
 * Finds the device of a plan, runs a stream on it, and reports the result. Handles signals throughout.
 *
 * @param run runs the stream to its end
 * @param load creates the bus; by default, that of the plan. The signal ends it.
 * @returns the exit code
 * @throws CliError if `--json` cannot be opened. Without `--json`, also for any other failure before
 *   the stream: with it, the failure is in the JSON.
 */
export async function runSession(
  plan: StreamPlan,
  run: (session: Session) => Promise<StreamResult>,
  load: (signal: AbortSignal) => Promise<Backend> = (signal) => loadBackend(plan.backend, signal),
): Promise<number> {
  const { report: options } = plan;
  let json: JsonOutput | undefined;
  const shutdown = new ShutdownController({
    json: options.json?.target === STDERR,
    onExit: (record) => json?.isOnStderr || json?.put(record),
  });
  try {
    json = options.json && (await JsonOutput.open(options.json, options, shutdown));
    const exitCode = await runOnDevice(plan, run, load, shutdown, json).catch((error) => {
      shutdown.dispose(); // a signal must not change the exit status in the JSON
      return reportFailure(error, options, json);
    });
    const jsonError = await json?.close();
    const jsonExitCode = jsonError && (await fail(jsonError, { ...options, json: false }));
    return exitCode || (jsonExitCode ?? 0);
  } finally {
    shutdown.dispose();
  }
}

/** Writes a failure before the stream as JSON. Returns the exit code. */
async function reportFailure(
  error: unknown,
  { debug }: ReportPlan,
  json: JsonOutput | undefined,
): Promise<number> {
  if (json === undefined) {
    throw error;
  }
  const record = failureRecord(error, { debug });
  json.put(record);
  return json.isOnStderr ? record.exit_code : fail(error, { json: false, debug });
}

async function runOnDevice(
  plan: StreamPlan,
  run: (session: Session) => Promise<StreamResult>,
  load: (signal: AbortSignal) => Promise<Backend>,
  shutdown: ShutdownController,
  json: JsonOutput | undefined,
): Promise<number> {
  const { report: options } = plan;
  const backend = await unlessInterrupted(shutdown, 'starting', load);
  const notices = new Notices(options.quiet || json?.isOnStderr === true);
  const suspensions = new Suspensions();
  const monitor = new Monitor(options);
  const isTaken = (file: Stats): boolean => json?.isOpenOn(file) ?? false;
  try {
    await monitor.open(shutdown, isTaken);
    const device = await chooseDevice(backend, plan.device, shutdown, notices);
    throwIfInterrupted(shutdown, 'starting');
    const isUsed = (file: Stats): boolean => isTaken(file) || monitor.isOpenOn(file);
    const session = new Session(plan, backend, device, notices, shutdown, monitor, isUsed);
    const result = await explainClosedReader(await run(session), shutdown);
    const signal = shutdown.received;
    const report = makeReport(result, plan.duration, { device, signal, suspensions });
    const concluded = withStatsError(report, await monitor.conclude(report));
    shutdown.dispose(); // a signal must not change the exit status in the report
    await printReport(concluded, json, options);
    return concluded.exitCode;
  } finally {
    await monitor.stop();
    suspensions.dispose();
  }
}

/** One run of a streaming command: its device, and the objects that observe it. */
class Session {
  readonly device: DeviceInfo;
  readonly notices: Notices;
  readonly #plan: StreamPlan;
  #request: StreamRequest;
  #records: Records | undefined;
  readonly #shutdown: ShutdownController;
  readonly #monitor: Monitor;
  readonly #isUsed: (file: Stats) => boolean;

  /** @param isUsed whether a file has text of `--stats` or `--json` */
  constructor(
    plan: StreamPlan,
    backend: Backend,
    device: DeviceInfo,
    notices: Notices,
    shutdown: ShutdownController,
    monitor: Monitor,
    isUsed: (file: Stats) => boolean,
  ) {
    const {
      claim,
      hooks,
      duration,
      device: { wait, waitNew },
    } = plan;
    this.#plan = plan;
    this.#isUsed = isUsed;
    this.device = device;
    this.notices = notices;
    this.#shutdown = shutdown;
    this.#monitor = monitor;
    const { signal } = shutdown;
    const justPluggedIn = wait !== undefined || waitNew !== undefined;
    const onOpen = notices.isSilent
      ? undefined
      : (opened: Device) => noticeSlowLink(backend, opened, notices);
    this.#request = { backend, device, claim, duration, justPluggedIn, onOpen, signal, ...hooks };
  }

  /** The part of the request that is the same for all streams. */
  get request(): StreamRequest {
    return this.#request;
  }

  /** The callbacks of a recovery. */
  get recovery(): Pick<RecoveryOptions, 'onGap'> {
    const { recovery } = this.notices;
    const note = this.#records?.note;
    return {
      ...recovery,
      onGap: (gap, continues) => {
        note?.({ kind: 'gap', gap });
        recovery.onGap(gap, continues);
      },
    };
  }

  /**
   * Options for the receiver. Transfers have whole packets, so that the device cannot overflow them.
   *
   * @throws UsbError `not-supported` for a timeout that would lose data; CliError if nothing would remain
   *   of a packet
   */
  receiveOptions(plan: ReceivePlan, location: EndpointLocation): ReceiveOptions {
    const { receive, transferSize: wanted = defaultTransferSize(location) } = plan;
    const transferSize = wholePackets(wanted, location);
    checkTimeout(receive, this.device); // before an output is created
    checkStripPacket(receive, location);
    const { shrunk, stillSending } = this.notices;
    const flush = receive.flush && { ...receive.flush, onUnfinished: stillSending };
    return { ...receive, transferSize, flush, onShrink: shrunk };
  }

  /** Options for the sender. */
  sendOptions({ send }: SendPlan): SendOptions {
    return { ...send, onShrink: this.notices.shrunk };
  }

  /** @throws CliError if the backend or the system does not allow these transfers */
  async checkMemory(
    { endpoint }: EndpointLocation,
    ...queues: readonly (ReceiveOptions | SendOptions)[]
  ): Promise<void> {
    const { backend } = this.request;
    checkTransferLength(queues, backend.maxTransferLength);
    const memory = await backend.transferMemory();
    checkTransferMemory(queues, endpoint.maxPacketSize, memory);
  }

  /** @throws CliError if it cannot be opened */
  openInput(input: InputOptions): Promise<Input> {
    return openInput(input, this.#shutdown);
  }

  /**
   * Opens the files that describe the transfers, if there are any. Closes the input if that fails.
   *
   * @param queues the transfers of each endpoint
   * @throws CliError if one cannot be opened, or is used for something else
   */
  async openRecords(
    queues: readonly (ReceiveOptions | SendOptions)[],
    received?: RecordedStream['received'],
    input?: Input,
  ): Promise<void> {
    const { records, report: data } = this.#plan;
    if (records === undefined) {
      return;
    }
    const isInput = input === undefined ? () => false : isFileOf(input);
    const isTaken = (file: Stats) => isInput(file) || this.#isUsed(file);
    try {
      const { Records } = await import('../record/records.js');
      const { device } = this;
      const stream = { device, queues, received, data, shutdown: this.#shutdown, isTaken };
      this.#records = await Records.open(records, stream);
    } catch (error) {
      await input?.source.close();
      throw error;
    }
    const { observer } = this.#records;
    const backend = this.#records.backend(this.#request.backend);
    this.#request = { ...this.#request, backend, observer };
  }

  /**
   * Opens an output. Closes the input and the records if that fails.
   *
   * @throws CliError if it cannot be opened, or is a file that is used for something else
   */
  async openOutput({ output, receive }: ReceivePlan, input?: Input): Promise<StreamOutput> {
    const isInput = input === undefined ? () => false : isFileOf(input);
    const records = this.#records;
    const isTaken = (file: Stats) =>
      isInput(file) || this.#isUsed(file) || records?.isOpenOn(file) === true;
    try {
      if (output.nameOf === undefined && !isStdoutClosed() && isInput(fstatSync(STDOUT))) {
        throw new CliError('output-unsuitable', 'stdout is the input file', {
          advice: 'redirect stdout to another file',
        });
      }
      const { device } = this;
      const opened = await openOutput(output, device, this.#shutdown, isTaken, records?.onPart);
      if (output.hex) {
        const dump = await dumpTransfers(opened, output, receive);
        return { ...dump, observer: groupObservers([dump.observer, records?.observer]) };
      }
      await this.#checkSpace(output, opened.files()?.first);
      const sink = records?.sink(opened.sink) ?? opened.sink;
      return { ...opened, sink, observer: records?.observer };
    } catch (error) {
      await input?.source.close();
      await records?.observer?.close?.(undefined).catch(() => {});
      throw error;
    }
  }

  /** Prints a notice if the disk has too little space for the output. It may be freed in time. */
  async #checkSpace(
    { bytes, force, append, preallocate }: OutputPlan,
    file: string | undefined,
  ): Promise<void> {
    if (bytes === undefined || preallocate) {
      return;
    }
    const shortage = await findShortage(file, force === true && !append, bytes);
    if (shortage !== undefined) {
      this.notices.lowSpace(shortage);
    }
  }

  /** Starts to monitor: the engine has started to transfer data. */
  start(statistics: StreamStatistics, limits: StreamLimits): void {
    const stream = new MonitoredStream(statistics, { ...limits, duration: this.request.duration });
    this.#shutdown.follow(stream);
    this.#monitor.start(stream);
  }
}

/** @throws CliError if a packet of the endpoint has no more bytes than are removed */
function checkStripPacket(
  { stripPacket = 0 }: Pick<ReceiveOptions, 'stripPacket'>,
  { endpoint }: EndpointLocation,
): void {
  const { address, maxPacketSize } = endpoint;
  if (stripPacket >= maxPacketSize) {
    const packets = `endpoint ${formatEndpoint(address)} has packets of ${maxPacketSize} bytes`;
    throw new CliError('invalid-value', `--strip-packet ${stripPacket}: ${packets}`, {
      advice: `give at most ${maxPacketSize - 1}`,
    });
  }
}

/** Recognizes the file of an input by any of its names. */
function isFileOf({ name }: Input): (file: Stats) => boolean {
  const input = name === undefined ? fstatSync(STDIN) : statOf(name);
  return (file) => file.isFile() && file.ino === input?.ino && file.dev === input.dev;
}
