import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { parseScenario, type Scenario } from '../../backends/virtual/scenario/scenario.js';
import type { Backend } from '../../usb/backend.js';
import { toError } from '../../usb/errors.js';
import { Option } from '../commander.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { sanitize } from '../terminal/sanitize.js';

/** Which bus to work on. */
export interface BackendOptions {
  readonly backend: string;
  readonly scenario?: string;
}

const NAMES = ['libusb', 'virtual'];

/** Adds the options that choose the bus. */
export function addBackendOptions(command: Command): Command {
  const backend = new Option('--backend <name>', 'the bus; virtual is a simulated one')
    .choices(NAMES)
    .default('libusb');
  if (process.env['USBXFER_BACKEND'] !== '') {
    backend.env('USBXFER_BACKEND'); // empty is as good as not set
  }
  return command
    .optionsGroup('Bus:')
    .addOption(backend)
    .option(
      '--scenario <text>',
      "the virtual bus's rates and faults; @FILE reads them from a file",
    );
}

/** Makes the backend that was asked for; only that one is loaded. */
export async function loadBackend(options: BackendOptions): Promise<Backend> {
  if (options.backend === 'virtual') {
    const { createVirtualBackend } = await import('../../backends/virtual/backend.js');
    const { loadScenario } = await import('./backend.js');
    return createVirtualBackend({ scenario: await loadScenario(options.scenario) });
  }
  if (options.scenario !== undefined) {
    throw new CliError('conflicting-options', '--scenario needs --backend virtual');
  }
  const { LibusbBackend } = await import('../../backends/libusb/backend.js');
  return new LibusbBackend(systemRoot());
}

/**
 * The scenario that `--scenario` means: its text, or `@FILE` that has it.
 *
 * @throws CliError when it is none, or the file cannot be read
 */
export async function loadScenario(scenario = ''): Promise<Scenario> {
  const text = scenario.startsWith('@') ? await readText(scenario.slice(1)) : scenario;
  try {
    return parseScenario(text);
  } catch (cause) {
    throw new CliError('invalid-value', toError(cause).message, { cause });
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const name = sanitize(file);
    throw new CliError('input-failed', `cannot read ${name}: ${systemReason(cause)}`, { cause });
  }
}

/**
 * The folder that stands for / where devices are looked at, `USBXFER_SYSFS`: for tests, and to look at
 * what was recorded elsewhere. Undefined, or empty: this system's own files.
 */
export function systemRoot(): string | undefined {
  return process.env['USBXFER_SYSFS'] || undefined;
}
