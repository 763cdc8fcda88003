import type { Command } from 'commander';
import { lookInto } from '../../engine/device/presence.js';
import { DEFAULT_TRANSFER_SIZE, DEFAULT_TRANSFERS } from '../../engine/session/defaults.js';
import type { Backend, TransferMemory } from '../../usb/backend.js';
import { type CheckResult, type CheckStatus, groupByDevice } from '../../usb/check-result.js';
import { formatEndpoint, ids } from '../../usb/format.js';
import { inEndpoints } from '../../usb/locate.js';
import { type DeviceFilter, type DeviceInfo, isHub } from '../../usb/model.js';
import { fittingTransfers, maxMemory, minMemory } from '../../usb/transfer-memory.js';
import { deviceName, listDevices, UNKNOWN } from '../devices/details.js';
import { fixFor } from '../errors/advice.js';
import { CliError } from '../errors/cli-error.js';
import { exitCodeOf } from '../errors/codes.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../options/backend.js';
import {
  addDeviceOperand,
  addFilterOptions,
  addPlaceOptions,
  type FilterOptions,
  filterDevices,
  filterOf,
  withOperand,
} from '../options/device.js';
import { binarySize, countOf, showsUnicode } from '../terminal/format.js';
import { escapeUnsafe, sanitize, toJson } from '../terminal/sanitize.js';
import { print } from '../terminal/stdio.js';
import { addColorOption, type Paint, painter } from '../terminal/style.js';

interface DoctorOptions extends BackendOptions, FilterOptions {
  readonly json?: true;
}

const SCHEMA = 'usbxfer.doctor/1';

/** `usbxfer doctor` */
export function define(command: Command): void {
  addFilterOptions(addDeviceOperand(command));
  addPlaceOptions(command);
  command.optionsGroup('Output:').option('--json', 'print one JSON object');
  addColorOption(command);
  addBackendOptions(command);
  command.action(doctor);
}

/**
 * Prints the results and sets the exit code.
 *
 * @throws CliError if no device matches, or for a problem with `--json`; the results have been printed
 *   by then
 */
async function doctor(
  operand: readonly DeviceFilter[] | undefined,
  given: DoctorOptions,
): Promise<void> {
  const options = withOperand(given, operand);
  const backend = await loadBackend(options);
  const { devices: listed, noBus } = await listDevices(backend);
  const areNamed = Object.keys(filterOf(options)).length > 0;
  const devices = areNamed
    ? await Promise.all(filterDevices(listed, options).map((device) => lookInto(backend, device)))
    : listed.filter((device) => !isHub(device));
  const results = await runChecks(backend, devices, areNamed);
  const problems = results.filter(({ status }) => status === 'problem').length;
  const isMissing = devices.length === 0 && noBus === undefined && (areNamed || problems === 0);
  if (options.json) {
    print(toJson({ schema: SCHEMA, checks: results.map(toRecord) }), false);
  } else {
    const look = { unicode: showsUnicode(), paint: await painter('stdout') };
    const end = isMissing ? '' : `\n\n${conclusion(results)}`;
    print(checklist(results, devices, look) + end, false);
  }
  if (isMissing) {
    throw new CliError('no-such-device', 'no device matches');
  }
  if (problems > 0) {
    if (options.json) {
      throw new CliError('problems-found', `${countOf(problems, 'problem')} found`);
    }
    process.exitCode = exitCodeOf('problems-found'); // the last line of the checklist says it
  }
}

/** Checks the system and the devices. A device without a bulk IN endpoint is skipped unless named. */
async function runChecks(
  backend: Backend,
  devices: readonly DeviceInfo[],
  areNamed: boolean,
): Promise<CheckResult[]> {
  const examined = devices.filter((device) => areNamed || device.isPartial || hasBulkIn(device));
  const found = groupByDevice((await backend.diagnose?.(examined)) ?? []);
  return [
    ...(found.get(undefined) ?? []),
    checkMemory(await backend.transferMemory()),
    ...devices.flatMap((device) => [checkEndpoints(device), ...(found.get(device.path) ?? [])]),
  ];
}

function hasBulkIn(device: DeviceInfo): boolean {
  return inEndpoints(device, {}).some(({ endpoint }) => endpoint.type === 'bulk');
}

function toRecord({ id, device, status, message, remedy }: CheckResult): Record<string, unknown> {
  const fix = remedy === undefined ? null : fixFor(remedy);
  return { id, device: device ?? null, status, message, fix };
}

