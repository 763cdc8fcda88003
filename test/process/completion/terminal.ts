import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINARY } from '../usbxfer.js';

/** The time after which a test fails if the screen does not show the expected text, in milliseconds. */
const TIMEOUT = 15_000;

/** Whether a program can be run on this machine. */
export function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Writes a shell script that a `Terminal` can run by name. */
export function writeProgram(folder: string, name: string, script: string): void {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** Installs the real binary under the name that the completion scripts call. */
export function writeUsbxfer(folder: string): void {
  writeProgram(folder, 'usbxfer', `exec '${process.execPath}' '${BINARY}' "$@"`);
}

/** An interactive program in a tmux terminal, with a folder as its home. */
export class Terminal {
  readonly #socket: string;

  /**
   * @param folder the working directory and home, without user settings; its `bin` is first in PATH
   * @param command the command to run
   */
  constructor(folder: string, command: string) {
    this.#socket = join(folder, 'tmux');
    const path = `${join(folder, 'bin')}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
    const environment = [
      `HOME=${folder}`,
      `PATH=${path}`,
      'TERM=screen',
      'LANG=C.UTF-8',
      'HISTFILE=',
      'PS1=$ ',
      'USBXFER_BACKEND=virtual',
    ].map((variable) => `'${variable}'`);
    this.#tmux(
      ...['-f', '/dev/null', 'new-session', '-d', '-x', '150', '-y', '50', '-c', folder],
      `env -i ${environment.join(' ')} ${command}`,
    );
  }

  /** Types text. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Presses a key by its tmux name: `Enter`, `Tab`, `C-c`. */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  /** The text on the terminal, without blanks and lines at the end. */
  screen(): string {
    return this.#tmux('capture-pane', '-p').trimEnd();
  }

  /** Waits until the terminal shows a text. */
  async shows(text: string): Promise<void> {
    const end = performance.now() + TIMEOUT;
    while (!this.screen().includes(text)) {
      if (performance.now() > end) {
        throw new Error(`no ${JSON.stringify(text)} on the screen:\n${this.screen()}`);
      }
      await sleep(50);
    }
  }

  close(): void {
    this.#tmux('kill-server');
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.#socket, ...args], { encoding: 'utf8' });
  }
}
