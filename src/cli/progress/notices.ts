import type { Gap } from '../../engine/stats/statistics.js';
import { logToStderr } from '../terminal/stdio.js';

/** Gaps that are told one by one; a device that fails all the time must not flood the terminal. */
const MOST_GAPS = 10;

/** What a running capture has to tell at once, in one line each. */
export class Notices {
  readonly #silent: boolean;
  #gaps = 0;

  /** @param silent whether stderr is to hold the summary alone, or nothing */
  constructor(silent: boolean) {
    this.#silent = silent;
  }

  readonly gap = ({ offset, cause }: Gap): void => {
    this.#gaps += 1;
    if (this.#gaps <= MOST_GAPS) {
      const next = cause === 'device-lost' ? 'waiting for the device' : 'going on';
      this.#say(`gap at byte ${offset}: ${cause}; ${next}`);
    } else if (this.#gaps === MOST_GAPS + 1) {
      this.#say('more gaps: the summary counts them');
    }
  };

  readonly waiting = (): void => {
    this.#say('waiting for the device');
  };

  readonly reconnected = (): void => {
    this.#say('the device is back: going on');
  };

  readonly shrunk = (depth: number): void => {
    this.#say(
      `the kernel has memory for ${depth} transfers in flight only: going on with these ` +
        '(usbfs_memory_mb; other programs use some of it)',
    );
  };

  readonly outputClosed = (): void => {
    this.#say('the reader of the output is gone: still sending, to the end of the input');
  };

  #say(message: string): void {
    if (!this.#silent) {
      logToStderr(`usbxfer: ${message}`);
    }
  }
}