const MARKS: Readonly<Record<CheckStatus, string>> = { ok: '✔', warning: '!', problem: '✘' };
const ASCII_MARKS: Readonly<Record<CheckStatus, string>> = {
  ok: 'ok  ',
  warning: 'warn',
  problem: 'FAIL',
};

/** How to print a checklist. */
interface ChecklistOptions {
  readonly unicode: boolean;
  readonly paint: Paint;
}

/**
 * Formats the results as marked lines, below a heading for the system and for each device. A fix is on
 * a line of its own, so that its commands can be copied.
 */
export function checklist(
  results: readonly CheckResult[],
  devices: readonly DeviceInfo[],
  options: ChecklistOptions,
): string {
  const found = groupByDevice(results);
  return [
    section('System', found.get(undefined), options),
    ...devices.map((device) => section(heading(device), found.get(device.path), options)),
  ].join('\n\n');
}

/** The last line of the checklist. */
export function conclusion(results: readonly CheckResult[]): string {
  const count = (status: CheckStatus) =>
    results.filter((result) => result.status === status).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  if (problems === 0 && warnings === 0) {
    return 'All checks passed.';
  }
  const found = problems === 0 ? 'No problems' : countOf(problems, 'problem');
  return `${found}${warnings === 0 ? '' : `, ${countOf(warnings, 'warning')}`}.`;
}

function section(
  heading: string,
  results: readonly CheckResult[] = [],
  options: ChecklistOptions,
): string {
  const lines = results.flatMap((result) => resultLines(result, options));
  return [options.paint('bold', heading), ...lines].join('\n');
}

function resultLines(
  { status, message, remedy }: CheckResult,
  { unicode, paint }: ChecklistOptions,
): string[] {
  const mark = (unicode ? MARKS : ASCII_MARKS)[status];
  const shown = status === 'problem' ? paint('red', mark) : mark;
  const indent = ' '.repeat(mark.length + 3);
  return [
    `  ${shown} ${escapeUnsafe(message)}`,
    ...(remedy ? [`${indent}${unicode ? '→' : '->'} ${escapeUnsafe(fixFor(remedy))}`] : []),
  ];
}

function heading(device: DeviceInfo): string {
  const name = deviceName(device, UNKNOWN);
  return `${device.path}  ${ids(device)}  ${sanitize(name)}`.trimEnd();
}

/*
 * The checks that are the same on every bus.
 */

/**
 * Checks whether the default transfers of `usbxfer read` fit the memory limit. The memory that other
 * programs use at the moment is unknown.
 *
 * @param memory undefined if no limit is known
 */
export function checkMemory(memory: TransferMemory | undefined): CheckResult {
  const about = { id: 'memory', device: undefined } as const;
  if (memory === undefined) {
    return { ...about, status: 'ok', message: 'no memory limit for transfers is known' };
  }
  const message =
    `the kernel limits USB transfers to ${binarySize(memory.bytes)} for all programs combined ` +
    `(usbfs_memory_mb); usbxfer read uses ${binarySize(DEFAULT_TRANSFERS * DEFAULT_TRANSFER_SIZE)}`;
  if (DEFAULT_TRANSFERS * minMemory(DEFAULT_TRANSFER_SIZE) <= memory.bytes) {
    return { ...about, status: 'ok', message };
  }
  const raise = memory.raise(DEFAULT_TRANSFERS * maxMemory(DEFAULT_TRANSFER_SIZE));
  const fitting = fittingTransfers(memory.bytes, DEFAULT_TRANSFER_SIZE);
  return {
    ...about,
    status: 'problem',
    message,
    remedy:
      fitting > 0
        ? { kind: 'any-of', remedies: [raise, { kind: 'use-fewer-transfers', transfers: fitting }] }
        : raise,
  };
}

/** Checks whether a device has an endpoint to read from. */
export function checkEndpoints(device: DeviceInfo): CheckResult {
  const about = { id: 'endpoint', device: device.path } as const;
  if (device.isPartial) {
    const message = 'its endpoints are not known: give its ID or its path to open it';
    return { ...about, status: 'ok', message };
  }
  const endpoints = inEndpoints(device, {}).map(({ endpoint }) => endpoint);
  const [first] = endpoints;
  if (first !== undefined) {
    const names = new Set(endpoints.map(({ address }) => formatEndpoint(address)));
    const message = `it has ${first.type} IN endpoints: ${[...names].join(', ')}`;
    return { ...about, status: 'ok', message };
  }
  return device.configurationValue === undefined
    ? {
        ...about,
        status: 'warning',
        message: 'it has no configuration, so it has no interfaces',
        remedy: { kind: 'replug' },
      }
    : { ...about, status: 'warning', message: 'it has no IN endpoint to read from' };
}
