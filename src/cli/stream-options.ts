import type { Command } from 'commander';
import { DEFAULT_BACKLOG } from '../transfer/receiver.js';
import { addColorOption } from './color-option.js';
import { Option } from './commander.js';
import { DEFAULT_POOL } from './default-pool.js';
import * as values from './values.js';

/*
 * Options that every command has that moves data through an endpoint.
 */

/** Which endpoint of the device. */
export interface EndpointOptions {
  readonly ep?: number;
  readonly interface?: number;
  readonly alt?: number;
  readonly detach?: true;
}

/** The pool of transfers; sizes in bytes. */
export interface PoolOptions {
  readonly transfers: number;
  readonly transferSize: number;
}

/** What is told, and how. */
export interface ReportOptions {
  readonly progress: 'auto' | 'always' | 'never';
  /** Milliseconds. */
  readonly interval?: number;
  readonly stats?: string;
  readonly json?: true;
  readonly quiet?: true;
  /** One of the program's own. */
  readonly debug?: true;
}

/**
 * @param endpoint reads the value of `--ep`
 * @param example two addresses and a number that mean the same
 */
export function addEndpointOptions(
  command: Command,
  endpoint: (text: string) => number,
  example: string,
): Command {
  return command
    .optionsGroup('Endpoint:')
    .option('--ep <address>', `endpoint: ${example}; by default the only one`, endpoint)
    .option('--interface <n>', 'interface number', values.byte)
    .option('--alt <n>', 'alternate setting', values.byte)
    .option('--detach', 'take the interface from its kernel driver for the time of the transfer');
}

export function addPoolOptions(command: Command): Command {
  return command
    .optionsGroup('Transfers:')
    .option(
      '--transfers <n>',
      'transfers kept in flight',
      values.transferCount,
      DEFAULT_POOL.transfers,
    )
    .addOption(
      new Option('--transfer-size <size>', 'bytes in each')
        .argParser(values.transferSize)
        .default(DEFAULT_POOL.transferSize, '256KiB'),
    );
}

/** How much of what is received may wait. */
export function backlogOption(): InstanceType<typeof Option> {
  return new Option('--buffer <size>', 'bytes that may wait for a slow output')
    .argParser(values.bufferSize)
    .default(DEFAULT_BACKLOG, '64MiB');
}

/** When a zero-length packet ends what is sent. */
export function zlpOption(): InstanceType<typeof Option> {
  return new Option('--zlp <when>', 'end messages that fill their last packet with an empty one')
    .choices(['auto', 'always', 'never'])
    .default('never');
}

/** How long to wait for the device that is meant. */
export function waitOption(): InstanceType<typeof Option> {
  return new Option('--wait [time]', 'wait for the device before starting')
    .argParser(values.patience)
    .preset('forever');
}

/** @param what what gets on: "the capture" */
export function addReportOptions(command: Command, what: string): void {
  command
    .optionsGroup('Report:')
    .addOption(
      new Option('--progress <when>', `show on the terminal how ${what} gets on`)
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .option(
      '--interval <time>',
      'print a plain line each time; records of --stats',
      values.interval,
    )
    .option('--stats <file>', 'a JSON record each interval, 1s by default; - is stdout, or fd:N')
    .option('--json', 'print the summary as one JSON object, on stderr')
    .option('-q, --quiet', 'print no summary, and no progress');
  addColorOption(command);
}
