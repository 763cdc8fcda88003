import type { Restart } from '../../engine/device/restart.js';
import type { Gap } from '../../engine/stats/statistics.js';
import { causeText, restartText } from '../report/words.js';
import type { SpaceShortage } from '../session/free-space.js';
import { binarySize, countOf, localTime } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import { logToStderr } from '../terminal/stdio.js';

/** How many gaps and restarts are printed: a device that always fails must not flood the terminal. */
const MAX_FAILURES = 10;

/** Prints messages about events while a stream runs. */
export class Notices {
  /** Whether it prints nothing. */
  readonly isSilent: boolean;
  #failures = 0;

  /** @param silent whether to print nothing, so that stderr contains only the summary */
  constructor(silent: boolean) {
    this.isSilent = silent;
  }

  /** The callbacks of a recovery. */
  readonly recovery = {
    onGap: ({ offset, time, cause }: Gap, continues: boolean): void => {
      const next = cause === 'device-lost' ? '; waiting for the device' : '; continuing';
      const follows = continues && cause !== 'idle' ? next : ''; // a restart says so itself
      this.#printSome(time, `gap at byte ${offset}: ${causeText(cause)}${follows}`);
    },
    onRestart: (restart: Restart, attempt: number): void =>
      this.#printSome(
        new Date(),
        `the device is silent; ${restartText(restart)}${attempt > 1 ? `, attempt ${attempt}` : ''}`,
      ),
    onInitialHalt: (): void =>
      this.#print('the endpoint was halted before the first byte; the halt is cleared, continuing'),
    onReconnect: (): void =>
      this.#print(`${localTime(new Date())}: the device is back; continuing`),
  };

  readonly stillSending = (bytes: number): void =>
    this.#print(
      `the device still sends after --flush discarded ${countOf(bytes, 'byte')}; starting`,
    );

  readonly waiting = (): void => this.#print('waiting for the device');

  readonly waitingForNew = (): void => this.#print('waiting for a new device');

  readonly shrunk = (depth: number): void =>
    this.#print(
      `the kernel has memory for only ${depth} transfers in flight; continuing with these ` +
        '(usbfs_memory_mb; other programs use part of it)',
    );

  readonly lowSpace = ({ file, free, needed }: SpaceShortage): void =>
    this.#print(
      `only ${binarySize(free)} are free for ${file === undefined ? 'stdout' : sanitize(file)}, ` +
        `but --bytes needs ${binarySize(needed)}; free some space, or the output fails when the disk is full`,
    );

  readonly slowLink = (speed: number, fastest: number): void =>
    this.#print(
      `the link runs at ${speed} Mbit/s, but the device supports ${fastest} Mbit/s; ` +
        'use a USB 3 port and cable for more speed',
    );

  readonly outputClosed = (): void =>
    this.#print('the reader of the output is gone; sending the rest of the input');

  /** Prints a gap or a restart, unless there are many. */
  #printSome(time: Date, message: string): void {
    this.#failures += 1;
    if (this.#failures <= MAX_FAILURES) {
      this.#print(`${localTime(time)}: ${message}`);
    } else if (this.#failures === MAX_FAILURES + 1) {
      this.#print('more failures follow; the summary counts them');
    }
  }

  #print(message: string): void {
    if (!this.isSilent) {
      logToStderr(`usbxfer: ${message}`);
    }
  }
}
