import type { Command } from 'commander';
import { addBackendOptions, type BackendOptions } from './backends.js';
import { addColorOption } from './color-option.js';
import { Option } from './commander.js';
import { type Column, type Order, parseColumns, parseOrder } from './list-columns.js';
import { addBusOption, addFilterOptions, each, type FilterOptions } from './selection.js';
import * as values from './values.js';

/** The options of `usbxfer list`. */
export interface ListOptions extends BackendOptions, FilterOptions {
  readonly json?: true;
  readonly output?: readonly Column[];
  readonly header: boolean;
  readonly listColumns?: true;
  readonly sort?: Order;
  readonly tree?: true;
  readonly verbose?: true;
  readonly name?: readonly string[];
  readonly driver?: readonly string[];
}

/** Adds the options of `usbxfer list`. */
export function addListOptions(command: Command): void {
  const texts = (text: string, before: readonly string[] = []) => [...before, text];
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
  addBusOption(addFilterOptions(command, each), each)
    .option('--name <text>', 'text in its name, in any case', texts)
    .option(
      '--class <class>',
      'class, by name or in hexadecimal, of the device or an interface',
      each((text) => ({ classCode: values.deviceClass(text) })),
    )
    .option('--driver <name>', 'kernel driver of an interface', texts);
  addBackendOptions(command);
}
