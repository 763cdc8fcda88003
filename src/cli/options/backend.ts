import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import { parseScenario, type Scenario } from '../../backends/virtual/scenario.js';
import type { Backend } from '../../usb/backend.js';
import { toError } from '../../usb/errors.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { sanitize } from '../terminal/sanitize.js';

/** The options that select the bus. */
export interface BackendOptions {
  readonly backend: string;
  readonly scenario?: string;
}

const NAMES = ['libusb', 'virtual'];

/** Adds the options that select the bus. */
export function addBackendOptions(command: Command): Command {
  const backend = new Option('--backend <name>', 'USB bus; virtual is a simulated one')
    .choices(NAMES)
    .default('libusb');
  if (process.env['USBXFER_BACKEND'] !== '') {
    backend.env('USBXFER_BACKEND'); // an empty value is ignored
  }
  return command
    .optionsGroup('Bus:')
    .addOption(backend)
    .option('--scenario <text>', 'rates and faults of the virtual bus; @FILE reads a file');
}

/** Creates the selected backend. Loads only that one. */
export async function loadBackend(options: BackendOptions): Promise<Backend> {
  if (options.backend === 'virtual') {
    const { VirtualBackend } = await import('../../backends/virtual/backend.js');
    return new VirtualBackend({ scenario: await loadScenario(options.scenario) });
  }
  if (options.scenario !== undefined) {
    throw new CliError('conflicting-options', '--scenario needs --backend virtual');
  }
  const { LibusbBackend } = await import('../../backends/libusb/backend.js');
  return new LibusbBackend(systemRoot());
}

/**
 * The scenario in the value of `--scenario`: its text, or `@FILE`.
 *
 * @throws CliError if it is not a scenario, or the file cannot be read
 */
async function loadScenario(scenario = ''): Promise<Scenario> {
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
 * The directory that replaces / in the search for devices, from `USBXFER_SYSFS`: for tests, and for
 * files recorded on another system. Undefined if it is not set or empty.
 */
export function systemRoot(): string | undefined {
  return process.env['USBXFER_SYSFS'] || undefined;
}
