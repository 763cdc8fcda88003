import type { Stats } from 'node:fs';
import { MAX_TIMEOUT_MS } from '../../usb/format.js';
import type { ReportPlan } from '../options/plan.js';
import { endRecord } from '../report/record.js';
import type { Report } from '../report/report.js';
import type { Interruption } from '../session/shutdown.js';
import { SideOutput } from '../session/side-output.js';
import { toJsonLine } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';
import type { ProgressBar } from './bar.js';
import { MonitoredStream } from './stream.js';
import { hasJsonOnStderr, showsProgress } from './visibility.js';

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
  #stats: SideOutput | undefined;
  #stream: MonitoredStream | undefined;
  #progress: ProgressBar | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Answers status signals until it stops. */
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
   * @param isTaken whether a file is already used for the JSON
   * @throws CliError if `--stats` cannot be opened
   */
  async open(shutdown: Interruption, isTaken: (file: Stats) => boolean): Promise<void> {
    const { stats } = this.#plan;
    if (showsProgress(this.#plan)) {
      const { ProgressBar } = await import('./bar.js');
      this.#progress = await ProgressBar.prepare();
    }
    if (stats !== undefined) {
      this.#stats = await SideOutput.open(stats, this.#plan, shutdown, isTaken);
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
    this.#put({ ...stream.record(stream.time), ...end });
    return this.stop();
  }

  /** Stops, so that nothing follows a report. Returns why some `--stats` records were lost, if so. */
  async stop(): Promise<Error | undefined> {
    for (const signal of STATUS_SIGNALS) {
      process.off(signal, this.#onStatusSignal);
    }
    clearInterval(this.#timer);
    const [progress, stats] = [this.#progress, this.#stats];
    this.#progress = undefined;
    this.#stats = undefined;
    progress?.stop();
    return stats?.close();
  }

  get #printsLines(): boolean {
    const { interval, quiet } = this.#plan;
    return interval !== undefined && this.#progress === undefined && !this.#hasJson && !quiet;
  }

  /** Whether stderr has the JSON, and so no text. */
  get #hasJson(): boolean {
    return hasJsonOnStderr(this.#plan);
  }

  #put(record: Record<string, unknown>): void {
    this.#stats?.put(`${toJsonLine(record)}\n`);
  }

  readonly #tick = (): void => {
    const now = performance.now();
    if (this.#printsLines) {
      logToStderr(this.#stream?.line(true, now) ?? '');
    }
    this.#put(this.#stream?.record(now) ?? {});
    this.#stream?.mark(now);
  };

  readonly #onStatusSignal = (): void => {
    const stream = this.#stream;
    if (this.#hasJson) {
      if (stream !== undefined) {
        logToStderr(toJsonLine(stream.record(stream.time)));
      }
    } else if (stream === undefined) {
      logToStderr('usbxfer: no transfer has started yet');
    } else {
      logToStderr(stream.line(false, stream.time));
    }
  };
}
