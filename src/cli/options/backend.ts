import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import { parseScenario, type Scenario } from '../../backends/virtual/scenario.js';
import type { Backend } from '../../usb/backend.js';
import { toError } from '../../usb/errors.js';
import type { ServerAddress } from '../../usb/server-address.js';
import { CliError, systemReason } from '../errors/cli-error.js';
import { sanitize } from '../terminal/sanitize.js';
import { serverAddress } from './parsers.js';

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
  /** The USB/IP server whose devices are used, in place of a bus of this machine. */
  readonly host?: ServerAddress;
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
    .option('--device-file <file>', 'descriptors of devices to replay, by umockdev-record')
    .addOption(
      new Option('--host <host[:port]>', 'USB/IP server with the devices').argParser(serverAddress),
    )
    .hook('preAction', checkBackend);
}

/** Returns the options that select the bus, of all options of a command. */
export function backendOptionsOf(options: BackendOptions): BackendOptions {
  const { backend, scenario, capture, deviceFile, replay, replaySpeed, replayCheck, host, quiet } =
    options;
  const given = { scenario, capture, deviceFile, replay, replaySpeed, replayCheck, host, quiet };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return { backend, ...Object.fromEntries(entries) };
}

/**
 * `--host` replaces a backend from the environment, but not one on the command line.
 *
 * @throws CliError if both are on the command line
 */
function checkBackend(command: Command): void {
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
  if (isGiven('host') && isGiven('backend')) {
    throw new CliError('conflicting-options', '--host and --backend cannot be used together', {
      advice: 'omit --backend',
    });
  }
}

/**
 * Creates the selected backend. Loads only that one.
 *
 * @param signal ends the reading of a capture file
 */
export async function loadBackend(options: BackendOptions, signal?: AbortSignal): Promise<Backend> {
  const selected = options.host === undefined ? options.backend : 'usbip';
  for (const [key, option, backend] of NEEDED) {
    if (options[key] !== undefined && selected !== backend) {
      throw new CliError('conflicting-options', `${option} needs --backend ${backend}`);
    }
  }
  if (options.host !== undefined) {
    const { UsbipBackend } = await import('../../backends/usbip/client/backend.js');
    return new UsbipBackend(options.host);
  }
  if (options.backend === 'virtual') {
    const { VirtualBackend } = await import('../../backends/virtual/backend.js');
    return new VirtualBackend({ scenario: await loadScenario(options.scenario) });
  }
  if (options.backend === 'replay') {
    const { loadReplay } = await import('../replay/load-replay.js');
    return loadReplay(options, signal);
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
