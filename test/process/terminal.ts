import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BINARY } from './usbxfer.js';

/** The time to wait for expected lines, and the time between two checks, in milliseconds. */
const TIMEOUT = 20_000;
const INTERVAL = 50;

/** Whether tmux is installed; USBXFER_SHELLS=required asserts it. */
export const hasTmux = process.env['USBXFER_SHELLS'] === 'required' || findsTmux();

/** A real terminal: tmux, with a bash in which `usbxfer` is the real binary on the virtual bus. */
export class Terminal {
  readonly #socket = `usbxfer-test-${randomUUID()}`;
  #isOpen = true;

  constructor(columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    // In variables, because the shell prints a stopped command as it was typed.
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

  /** Types a line and presses Enter. */
  type(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.press('Enter');
  }

  /** Presses keys by their tmux names: `C-z`, `Enter`. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** The lines on and above the screen, without empty ones at the end. */
  get lines(): string[] {
    return this.#tmux('capture-pane', '-p', '-S', '-').trimEnd().split('\n');
  }

  /** The text on the screen with its colour sequences. */
  get colours(): string {
    return this.#tmux('capture-pane', '-p', '-e').trimEnd();
  }

  /** Waits until the lines satisfy a condition. Returns the lines. */
  async shows(condition: (lines: string[]) => boolean): Promise<string[]> {
    const until = performance.now() + TIMEOUT;
    for (;;) {
      const { lines } = this;
      if (condition(lines)) {
        return lines;
      }
      if (performance.now() > until) {
        throw new Error(`the screen never satisfied ${condition}\n${lines.join('\n')}`);
      }
      await pause(INTERVAL);
    }
  }

  /** Closes it, if it is open. */
  close(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#tmux('kill-server');
    }
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
