import type { Command } from 'commander';
import { DEFAULT_READ_AHEAD, type ZeroLengthPackets } from '../transfer/sender.js';
import { addBackendOptions, type BackendOptions } from './backends.js';
import type { ChoiceOptions } from './choose-device.js';
import { Option } from './commander.js';
import type { InputOptions } from './input.js';
import { addMessageOptions, type MessageOptions } from './message-options.js';
import { addFilterOptions, addPlaceOptions } from './selection.js';
import {
  addEndpointOptions,
  addPoolOptions,
  addReportOptions,
  type EndpointOptions,
  type PoolOptions,
  type ReportOptions,
  waitOption,
  zlpOption,
} from './stream-options.js';
import * as values from './values.js';

/** What the options of `usbxfer write` say. */
export interface WriteOptions
  extends BackendOptions,
    ChoiceOptions,
    EndpointOptions,
    PoolOptions,
    MessageOptions,
    InputOptions,
    ReportOptions {
  readonly buffer: number;
  readonly zlp: ZeroLengthPackets;
  readonly bytes?: number;
  readonly duration?: number;
  readonly idleTimeout?: number;
}

/** Adds the options of `usbxfer write`, in the order in which its help shows them. */
export function addWriteOptions(command: Command): void {
  addFilterOptions(command);
  addPlaceOptions(command);
  addEndpointOptions(command, values.outEndpoint, '0x02, 02 or 2');
  addPoolOptions(command)
    .addOption(
      new Option('--buffer <size>', 'bytes read ahead of the device')
        .argParser(values.bufferSize)
        .default(DEFAULT_READ_AHEAD, '4MiB'),
    )
    .addOption(zlpOption());
  addMessageOptions(command)
    .optionsGroup('Input:')
    .option('-i, --input <file>', 'where the data comes from; - is stdin', '-')
    .option('--skip <size>', 'pass over so many bytes of it first', values.offset)
    .optionsGroup('Limits:')
    .option('--bytes <size>', 'send so many bytes, and no more', values.size)
    .option('--duration <time>', 'give up after so long', values.duration)
    .option(
      '--idle-timeout <time>',
      'give up when the device takes nothing for so long',
      values.duration,
    )
    .optionsGroup('Failures:')
    .addOption(waitOption());
  addReportOptions(command, 'the sending');
  addBackendOptions(command);
}
