import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import type { ChartFile } from '../../../../../src/cli/plot/chart-data.js';
import { Folder } from '../../../../support/folder.js';
import { dataIn } from '../../../../support/plot.js';
import { usbxfer } from '../../../../support/run-command.js';

/** Files to plot, and pages of them. */
export class Plots {
  readonly folder = new Folder();
  #count = 0;

  /** The path of a file that does not exist. */
  path(name: string): string {
    this.#count += 1;
    return join(this.folder.path, `${this.#count}-${name}`);
  }

  /** Makes a file with one JSON object in each line; text is written as it is. */
  file(lines: readonly (object | string)[], name = 'made.jsonl'): string {
    const text = lines.map((line) =>
      typeof line === 'string' ? line : `${JSON.stringify(line)}\n`,
    );
    return this.folder.file(basename(this.path(name)), text.join(''));
  }

  /** Plots files. Returns what is in the page, or nothing after a failure. */
  async plot(...files: readonly string[]) {
    const page = this.path('page.html');
    const { code, stdout, stderr } = await usbxfer(['plot', ...files, '-o', page]);
    expect(stdout).toBe('');
    const html = code === 0 ? readFileSync(page, 'utf8') : '';
    rmSync(page, { force: true });
    const data = code === 0 ? dataIn(html) : undefined;
    return { code, stderr, html, files: data?.files ?? [], data };
  }

  /** Plots one file that is valid, and returns its only run. */
  async plotOne(file: string): Promise<ChartFile> {
    const { code, stderr, files } = await this.plot(file);
    expect([code, stderr]).toEqual([0, '']);
    const [only, ...others] = files;
    if (only === undefined || others.length > 0) {
      throw new Error(`the page has ${files.length} runs`);
    }
    return only;
  }
}
