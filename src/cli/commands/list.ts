import { isatty } from 'node:tty';
import type { Command } from 'commander';
import type { Backend, DeviceInfo } from '../../usb/backend.js';
import { isHub } from '../../usb/device-class.js';
import { UsbError } from '../../usb/errors.js';
import { COLUMNS, type Column, comparison, DEFAULT_COLUMNS } from '../devices/columns.js';
import { type DeviceDetails, driversOf, inspectDevices } from '../devices/details.js';
import { deviceRecord } from '../devices/record.js';
import { type Branch, deviceTree } from '../devices/tree.js';
import { CliError } from '../errors/cli-error.js';
import { loadBackend } from '../options/backend.js';
import { filterDevices, matchesName } from '../options/device.js';
import { addListOptions, type ListOptions } from '../options/list.js';
import { countOf, showsUnicode } from '../terminal/format.js';
import { toJson } from '../terminal/sanitize.js';
import { logToStderr, print } from '../terminal/stdio.js';
import { styled } from '../terminal/style.js';
import { measureOf, table } from '../terminal/table.js';

const SCHEMA = 'usbxfer.list/1';

const STDOUT = 1;

/** `usbxfer list` */
export function define(command: Command): void {
  addListOptions(command);
  command.action(list);
}

/** @throws CliError when there is nothing to show; JSON is an empty list then all the same */
async function list(options: ListOptions): Promise<void> {
  if (options.listColumns) {
    print(table(COLUMNS.map(({ name, meaning }) => [name, meaning])).join('\n'));
    return;
  }
  const backend = await loadBackend(options);
  const { devices, noBus } = await visibleDevices(backend);
  const columns = options.output ?? DEFAULT_COLUMNS;
  const meant = filterDevices(devices, options);
  const asked = [...columns, ...(options.sort === undefined ? [] : [options.sort.column])];
  const asks = (...names: string[]) =>
    options.json === true || asked.some(({ name }) => names.includes(name));
  const examined = await inspectDevices(backend, options.tree ? devices : meant, {
    knownNames: asks('VENDOR', 'MODEL'),
    maxSpeed: asks('MAXSPEED'),
  });
  if (options.sort !== undefined) {
    examined.sort(comparison(options.sort));
  }
  const fitting = new Set(meant);
  const isShown = (device: DeviceDetails) => fitting.has(device.info) && fits(device, options);
  const shown = examined.filter(isShown);
  if (options.json) {
    print(toJson({ schema: SCHEMA, devices: shown.map(deviceRecord) }));
  }
  if (shown.length === 0) {
    throw noBus ?? new CliError('no-such-device', 'no device matches');
  }
  if (!options.json) {
    const branches = options.tree
      ? deviceTree(examined, isShown, showsUnicode())
      : shown.map((device) => ({ device, prefix: '', below: '' }));
    print((await tableLines(branches, columns, options)).join('\n'));
    tellOfAccess(shown);
  }
}

/** A machine without any USB bus is worth a word of its own; it has no devices all the same. */
async function visibleDevices(
  backend: Backend,
): Promise<{ devices: DeviceInfo[]; noBus?: UsbError }> {
  try {
    return { devices: await backend.list() };
  } catch (error) {
    if (!(error instanceof UsbError && error.code === 'no-bus')) {
      throw error;
    }
    return { devices: [], noBus: error };
  }
}

/** Filters that look beyond what a device says of itself. */
function fits({ name, state }: DeviceDetails, options: ListOptions): boolean {
  const drivers = driversOf(state);
  return (
    matchesName(name, options) &&
    (options.driver?.some((driver) => drivers.includes(driver)) ?? true)
  );
}

async function tableLines(
  branches: readonly Branch[],
  columns: readonly Column[],
  options: ListOptions,
): Promise<string[]> {
  const rows = branches.map(({ device, prefix }) => {
    const [first = '', ...cells] = columns.map((column) => column.cell(device));
    return [prefix + first, ...cells];
  });
  const header = options.header ? [columns.map(({ name }) => name)] : [];
  const details = options.verbose ? (await import('../devices/tree.js')).interfaceLines : () => [];
  const lines = table([...header, ...rows], {
    measure: await measureOf(rows.flat()),
    width: terminalWidth(),
    elastic: columns.map(({ elastic }) => elastic ?? false),
    mark: showsUnicode() ? '…' : '~',
  });
  const [head, body] = options.header ? [lines.slice(0, 1), lines.slice(1)] : [[], lines];
  return [
    ...(await Promise.all(head.map((line) => styled('stdout', 'bold', line)))),
    ...branches.flatMap(({ device, below }, i) => [
      body[i] ?? '',
      ...details(device).map((line) => `${below}    ${line}`),
    ]),
  ];
}

/** How wide lines may be: what is no terminal gets all of them whole. */
function terminalWidth(): number | undefined {
  return (isatty(STDOUT) && process.stdout.columns) || undefined;
}

/** Hubs are nobody's to open. */
function tellOfAccess(shown: readonly DeviceDetails[]): void {
  const devices = shown.filter(({ info }) => !isHub(info));
  const closed = devices.filter(({ state }) => state.accessible === false).length;
  if (closed > 0) {
    logToStderr(
      `usbxfer: ${closed} of ${countOf(devices.length, 'device')} cannot be opened by this user; ` +
        'usbxfer doctor -d VID:PID says why',
    );
  }
}
