import type { Command } from 'commander';
import { Option } from '../commander.js';
import { type Column, type Order, parseColumns, parseOrder } from '../devices/columns.js';
import { addBackendOptions, type BackendOptions } from './backend.js';
import {
  addBusOption,
  addFilterOptions,
  addKindOptions,
  type FilterOptions,
  type KindOptions,
} from './device.js';
import { addColorOption } from './output.js';
import { repeatable } from './parsers.js';

/** The options of `usbxfer list`. */
export interface ListOptions extends BackendOptions, FilterOptions, KindOptions {
  readonly json?: true;
  readonly output?: readonly Column[];
  readonly header: boolean;
  readonly listColumns?: true;
  readonly sort?: Order;
  readonly tree?: true;
  readonly verbose?: true;
  readonly driver?: readonly string[];
}

/** Adds the options of `usbxfer list`. */
export function addListOptions(command: Command): void {
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
  addKindOptions(addBusOption(addFilterOptions(command, format), format)).option(
    '--driver <name>',
    'kernel driver of an interface',
    repeatable((text) => text),
  );
  addBackendOptions(command);
}
