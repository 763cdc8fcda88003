import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { Option } from 'commander';
import { lookInto } from '../../engine/device/presence.js';
import type { Backend } from '../../usb/backend.js';
import { type DeviceFilter, type DeviceInfo, isHub } from '../../usb/model.js';
import {
  COLUMNS,
  type Column,
  comparison,
  DEFAULT_COLUMNS,
  type Order,
  parseColumns,
  parseOrder,
} from '../devices/columns.js';
import {
  type DeviceDetails,
  driversOf,
  inspectDevices,
  type ListedDevices,
  listDevices,
} from '../devices/details.js';
import { deviceRecord } from '../devices/record.js';
import { type Branch, deviceTree, interfaceLines } from '../devices/tree.js';
import { CliError } from '../errors/cli-error.js';
import { addBackendOptions, type BackendOptions, loadBackend } from '../options/backend.js';
import {
  addBusOption,
  addDeviceOperands,
  addFilterOptions,
  addKindOptions,
  type FilterOptions,
  filterDevices,
  type KindOptions,
  matchesName,
  withOperand,
} from '../options/device.js';
import { repeatable } from '../options/parsers.js';
import { countOf, showsUnicode } from '../terminal/format.js';
import { toJson } from '../terminal/sanitize.js';
import { logToStderr, print, STDOUT } from '../terminal/stdio.js';
import { addColorOption, painter } from '../terminal/style.js';
import { measureOf, table } from '../terminal/table.js';

const SCHEMA = 'usbxfer.list/1';

interface ListOptions extends BackendOptions, FilterOptions, KindOptions {
  readonly json?: true;
  readonly output?: readonly Column[];
  readonly header: boolean;
  readonly listColumns?: true;
  readonly sort?: Order;
  readonly tree?: true;
  readonly verbose?: true;
  readonly open?: true;
  readonly driver?: readonly string[];
}

/** `usbxfer list` */
export function define(command: Command): void {
  command
    .optionsGroup('Output:')
    .addOption(
      new Option(
        '-o, --output <columns>',
        'columns to show; a + in front adds to the default ones',
      ).argParser(parseColumns),
    )
    .option('--no-header', 'omit the header line')
    .option('--list-columns', 'list the available columns')
    .option('--sort <column>', 'sort by this column; a - in front reverses the order', parseOrder)
    .option('--tree', 'show each device below its hub')
    .option('-v, --verbose', 'show interfaces and endpoints')
    .addOption(
      new Option('--json', 'print one JSON object').conflicts([
        'output',
        'tree',
        'verbose',
        'listColumns',
      ]),
    );
  addColorOption(command);
  const format = { repeatable: true };
  addDeviceOperands(command);
  addKindOptions(addBusOption(addFilterOptions(command, format), format)).option(
    '--driver <name>',
    'kernel driver of an interface',
    repeatable((text) => text),
  );
  addBackendOptions(command);
  command.option('--open', 'with --host, show strings and endpoints; resets the devices');
  command.action(list);
}

/** @throws CliError if no device matches; --json has printed an empty list by then */
async function list(operand: readonly DeviceFilter[], given: ListOptions): Promise<void> {
  const options = withOperand(given, operand);
  if (options.listColumns) {
    print(table(COLUMNS.map(({ name, meaning }) => [name, meaning])).join('\n'));
    return;
  }
  const backend = await loadBackend(options);
  const { devices, noBus } = await listAll(backend, options);
  const matching = new Set(filterDevices(devices, options));
  const columns = options.output ?? DEFAULT_COLUMNS;
  const used = options.sort === undefined ? columns : [...columns, options.sort.column];
  const needs = (...names: string[]) =>
    options.json === true || used.some(({ name }) => names.includes(name));
  const inspected = await inspectDevices(backend, options.tree ? devices : [...matching], {
    knownNames: needs('VENDOR', 'MODEL'),
    maxSpeed: needs('MAXSPEED'),
  });
  if (options.sort !== undefined) {
    inspected.sort(comparison(options.sort));
  }
  const isShown = (device: DeviceDetails) =>
    matching.has(device.info) && matchesDetails(device, options);
  const shown = inspected.filter(isShown);
  if (options.json) {
    print(toJson({ schema: SCHEMA, devices: shown.map(deviceRecord) }));
  }
  if (shown.length === 0) {
    throw noBus ?? new CliError('no-such-device', 'no device matches');
  }
  if (!options.json) {
    const branches = options.tree
      ? deviceTree(inspected, isShown, showsUnicode())
      : shown.map((device) => ({ device, prefix: '', below: '' }));
    print((await tableLines(branches, columns, options)).join('\n'));
    warnAboutAccess(shown);
  }
}

/**
 * Lists the devices. With `--open`, opens those of a server to learn what its list lacks, unless they are in
 * use.
 */
async function listAll(backend: Backend, { open, host }: ListOptions): Promise<ListedDevices> {
  if (open && host === undefined) {
    throw new CliError('conflicting-options', '--open needs --host', {
      advice: 'without --host, no device needs to be opened for the list',
    });
  }
  const listed = await listDevices(backend);
  if (!open) {
    return listed;
  }
  const devices: DeviceInfo[] = [];
  for (const device of listed.devices) {
    devices.push(await lookInto(backend, device).catch(() => device));
  }
  return { ...listed, devices };
}

/** Whether a device matches the filters that need more than its descriptors. */
function matchesDetails({ name, state }: DeviceDetails, options: ListOptions): boolean {
  const drivers = driversOf(state);
  return (
    matchesName(name, options) &&
    (options.driver?.some((driver) => drivers.includes(driver)) ?? true)
  );
}

async function tableLines(
  branches: readonly Branch[],
  columns: readonly Column[],
  { header, verbose }: ListOptions,
): Promise<string[]> {
  const rows = branches.map(({ device, prefix }) => {
    const [first = '', ...cells] = columns.map((column) => column.cell(device));
    return [prefix + first, ...cells];
  });
  const head = header ? [columns.map(({ name }) => name)] : [];
  const lines = table([...head, ...rows], {
    measure: await measureOf(rows.flat()),
    width: terminalWidth(),
    elastic: columns.map(({ elastic }) => elastic ?? false),
    mark: showsUnicode() ? '…' : '~',
  });
  const paint = await painter('stdout');
  return [
    ...lines.slice(0, head.length).map((line) => paint('bold', line)),
    ...branches.flatMap(({ device, below }, i) => [
      lines[head.length + i] ?? '',
      ...(verbose ? interfaceLines(device).map((line) => `${below}    ${line}`) : []),
    ]),
  ];
}

/** The maximum width of a line; undefined if stdout is not a terminal. */
function terminalWidth(): number | undefined {
  return (isatty(STDOUT) && process.stdout.columns) || undefined;
}

/** Prints how many devices this user cannot open. Hubs do not count. */
function warnAboutAccess(shown: readonly DeviceDetails[]): void {
  const devices = shown.filter(({ info }) => !isHub(info));
  const closed = devices.filter(({ state }) => state.accessible === false).length;
  if (closed > 0) {
    logToStderr(
      `usbxfer: ${closed} of ${countOf(devices.length, 'device')} cannot be opened by this user; ` +
        'see usbxfer doctor -d VID:PID',
    );
  }
}
