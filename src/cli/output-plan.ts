import { type Stats, statSync } from 'node:fs';
import { join, parse } from 'node:path';
import { CliError } from './cli-error.js';
import type { OutputFile, OutputTemplate } from './output-template.js';
import { sanitize } from './sanitize.js';
import { STDOUT_NAMES } from './stdio-names.js';

/** Where the data goes, and how. */
export interface OutputOptions {
  readonly output: string;
  readonly force?: true;
  readonly append?: true;
  /** Options for a file that exists which the command does not have. */
  readonly lacks?: readonly ('force' | 'append')[];
  readonly fsync?: true;
  /** Bytes in each of several files. */
  readonly splitBytes?: number;
  /** Milliseconds in each of several files. */
  readonly splitEvery?: number;
}

/** What `-o` names: nothing is open yet. */
export interface OutputPlan extends OutputOptions {
  /** The name of each file; without it the data goes to stdout. */
  readonly nameOf: ((file: OutputFile) => string) | undefined;
}

/**
 * Reads what `-o` names, `-` being stdout, before anything is opened or waited for.
 *
 * @throws CliError when the name cannot be read, or cannot be that of several files that are asked for
 */
export async function planOutput(options: OutputOptions): Promise<OutputPlan> {
  const { output } = options;
  if (output === '') {
    throw new CliError('invalid-value', '-o needs the name of a file', { advice: '- is stdout' });
  }
  const toStdout = STDOUT_NAMES.has(output);
  const template = /[{}]/.test(output) ? await readTemplate(output) : undefined;
  if (isSplit(options) && !template?.isNumbered) {
    if (!toStdout && !template) {
      requireFile(output);
    }
    const wanted = toStdout ? 'dump-{index:04}.bin' : numbered(output);
    throw new CliError(
      'conflicting-options',
      '--split-bytes and --split-every need {index} in the name of a file',
      { advice: `such as -o ${sanitize(wanted)}` },
    );
  }
  const nameOf = template ? (file: OutputFile) => template.expand(file) : () => output;
  return { ...options, nameOf: toStdout ? undefined : nameOf };
}

/** Whether several files are asked for. */
export function isSplit({ splitBytes, splitEvery }: OutputOptions): boolean {
  return splitBytes !== undefined || splitEvery !== undefined;
}

/** Most outputs have no template: it is loaded for those that do. */
async function readTemplate(text: string): Promise<OutputTemplate> {
  const { OutputTemplate } = await import('./output-template.js');
  return new OutputTemplate(text);
}

/** `dump-{index:04}.bin` for `dump.bin` */
function numbered(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-{index:04}${ext}`);
}

/** What there is by a name, if it can be told: where it cannot, opening it says why. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/**
 * What is no file has no end at which to begin another.
 *
 * @throws CliError
 */
export function requireFile(path: string): void {
  const existing = statOf(path);
  if (existing?.isFIFO() || existing?.isCharacterDevice() || existing?.isBlockDevice()) {
    throw new CliError(
      'conflicting-options',
      `--split-bytes and --split-every need files, which ${sanitize(path)} is not`,
    );
  }
}
