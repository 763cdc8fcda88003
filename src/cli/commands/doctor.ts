import type { Command } from 'commander';
import type { Backend, DeviceInfo, TransferMemory } from '../../usb/backend.js';
import { type CheckResult, type CheckStatus, groupByDevice } from '../../usb/check-result.js';
import { isHub } from '../../usb/device-class.js';
import { UsbError } from '../../usb/errors.js';
import { bulkInEndpoints } from '../../usb/locate.js';
import { fittingTransfers, leastMemory, mostMemory } from '../../usb/transfer-memory.js';
import { deviceName, UNKNOWN } from '../devices/details.js';
import { fixFor } from '../errors/advice.js';
import { CliError } from '../errors/cli-error.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../options/backend.js';
import {
  addFilterOptions,
  addPlaceOptions,
  type FilterOptions,
  filterDevices,
  filterOf,
} from '../options/device.js';
import { addColorOption } from '../options/output.js';
import { DEFAULT_POOL } from '../options/stream.js';
import { binarySize, countOf, endpointName, ids, showsUnicode } from '../terminal/format.js';
import { escapeUnsafe, sanitize, toJson } from '../terminal/sanitize.js';
import { print } from '../terminal/stdio.js';
import { type Paint, painter } from '../terminal/style.js';

interface DoctorOptions extends BackendOptions, FilterOptions {
  readonly json?: true;
}

const SCHEMA = 'usbxfer.doctor/1';

/** `usbxfer doctor` */
export function define(command: Command): void {
  addFilterOptions(command);
  addPlaceOptions(command);
  command.optionsGroup('Output:').option('--json', 'print one JSON object');
  addColorOption(command);
  addBackendOptions(command);
  command.action(doctor);
}

/** @throws CliError when there is a problem, or no device to look at; the checklist is out then */
async function doctor(options: DoctorOptions): Promise<void> {
  const backend = await loadBackend(options);
  const listed = await visibleDevices(backend);
  const areNamed = Object.keys(filterOf(options)).length > 0;
  const devices = areNamed
    ? filterDevices(listed ?? [], options)
    : (listed ?? []).filter((device) => !isHub(device));
  const findings = await findingsOf(backend, devices, areNamed);
  if (options.json) {
    print(toJson({ schema: SCHEMA, checks: findings.map(toRecord) }));
  } else {
    const looks = { unicode: showsUnicode(), paint: await painter('stdout') };
    print(checklist(findings, devices, looks));
  }
  const problems = findings.filter(({ status }) => status === 'problem').length;
  const isMissing = devices.length === 0 && listed !== undefined;
  if (isMissing && (areNamed || problems === 0)) {
    throw new CliError('no-such-device', 'no device matches');
  }
  if (problems > 0) {
    throw new CliError('problems-found', `${countOf(problems, 'problem')} found`);
  }
}

/** Undefined where there is no bus, which the backend finds as well. */
async function visibleDevices(backend: Backend): Promise<DeviceInfo[] | undefined> {
  try {
    return await backend.list();
  } catch (error) {
    if (error instanceof UsbError && error.code === 'no-bus') {
      return undefined;
    }
    throw error;
  }
}

/**
 * Of a device that there is nothing to read from it is of no matter what else is wrong with it,
 * unless somebody asks for it.
 */
async function findingsOf(
  backend: Backend,
  devices: readonly DeviceInfo[],
  areNamed: boolean,
): Promise<CheckResult[]> {
  const examined = devices.filter((device) => areNamed || bulkInEndpoints(device, {}).length > 0);
  const found = groupByDevice((await backend.diagnose?.(examined)) ?? []);
  return [
    ...(found.get(undefined) ?? []),
    memoryFinding(await backend.transferMemory()),
    ...devices.flatMap((device) => [endpointFinding(device), ...(found.get(device.path) ?? [])]),
  ];
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

/** How a checklist is shown. */
export interface ChecklistOptions {
  readonly unicode: boolean;
  readonly paint: Paint;
}

/**
 * Findings as lines with a mark each, under the system's and each device's heading. What is to be
 * done stands below, in a line of its own, so that commands in it can be copied.
 */
export function checklist(
  findings: readonly CheckResult[],
  devices: readonly DeviceInfo[],
  looks: ChecklistOptions,
): string {
  const found = groupByDevice(findings);
  return [
    section('System', found.get(undefined), looks),
    ...devices.map((device) => section(heading(device), found.get(device.path), looks)),
  ].join('\n\n');
}

function section(
  heading: string,
  findings: readonly CheckResult[] | undefined,
  looks: ChecklistOptions,
): string {
  const lines = (findings ?? []).flatMap((finding) => findingLines(finding, looks));
  return [looks.paint('bold', heading), ...lines].join('\n');
}

function findingLines(
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
 * The checks of `usbxfer doctor` that are the same on every bus.
 */

/**
 * Whether the system lends what `usbxfer read` asks for when nobody says how much. What others have
 * in flight meanwhile cannot be known.
 *
 * @param memory undefined where no limit is known
 */
export function memoryFinding(memory: TransferMemory | undefined): CheckResult {
  const about = { id: 'memory', device: undefined } as const;
  if (memory === undefined) {
    return { ...about, status: 'ok', message: 'no limit to the memory of transfers is known' };
  }
  const { transfers, transferSize } = DEFAULT_POOL;
  const message =
    `the kernel lends ${binarySize(memory.bytes)} to the transfers of all programs together ` +
    `(usbfs_memory_mb); usbxfer read takes ${binarySize(transfers * transferSize)} of it`;
  if (transfers * leastMemory(transferSize) <= memory.bytes) {
    return { ...about, status: 'ok', message };
  }
  const raise = memory.raise(transfers * mostMemory(transferSize));
  const fitting = fittingTransfers(memory.bytes, transferSize);
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

/** Whether there is anything to read from a device. */
export function endpointFinding(device: DeviceInfo): CheckResult {
  const about = { id: 'endpoint', device: device.path } as const;
  const endpoints = bulkInEndpoints(device, {}).map(({ endpoint }) =>
    endpointName(endpoint.address),
  );
  if (endpoints.length > 0) {
    const names = [...new Set(endpoints)].join(', ');
    return { ...about, status: 'ok', message: `it has bulk IN endpoints: ${names}` };
  }
  return device.activeConfiguration === undefined
    ? {
        ...about,
        status: 'warning',
        message: 'it is not configured: it has no interfaces yet',
        remedy: { kind: 'replug' },
      }
    : { ...about, status: 'warning', message: 'it has no bulk IN endpoint to read from' };
}
