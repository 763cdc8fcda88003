import type { Command } from 'commander';
import { Option } from 'commander';
import { DEFAULT_WRITE_BUFFER } from '../../engine/receive/receiver.js';
import { DEFAULT_READ_AHEAD, type ZeroLengthPackets } from '../../engine/send/sender.js';
import type { ControlTransfer } from '../../usb/control.js';
import { request } from '../commands/control/request.js';
import type { InputOptions } from '../session/input.js';
import type { OutputOptions } from '../session/output-name.js';
import type { ChoiceOptions } from '../session/select-device.js';
import { addBackendOptions, type BackendOptions } from './backend.js';
import { addFilterOptions, addPlaceOptions, waitOption } from './device.js';
import { addColorOption } from './output.js';
import * as values from './parsers.js';

/** The transfers that are kept in flight unless told otherwise; sizes in bytes. */
export const DEFAULT_POOL = { transfers: 16, transferSize: 256 * 1024 } as const;

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
    .option('--interface <n>', 'interface number', values.uint8)
    .option('--alt <n>', 'alternate setting', values.uint8)
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
    .default(DEFAULT_WRITE_BUFFER, '64MiB');
}

/** When a zero-length packet ends what is sent. */
export function zlpOption(): InstanceType<typeof Option> {
  return new Option('--zlp <when>', 'end messages that fill their last packet with an empty one')
    .choices(['auto', 'always', 'never'])
    .default('never');
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

/** Control requests around a stream, in the order in which they were given. */
export interface MessageOptions {
  readonly before?: readonly ControlTransfer[];
  readonly after?: readonly ControlTransfer[];
}

export function addMessageOptions(command: Command): Command {
  return command
    .optionsGroup('Control requests:')
    .option(
      '--before <request>',
      "send the device, when all is ready, such as 'out vendor device 1'; may be repeated",
      values.repeatable(request),
    )
    .option(
      '--after <request>',
      'send it at the end, however that comes',
      values.repeatable(request),
    );
}

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
        .argParser(values.timeoutOrForever)
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
    .option('--interface <n>', 'interface number', values.uint8)
    .option('--alt <n>', 'alternate setting', values.uint8)
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
        .argParser(values.timeoutOrForever)
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
