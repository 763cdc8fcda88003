import { readFile } from 'node:fs/promises';
import { parseScenario, type Scenario } from '../backends/virtual/scenario.js';
import { toError } from '../usb/to-error.js';
import { CliError } from './cli-error.js';
import { sanitize } from './sanitize.js';
import { systemReason } from './system-reason.js';

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
