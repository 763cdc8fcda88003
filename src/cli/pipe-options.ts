import type { Command } from 'commander';
import type { ZeroLengthPackets } from '../transfer/sender.js';
import { addBackendOptions, type BackendOptions } from './backends.js';
import type { ChoiceOptions } from './choose-device.js';
import { Option } from './commander.js';
import type { InputOptions } from './input.js';
import { addMessageOptions, type MessageOptions } from './message-options.js';
import type { OutputOptions } from './output-plan.js';
import { addFilterOptions, addPlaceOptions } from './selection.js';
import {
  addPoolOptions,
  addReportOptions,
  backlogOption,
  type EndpointOptions,
  type PoolOptions,
  type ReportOptions,
  waitOption,
  zlpOption,
} from './stream-options.js';
import * as values from './values.js';

/** How long to await what the device still says when all is sent, in milliseconds. */
const LINGER = 1000;

/** What the options of `usbxfer pipe` say. */
export interface PipeOptions
  extends BackendOptions,
    ChoiceOptions,
    Omit<EndpointOptions, 'ep'>,
    PoolOptions,
    MessageOptions,
    InputOptions,
    OutputOptions,
    ReportOptions {
  readonly in?: number;
  readonly out?: number;
  readonly buffer: number;
  readonly timeout?: number;
  readonly zlp: ZeroLengthPackets;
  readonly linger: number;
  readonly bytes?: number;
  readonly duration?: number;
}

/** Adds the options of `usbxfer pipe`, in the order in which its help shows them. */
export function addPipeOptions(command: Command): void {
  addFilterOptions(command);
  addPlaceOptions(command);
  command
    .optionsGroup('Endpoints:')
    .option('--in <address>', 'from the device: 0x81, 81 or 1', values.inEndpoint)
    .option('--out <address>', 'to the device: 0x01, 01 or 1', values.outEndpoint)
    .option('--interface <n>', 'interface number', values.byte)
    .option('--alt <n>', 'alternate setting', values.byte)
    .option('--detach', 'take the interface from its kernel driver for the time of the transfer');
  addPoolOptions(command)
    .addOption(backlogOption())
    .option(
      '--timeout <time>',
      'cancel, keep and renew a transfer from the device that waits longer',
      values.duration,
    )
    .addOption(zlpOption());
  addMessageOptions(command)
    .optionsGroup('Limits:')
    .addOption(
      new Option('--linger <time>', 'end when all is sent, and nothing has come for so long')
        .argParser(values.patience)
        .default(LINGER, '1s'),
    )
    .option('--bytes <size>', 'end after so many bytes from the device', values.size)
    .option('--duration <time>', 'end after so long', values.duration)
    .optionsGroup('Failures:')
    .addOption(waitOption())
    .optionsGroup('Input and output:')
    .option('-i, --input <file>', 'what goes to the device; - is stdin', '-')
    .option('-o, --output <file>', 'where that from the device goes; - is stdout', '-')
    .option('--force', 'overwrite an existing file')
    .addOption(new Option('--append', 'add to the end of an existing file').conflicts('force'))
    .option('--fsync', 'make sure, at the end, that all of it is on the disk');
  addReportOptions(command, 'the transfer');
  addBackendOptions(command);
}
