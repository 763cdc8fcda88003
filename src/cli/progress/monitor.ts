import type { Stats } from 'node:fs';
import { isatty } from 'node:tty';
import { MAX_TIMEOUT_MS } from '../../usb/format.js';
import type { ReportPlan } from '../options/plan.js';
import { endRecord } from '../report/record.js';
import type { Report } from '../report/report.js';
import type { Interruption } from '../session/shutdown.js';
import { STDIN_NAMES, STDOUT_NAMES } from '../session/startup-fds.js';
import { isTerminal, showsStdout } from '../terminal/foreground.js';
import { toJsonLine } from '../terminal/sanitize.js';
import { logToStderr, STDERR, STDIN } from '../terminal/stdio.js';
import type { ProgressBar } from './bar.js';
import { StatsFile } from './stats-file.js';
import { MonitoredStream } from './stream.js';

/** The interval of `--stats` records without `--interval`, in milliseconds. */
const DEFAULT_INTERVAL = 1000;

/** Signals that ask for the status: `kill -USR1`, as for dd; Ctrl-T on systems that have SIGINFO. */
const STATUS_SIGNALS: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGINFO'];

/**
 * Shows the progress of a stream: on the terminal, in status lines, in `--stats` records, and when a
 * signal asks for it. Reads the counters at intervals; no transfer waits for it.
 */
export class Monitor {
  readonly #plan: ReportPlan;
  #stats: StatsFile | undefined;
  #stream: MonitoredStream | undefined;
  #progress: ProgressBar | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Handles status signals from now on: unhandled, they kill the process. */
  constructor(plan: ReportPlan) {
    this.#plan = plan;
    for (const signal of STATUS_SIGNALS) {
      process.on(signal, this.#onStatusSignal);
    }
  }

  /**
   * Opens the output of `--stats`, and prepares the progress line if it will be shown. Only then loads
   * its code, which is large.
   *
   * @throws CliError if `--stats` cannot be opened
   */
  async open(shutdown: Interruption): Promise<void> {
    const { stats } = this.#plan;
    if (isShown(this.#plan)) {
      const { ProgressBar } = await import('./bar.js');
      this.#progress = await ProgressBar.prepare();
    }
    if (stats !== undefined) {
      this.#stats = await StatsFile.open(stats, this.#plan, shutdown);
    }
  }

  /** Whether `--stats` writes to this file. */
  readonly isOpenOn = (file: Stats): boolean => this.#stats?.isOpenOn(file) ?? false;

  /** Starts to show the progress of a stream. */
  start(stream: MonitoredStream): void {
    this.#stream = stream;
    stream.mark(performance.now());
    if (this.#printsLines || this.#stats !== undefined) {
      const interval = this.#plan.interval ?? DEFAULT_INTERVAL;
      this.#timer = setInterval(this.#tick, Math.min(interval, MAX_TIMEOUT_MS));
    }
    this.#progress?.start(stream.meters);
  }

  /**
   * Writes the last `--stats` record and stops.
   *
   * @returns why some records were lost, if so
   */
  async conclude(report: Report): Promise<Error | undefined> {
    const { in: received, out: sent } = report;
    const stream =
      this.#stream ??
      new MonitoredStream({
        ...(received && { in: received.statistics }),
        ...(sent && { out: sent.statistics }),
      });
    const end = { final: true, ...endRecord(report) };
    this.#stats?.put({ ...stream.record(stream.time), ...end });
    return this.stop();
  }

  /** Stops. Returns why some `--stats` records were lost, if so. */
  async stop(): Promise<Error | undefined> {
    clearInterval(this.#timer);
    const [progress, stats] = [this.#progress, this.#stats];
    this.#progress = undefined;
    this.#stats = undefined;
    progress?.stop();
    return stats?.close();
  }

  get #printsLines(): boolean {
    const { interval, json, quiet } = this.#plan;
    return interval !== undefined && this.#progress === undefined && !json && !quiet;
  }

  readonly #tick = (): void => {
    const now = performance.now();
    if (this.#printsLines) {
      logToStderr(this.#stream?.line(true, now) ?? '');
    }
    this.#stats?.put(this.#stream?.record(now) ?? {});
    this.#stream?.mark(now);
  };

  readonly #onStatusSignal = (): void => {
    const stream = this.#stream;
    if (stream === undefined) {
      logToStderr('usbxfer: no transfer has started yet');
    } else if (this.#plan.json) {
      logToStderr(toJsonLine(stream.record(stream.time)));
    } else {
      logToStderr(stream.line(false, stream.time));
    }
  };
}

/**
 * Whether to show the progress line. By default, it is not shown on a terminal that also shows the
 * data or the JSON summary, or on which the data is typed.
 */
function isShown({ progress, input, output, json, quiet }: ReportPlan): boolean {
  if (progress !== 'auto') {
    return progress === 'always';
  }
  if (json || quiet || !isatty(STDERR) || process.env['TERM'] === 'dumb') {
    return false;
  }
  if (input !== undefined && (STDIN_NAMES.has(input) ? isatty(STDIN) : isTerminal(input))) {
    return false;
  }
  return output === undefined || !(STDOUT_NAMES.has(output) ? showsStdout() : isTerminal(output));
}
