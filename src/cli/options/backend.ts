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
  /** The file that `replay` plays. */
  readonly capture?: string;
  readonly deviceFile?: string;
  readonly replay?: 'messages' | 'stream';
  /** Seconds of the recording per second; Infinity for no limit. */
  readonly replaySpeed?: number;
  readonly replayCheck?: true;
  /** Whether to print no notices. */
  readonly quiet?: true;
}

const NAMES = ['libusb', 'virtual', 'replay'];

/** The options that need a certain backend. */
const NEEDED = [
  ['scenario', '--scenario', 'virtual'],
  ['capture', '--capture', 'replay'],
  ['deviceFile', '--device-file', 'replay'],
  ['replay', '--replay', 'replay'],
  ['replaySpeed', '--replay-speed', 'replay'],
  ['replayCheck', '--replay-check', 'replay'],
] as const satisfies readonly (readonly [keyof BackendOptions, string, string])[];

/** Adds the options that select the bus. */
export function addBackendOptions(command: Command): Command {
  const backend = new Option('--backend <name>', 'USB bus: a real, a simulated or a recorded one')
    .choices(NAMES)
    .default('libusb');
  if (process.env['USBXFER_BACKEND'] !== '') {
    backend.env('USBXFER_BACKEND'); // an empty value is ignored
  }
  return command
    .optionsGroup('Bus:')
    .addOption(backend)
    .option('--scenario <text>', 'rates and faults of the virtual bus; @FILE reads a file')
    .option('--capture <file>', 'pcapng or pcap file to replay')
    .option('--device-file <file>', 'descriptors of devices to replay, by umockdev-record');
}

/** Returns the options that select the bus, of all options of a command. */
export function backendOptionsOf(options: BackendOptions): BackendOptions {
  const { backend, scenario, capture, deviceFile, replay, replaySpeed, replayCheck, quiet } =
    options;
  const given = { scenario, capture, deviceFile, replay, replaySpeed, replayCheck, quiet };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return { backend, ...Object.fromEntries(entries) };
}

/** Creates the selected backend. Loads only that one. */
export async function loadBackend(options: BackendOptions): Promise<Backend> {
  for (const [key, option, backend] of NEEDED) {
    if (options[key] !== undefined && options.backend !== backend) {
      throw new CliError('conflicting-options', `${option} needs --backend ${backend}`);
    }
  }
  if (options.backend === 'virtual') {
    const { VirtualBackend } = await import('../../backends/virtual/backend.js');
    return new VirtualBackend({ scenario: await loadScenario(options.scenario) });
  }
  if (options.backend === 'replay') {
    const { loadReplay } = await import('../replay/load-replay.js');
    return loadReplay(options);
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
