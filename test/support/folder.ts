import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

/** Creates a directory for a simulated /sys, /proc or /dev. It is removed after the tests of the file. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'usbxfer-'));

  constructor() {
    afterAll(() => rmSync(this.path, { recursive: true }));
  }

  file(name: string, content: string | Uint8Array): string {
    const path = this.#place(name);
    writeFileSync(path, content);
    return path;
  }

  link(name: string, target: string): string {
    const path = this.#place(name);
    symlinkSync(target, path);
    return path;
  }

  #place(name: string): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  }
}
