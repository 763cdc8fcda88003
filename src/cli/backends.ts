import type { Command } from 'commander';
import type { Backend } from '../usb/backend.js';
import { CliError } from './cli-error.js';
import { Option } from './commander.js';
import { systemRoot } from './system-root.js';

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
    const { createVirtualBackend } = await import('../backends/virtual/backend.js');
    const { loadScenario } = await import('./scenario-option.js');
    return createVirtualBackend({ scenario: await loadScenario(options.scenario) });
  }
  if (options.scenario !== undefined) {
    throw new CliError('conflicting-options', '--scenario needs --backend virtual');
  }
  const { LibusbBackend } = await import('../backends/libusb/backend.js');
  return new LibusbBackend(systemRoot());
}
