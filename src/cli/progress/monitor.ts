import type { Stats } from 'node:fs';
import { isatty } from 'node:tty';
import { MAX_TIMEOUT_MS } from '../../usb/checks.js';
import type { Report } from '../report/report.js';
import type { ShutdownController } from '../session/shutdown.js';
import { STDIN_NAMES, STDOUT_NAMES } from '../session/startup-fds.js';
import { isTerminal, showsStdout } from '../terminal/foreground.js';
import { toJsonLine } from '../terminal/sanitize.js';
import { logToStderr, STDERR, STDIN } from '../terminal/stdio.js';
import type { Progress } from './bar.js';
import type { DataNames, StatsOutput } from './stats-file.js';
import { finalStatsRecord, statsRecord } from './stats-file.js';
import { type MonitoredStream, timeOf } from './stream.js';

/** Milliseconds between two records, if nobody says. */
const USUAL_INTERVAL = 1000;

/** Signals that ask how far it is: kill -USR1, as of dd; Ctrl-T where there is such a thing. */
const QUESTIONS: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGINFO'];

/** What to tell while data moves. */
export interface MonitorOptions extends DataNames {
  readonly progress: 'auto' | 'always' | 'never';
  /** Milliseconds between two plain lines, and between two records. */
  readonly interval?: number;
  readonly stats?: string;
  /** Whether `--stats` may overwrite an existing file, or add to it. */
  readonly force?: true;
  readonly append?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/**
 * Tells how data moves while it does: on the terminal, in plain lines, in records for programs, and
 * when asked by a signal. It looks at the counters by the clock; no transfer waits for it.
 */
export class Monitor {
  readonly #options: MonitorOptions;
  /** Whether to print plain lines. */
  #lines = false;
  #stats: StatsOutput | undefined;
  #subject: MonitoredStream | undefined;
  #progress: Progress | undefined;
  #timer: NodeJS.Timeout | undefined;

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
  async open(interruption: Pick<ShutdownController, 'signal' | 'received'>): Promise<void> {
    const { stats, ...data } = this.#options;
    if (isShown(this.#options)) {
      const { Progress } = await import('./bar.js');
      this.#progress = await Progress.prepare();
    }
    if (stats !== undefined) {
      const { StatsOutput } = await import('./stats-file.js');
      this.#stats = await StatsOutput.open({ ...data, stats }, interruption);
    }
  }

  /** Whether records go to this file. */
  readonly isOpenOn = (file: Stats): boolean => this.#stats?.isOpenOn(file) ?? false;

  /** Data begins to move. */
  start(subject: MonitoredStream): void {
    const { interval, json, quiet } = this.#options;
    this.#subject = subject;
    mark(subject, performance.now());
    this.#lines = interval !== undefined && this.#progress === undefined && !json && !quiet;
    if (this.#lines || this.#stats !== undefined) {
      const period = Math.min(interval ?? USUAL_INTERVAL, MAX_TIMEOUT_MS);
      this.#timer = setInterval(this.#tell, period);
    }
    this.#progress?.start(subject.meters);
  }

  /**
   * Tells programs how it ended, and nothing more from here on.
   *
   * @param unstarted what to tell of where it ended before `start`
   * @returns the report, with what went wrong in telling
   */
  async conclude<R extends Report>(report: R, unstarted: MonitoredStream): Promise<R> {
    this.#stats?.put(finalStatsRecord(this.#subject ?? unstarted, report));
    const unreported = await this.stop();
    if (unreported === undefined) {
      return report;
    }
    if (report.errorCode !== undefined) {
      return { ...report, unreported }; // it is told beside what is graver
    }
    const { exitCodeOf } = await import('../errors/codes.js');
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
    const subject = this.#subject;
    if (subject === undefined) {
      return;
    }
    const now = performance.now();
    if (this.#lines) {
      logToStderr(subject.line(true, now));
    }
    this.#stats?.put(statsRecord(subject, now));
    mark(subject, now);
  };

  readonly #answer = (): void => {
    const subject = this.#subject;
    if (subject === undefined) {
      logToStderr('usbxfer: nothing is transferred yet');
    } else if (this.#options.json) {
      logToStderr(toJsonLine(statsRecord(subject, timeOf(subject))));
    } else {
      logToStderr(subject.line(false, timeOf(subject)));
    }
  };
}

/** Begins the next interval. */
function mark({ meters }: MonitoredStream, now: number): void {
  for (const meter of meters) {
    meter.mark(now);
  }
}

/**
 * Whether the line on the terminal is drawn. Not over data that comes out there or is typed in, and
 * not beside a summary for programs.
 */
function isShown({ progress, input, output, json, quiet }: MonitorOptions): boolean {
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
