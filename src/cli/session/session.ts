import type { StopConditions, StreamHooks } from '../../engine/session/run.js';
import type { Backend, ClaimOptions } from '../../usb/backend.js';
import type { DeviceInfo } from '../../usb/model.js';
import { type BackendOptions, loadBackend } from '../options/backend.js';
import type { MessageOptions } from '../options/stream.js';
import { Monitor, type MonitorOptions } from '../progress/monitor.js';
import { Notices } from '../progress/notices.js';
import type { MonitoredStream } from '../progress/stream.js';
import type { Report } from '../report/report.js';
import { type TellOptions, tell } from '../report/report.js';
import type { Paint } from '../terminal/style.js';
import { type ChoiceOptions, chooseDevice } from './select-device.js';
import { type Drain, ShutdownController } from './shutdown.js';

/** What a session takes of a command's options. */
export interface SessionOptions
  extends BackendOptions,
    ChoiceOptions,
    MonitorOptions,
    MessageOptions,
    Omit<TellOptions, 'json' | 'quiet'> {
  readonly detach?: true;
  /** Milliseconds. */
  readonly duration?: number;
}

/** What every run of data is asked for with. */
export interface RunRequest extends StopConditions, StreamHooks {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly claim: ClaimOptions;
  readonly justPluggedIn: boolean;
}

/** How a report is told to a person, and to a program. */
export interface Telling<R extends Report> {
  readonly text: (report: R, paint: Paint) => string;
  readonly record: (report: R) => Record<string, unknown>;
}

/** One run of a command that moves data: its device, what interrupts it, and what tells of it. */
export class Session {
  readonly backend: Backend;
  readonly device: DeviceInfo;
  readonly notices: Notices;
  readonly interruption: ShutdownController;
  readonly monitor: Monitor;
  readonly #options: SessionOptions;

  private constructor(
    backend: Backend,
    device: DeviceInfo,
    notices: Notices,
    interruption: ShutdownController,
    monitor: Monitor,
    options: SessionOptions,
  ) {
    this.backend = backend;
    this.device = device;
    this.notices = notices;
    this.interruption = interruption;
    this.monitor = monitor;
    this.#options = options;
  }

  /**
   * Finds the device that the options mean, and runs a body of work with it. Signals are listened to,
   * and questions answered, from the beginning to the end.
   *
   * @param body returns what to exit with
   * @throws CliError when there is no such device, or `--stats` cannot be had; whatever `body` throws
   */
  static async run(
    options: SessionOptions,
    body: (session: Session) => Promise<number>,
  ): Promise<number> {
    const backend = await loadBackend(options);
    const notices = new Notices(options.json ?? options.quiet ?? false);
    const interruption = new ShutdownController(options.json);
    const monitor = new Monitor(options);
    try {
      await monitor.open(interruption);
      const device = await chooseDevice(backend, options, interruption, notices);
      return await body(new Session(backend, device, notices, interruption, monitor, options));
    } finally {
      await monitor.stop();
      interruption.dispose();
    }
  }

  get request(): RunRequest {
    const { detach, before, after, duration, wait } = this.#options;
    return {
      backend: this.backend,
      device: this.device,
      claim: { detachDriver: detach },
      before,
      after,
      duration,
      justPluggedIn: wait !== undefined,
      signal: this.interruption.signal,
    };
  }

  /** Data begins to move. */
  start(subject: MonitoredStream & Drain): void {
    this.interruption.follow(subject);
    this.monitor.start(subject);
  }

  /**
   * Tells how it went.
   *
   * @param unstarted what to tell of where it ended before `start`
   * @returns what to exit with
   */
  async conclude<R extends Report>(
    report: R,
    unstarted: MonitoredStream,
    { text, record }: Telling<R>,
  ): Promise<number> {
    const told = await this.monitor.conclude(report, unstarted);
    await tell(told, text, record, this.#options);
    return told.exitCode;
  }
}
