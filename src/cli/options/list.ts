import type { Command } from 'commander';
import { Option } from '../commander.js';
import { type Column, type Order, parseColumns, parseOrder } from '../devices/columns.js';
import { addBackendOptions, type BackendOptions } from './backend.js';
import {
  addBusOption,
  addFilterOptions,
  addKindOptions,
  each,
  eachText,
  type FilterOptions,
  type KindOptions,
} from './device.js';
import { addColorOption } from './output.js';

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
      new Option('-o, --output <columns>', 'columns to show; behind a + those to add').argParser(
        parseColumns,
      ),
    )
    .option('--no-header', 'leave out the names of the columns')
    .option('--list-columns', 'show which columns there are')
    .option('--sort <column>', 'order by a column; behind a - the other way round', parseOrder)
    .option('--tree', 'show which hub each device hangs on')
    .option('-v, --verbose', 'show interfaces and endpoints as well')
    .addOption(
      new Option('--json', 'print one JSON object').conflicts([
        'output',
        'tree',
        'verbose',
        'listColumns',
      ]),
    );
  addColorOption(command);
  addKindOptions(addBusOption(addFilterOptions(command, each), each)).option(
    '--driver <name>',
    'kernel driver of an interface',
    eachText,
  );
  addBackendOptions(command);
}
