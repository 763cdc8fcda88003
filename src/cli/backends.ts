import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { Scenario } from '../backends/virtual/scenario.js';
import type { Backend } from '../usb/backend.js';
import { toError } from '../usb/to-error.js';
import { CliError, EXIT } from './exit-code.js';
import { sanitize } from './sanitize.js';
import { systemReason } from './system-reason.js';

/** Which bus to work on. */
export interface BackendOptions {
  readonly backend: string;
  readonly scenario?: string;
}

const NAMES = ['libusb', 'virtual'];

/** Adds the options that choose the bus. */
export function addBackendOptions(command: Command): Command {
  const backend = new Option('--backend <name>', 'the bus: libusb, or virtual, a simulated one')
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
    const { createVirtualBackend } = await import('../backends/virtual/backend.js');
    return createVirtualBackend({ scenario: await loadScenario(options.scenario) });
  }
  if (options.scenario !== undefined) {
    throw new CliError(EXIT.usage, '--scenario needs --backend virtual');
  }
  const { LibusbBackend } = await import('../backends/libusb/backend.js');
  return new LibusbBackend();
}

async function loadScenario(scenario = ''): Promise<Scenario> {
  const { parseScenario } = await import('../backends/virtual/scenario.js');
  const text = scenario.startsWith('@') ? await readText(scenario.slice(1)) : scenario;
  try {
    return parseScenario(text);
  } catch (cause) {
    throw new CliError(EXIT.usage, toError(cause).message, { cause });
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const name = sanitize(file);
    throw new CliError(EXIT.ioFailed, `cannot read ${name}: ${systemReason(cause)}`, { cause });
  }
}
