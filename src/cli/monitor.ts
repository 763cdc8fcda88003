import type { Stats } from 'node:fs';
import { isatty } from 'node:tty';
import { LONGEST_TIMER } from '../transfer/longest-timer.js';
import type { ReceiveStatistics } from '../transfer/receive-statistics.js';
import type { Goal } from './outlook.js';
import { type OutputOptions, STDOUT_NAMES } from './output-plan.js';
import type { Progress } from './progress.js';
import type { Report } from './report.js';
import { toJsonLine } from './sanitize.js';
import type { Interruption } from './signals.js';
import type { StatsOutput } from './stats-output.js';
import { finalStatsRecord, type Mark, statsRecord } from './stats-record.js';
import { statusText } from './status-text.js';
import { say } from './stdio.js';
import { isTerminal, showsStdout } from './terminals.js';

const STDERR = 2;

/** Milliseconds between two records, if nobody says. */
const USUAL_INTERVAL = 1000;

/** Signals that ask how far it is: kill -USR1, as of dd; Ctrl-T where there is such a thing. */
const QUESTIONS: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGINFO'];

/** What to tell of a capture while it runs. */
export interface MonitorOptions extends Goal, OutputOptions {
  readonly progress: 'auto' | 'always' | 'never';
  /** Milliseconds between two plain lines, and between two records. */
  readonly interval?: number;
  readonly stats?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/**
 * Tells of a capture while it runs: on the terminal, in plain lines, in records for programs, and
 * when asked by a signal. It looks at the counters by the clock; no transfer waits for it.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  /** Whether to print plain lines. */
  #lines = false;
  #stats: StatsOutput | undefined;
  #statistics: ReceiveStatistics | undefined;
  #progress: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #mark: Mark = { at: 0, bytesReceived: 0 };

  /** Answers questions from here on: unanswered, one would kill the process before its last words. */
  constructor(options: MonitorOptions) {
    this.#options = options;
    for (const signal of QUESTIONS) {
      process.on(signal, this.#answer);
    }
  }

  /**
   * Opens what `--stats` names, and sees whether there is a terminal to draw on.
   *
   * @throws CliError when `--stats` cannot be had
   */
  async open(interruption: Pick<Interruption, 'signal' | 'received'>): Promise<void> {
    const { stats, ...output } = this.#options;
    if (isShown(this.#options)) {
      const { Progress } = await import('./progress.js');
      this.#progress = await Progress.prepare(this.#options);
    }
    if (stats !== undefined) {
      const { StatsOutput } = await import('./stats-output.js');
      this.#stats = await StatsOutput.open({ ...output, stats }, interruption);
    }
  }

  /** Whether records go to this file. */
  readonly isOpenOn = (file: Stats): boolean => this.#stats?.isOpenOn(file) ?? false;

  /** The capture begins, with these counters. */
  start(statistics: ReceiveStatistics): void {
    const { interval, json, quiet } = this.#options;
    this.#statistics = statistics;
    this.#mark = { at: performance.now(), bytesReceived: 0 };
    this.#lines = interval !== undefined && this.#progress === undefined && !json && !quiet;
    if (this.#lines || this.#stats !== undefined) {
      const period = Math.min(interval ?? USUAL_INTERVAL, LONGEST_TIMER);
      this.#timer = setInterval(this.#tell, period);
    }
    this.#progress?.start(statistics);
  }

  /**
   * Tells programs how the capture ended, and nothing more from here on.
   *
   * @returns the report, with what went wrong in telling
   */
  async conclude(report: Report): Promise<Report> {
    this.#stats?.put(finalStatsRecord(report, this.#mark));
    const unreported = await this.stop();
    if (unreported === undefined) {
      return report;
    }
    if (report.errorCode !== undefined) {
      return { ...report, unreported }; // it is told beside what is graver
    }
    const { exitCodeOf } = await import('./errors.js');
    const errorCode = 'stats-failed';
    return { ...report, unreported, errorCode, exitCode: exitCodeOf(errorCode) };
  }

  /** Tells nothing any more by itself. Returns why some records did not get through, if so. */
  async stop(): Promise<Error | undefined> {
    clearInterval(this.#timer);
    const [progress, stats] = [this.#progress, this.#stats];
    this.#progress = undefined;
    this.#stats = undefined;
    progress?.stop();
    return stats?.close();
  }

  readonly #tell = (): void => {
    const statistics = this.#statistics;
    if (statistics === undefined) {
      return;
    }
    const now = performance.now();
    const { at, bytesReceived } = this.#mark;
    if (this.#lines) {
      const rate = ((statistics.bytesReceived - bytesReceived) / (now - at)) * 1000;
      say(statusText(statistics, rate, now));
    }
    this.#stats?.put(statsRecord(statistics, this.#mark, now));
    this.#mark = { at: now, bytesReceived: statistics.bytesReceived };
  };

  readonly #answer = (): void => {
    const statistics = this.#statistics;
    const now = statistics?.endedAt || performance.now();
    if (statistics === undefined) {
      say('usbxfer: nothing is transferred yet');
    } else if (this.#options.json) {
      say(toJsonLine(statsRecord(statistics, this.#mark, now)));
    } else {
      say(statusText(statistics, undefined, now));
    }
  };
}

/** Whether the line on the terminal is drawn. Not over data, and not beside a summary for programs. */
function isShown({ progress, output, json, quiet }: MonitorOptions): boolean {
  if (progress !== 'auto') {
    return progress === 'always';
  }
  if (json || quiet || !isatty(STDERR) || process.env['TERM'] === 'dumb') {
    return false;
  }
  return !(STDOUT_NAMES.has(output) ? showsStdout() : isTerminal(output));
}
