import type { Command } from 'commander';
import { addBackendOptions, type BackendOptions } from './backends.js';
import type { ChoiceOptions } from './choose-device.js';
import { Option } from './commander.js';
import { addMessageOptions, type MessageOptions } from './message-options.js';
import type { OutputOptions } from './output-plan.js';
import { addFilterOptions, addPlaceOptions } from './selection.js';
import {
  addEndpointOptions,
  addPoolOptions,
  addReportOptions,
  backlogOption,
  type EndpointOptions,
  type PoolOptions,
  type ReportOptions,
  waitOption,
} from './stream-options.js';
import * as values from './values.js';

/** What the options of `usbxfer read` say. */
export interface ReadOptions
  extends BackendOptions,
    ChoiceOptions,
    EndpointOptions,
    PoolOptions,
    MessageOptions,
    OutputOptions,
    ReportOptions {
  readonly buffer: number;
  readonly timeout?: number;
  readonly bytes?: number;
  readonly skip?: number;
  readonly count?: number;
  readonly untilShort?: true;
  readonly duration?: number;
  readonly idleTimeout?: number;
  readonly keepGoing?: number;
  readonly reconnect?: number;
}

/** Adds the options of `usbxfer read`, in the order in which its help shows them. */
export function addReadOptions(command: Command): void {
  addFilterOptions(command);
  addPlaceOptions(command);
  addEndpointOptions(command, values.inEndpoint, '0x82, 82 or 2');
  addPoolOptions(command)
    .addOption(backlogOption())
    .option(
      '--timeout <time>',
      'cancel, keep and renew a transfer that waits longer',
      values.duration,
    );
  addMessageOptions(command)
    .optionsGroup('Limits:')
    .option('--bytes <size>', 'end after so many bytes', values.size)
    .option('--skip <size>', 'throw away so many bytes first', values.offset)
    .option('--count <n>', 'end after so many transfers with data', values.count)
    .option('--until-short', 'end with the first short or empty packet: one message')
    .option('--duration <time>', 'end after so long', values.duration)
    .option('--idle-timeout <time>', 'end when nothing has come for so long', values.duration)
    .optionsGroup('Failures:')
    .addOption(
      new Option('--keep-going [n]', 'go on after a stall or error, up to n in a row')
        .argParser(values.count)
        .preset('16'),
    )
    .addOption(
      new Option('--reconnect [time]', 'wait for the same device when it is unplugged, and go on')
        .argParser(values.patience)
        .preset('forever'),
    )
    .addOption(waitOption())
    .optionsGroup('Output:')
    .option(
      '-o, --output <file>',
      'where the data goes; - is stdout; fills in {index}, {time}, {serial}, …',
      '-',
    )
    .addOption(
      new Option('--split-bytes <size>', 'begin a new file after so many bytes')
        .argParser(values.splitSize)
        .conflicts('append'),
    )
    .addOption(
      new Option('--split-every <time>', 'begin a new file after so long')
        .argParser(values.splitTime)
        .conflicts('append'),
    )
    .option('--force', 'overwrite an existing file')
    .addOption(new Option('--append', 'add to the end of an existing file').conflicts('force'))
    .option('--fsync', 'make sure, at the end, that all of it is on the disk');
  addReportOptions(command, 'the capture');
  addBackendOptions(command);
}
