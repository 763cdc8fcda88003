import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BINARY } from './usbxfer.js';

/** How long a terminal may take to show something, in milliseconds, and how often to look. */
const PATIENCE = 20_000;
const LOOK = 50;

/** Whether there is a tmux; with USBXFER_SHELLS=required there has to be one. */
export const hasTmux = process.env['USBXFER_SHELLS'] === 'required' || findsTmux();

/** A real terminal: tmux, with a bash in which `usbxfer` is the real binary on the virtual bus. */
export class Terminal {
  readonly #socket = `usbxfer-test-${randomUUID()}`;

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    // By variables, as the shell shows a stopped command as it is written, however long.
    const program = { TEST_NODE: process.execPath, TEST_BINARY: BINARY };
    const settings = { LANG: 'C.UTF-8', PS1: '$ ', USBXFER_BACKEND: 'virtual', ...program, ...env };
    const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    const unset = ['LC_ALL', 'LC_CTYPE', 'NO_COLOR', 'FORCE_COLOR'].flatMap((name) => ['-u', name]);
    const define = 'usbxfer() { "$TEST_NODE" "$TEST_BINARY" "$@"; }';
    this.#tmux(
      ...['new-session', '-d', '-x', `${columns}`, '-y', `${rows}`],
      ...['env', ...unset, ...variables, 'bash', '--norc', '--noprofile'],
    );
    this.type(` ${define}; clear`);
  }

  /** Types a line, and Enter. */
  type(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.press('Enter');
  }

  /** Presses keys by their names in tmux: `C-z`, `Enter`. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** The lines on the screen and those above it, without the empty ones at its end. */
  get lines(): string[] {
    return this.#tmux('capture-pane', '-p', '-S', '-').trimEnd().split('\n');
  }

  /** The same with the sequences that colour it. */
  get colours(): string {
    return this.#tmux('capture-pane', '-p', '-e').trimEnd();
  }

  /** Waits until the lines are as wanted, and returns them. */
  async shows(wanted: (lines: string[]) => boolean): Promise<string[]> {
    const until = performance.now() + PATIENCE;
    for (;;) {
      const { lines } = this;
      if (wanted(lines)) {
        return lines;
      }
      if (performance.now() > until) {
        throw new Error(`the screen never became so: ${wanted}\n${lines.join('\n')}`);
      }
      await pause(LOOK);
    }
  }

  close(): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8', TERM: 'xterm-256color' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

function findsTmux(): boolean {
  try {
    execFileSync('tmux', ['-V']);
    return true;
  } catch {
    return false;
  }
}
