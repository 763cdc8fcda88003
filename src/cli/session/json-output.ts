import type { Stats } from 'node:fs';
import { CliError, systemReason } from '../errors/cli-error.js';
import { sanitize, toJson } from '../terminal/sanitize.js';
import { logToStderr, STDERR, STDOUT } from '../terminal/stdio.js';
import type { Interruption } from './shutdown.js';
import { type DataNames, SideOutput, type SidePlan } from './side-output.js';

/** The output of `--json`: stderr, or an output of its own. */
export class JsonOutput {
  readonly #target: number | string;
  /** Undefined for stderr. */
  readonly #output: SideOutput | undefined;

  private constructor(target: number | string, output: SideOutput | undefined) {
    this.#target = target;
    this.#output = output;
  }

  /** @throws CliError as `SideOutput.open` */
  static async open(plan: SidePlan, data: DataNames, shutdown: Interruption): Promise<JsonOutput> {
    const { target } = plan;
    const output = target === STDERR ? undefined : await SideOutput.open(plan, data, shutdown);
    return new JsonOutput(target, output);
  }

  /** Whether stderr has the JSON, and so no text. */
  get isOnStderr(): boolean {
    return this.#target === STDERR;
  }

  /** Whether the JSON is printed in place of a summary as text. */
  get isOnStdout(): boolean {
    return this.#target === STDOUT;
  }

  /** Whether the JSON is written to this file. */
  isOpenOn(file: Stats): boolean {
    return this.#output?.isOpenOn(file) ?? false;
  }

  /** Writes an object. Data never waits for it. */
  put(record: Record<string, unknown>): void {
    if (this.#output === undefined) {
      logToStderr(toJson(record));
    } else {
      this.#output.put(`${toJson(record)}\n`);
    }
  }

  /** Waits briefly until everything is read. Returns the failure if some text was lost. */
  async close(): Promise<CliError | undefined> {
    const cause = await this.#output?.close();
    if (cause === undefined) {
      return undefined;
    }
    const name =
      typeof this.#target === 'string'
        ? sanitize(this.#target)
        : this.#target === STDOUT
          ? 'stdout'
          : `fd:${this.#target}`;
    const message = `cannot write the JSON to ${name}: ${systemReason(cause)}`;
    return new CliError('output-failed', message, { cause });
  }
}
