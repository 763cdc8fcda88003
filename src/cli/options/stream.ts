import { type Command, Option } from 'commander';
import { DEFAULT_WRITE_BUFFER } from '../../engine/receive/receiver.js';
import { DEFAULT_READ_AHEAD } from '../../engine/send/sender.js';
import {
  DEFAULT_LINGER,
  DEFAULT_TRANSFER_SIZE,
  DEFAULT_TRANSFERS,
} from '../../engine/session/defaults.js';
import { request } from '../commands/control/request.js';
import { sigmfType } from '../record/sigmf-type.js';
import { addColorOption } from '../terminal/style.js';
import { AttachedValueOption, parseAttachedValues } from './attached-value.js';
import { addBackendOptions } from './backend.js';
import {
  addFilterOptions,
  addPlaceOptions,
  configurationOption,
  waitNewOption,
  waitOption,
} from './device.js';
import * as values from './parsers.js';

/** The commands that stream data. */
export type StreamName = 'read' | 'write' | 'pipe' | 'extract';

type StreamOption = InstanceType<typeof Option>;

/** A heading of the help, and the options below it. */
export type Group = readonly [heading: string, ...options: StreamOption[]];

function option<T>(
  flags: string,
  text: string,
  parse?: (text: string, before: T) => T,
): StreamOption {
  const made = new Option(flags, text);
  return parse === undefined ? made : made.argParser(parse);
}

/* Options of several commands whose text differs. */

const buffer = (text: string, bytes: number, shown: string) =>
  option('--buffer <size>', text, values.bufferSize).default(bytes, shown);
const outputBuffer = () =>
  buffer('bytes to buffer while the output is slow', DEFAULT_WRITE_BUFFER, '64MiB');
const bytes = (text: string) => option('--bytes <size>', text, values.size);
const skip = (text: string) => option('--skip <size>', text, values.offset);
const idleTimeout = (text: string) => option('--idle-timeout <time>', text, values.duration);
const input = (text: string) => option('-i, --input <file>', text).default('-');
const output = (text: string) => option('-o, --output <file>', text).default(undefined, '-');
const hex = (text: string) =>
  option('--hex', text).conflicts(['splitBytes', 'splitEvery', 'preallocate']);

/* Options of several commands. */

const timeout = () =>
  option(
    '--timeout <time>',
    'cancel and resubmit transfers pending longer than this',
    values.duration,
  );
const zlp = () =>
  option('--zlp <when>', 'when to send a zero-length packet after a full last packet')
    .choices(['auto', 'always', 'never'])
    .default('never');
const clearHalt = (endpoints: string) =>
  option('--clear-halt', `clear the halt of the ${endpoints} first`);
const stripPacket = () =>
  option('--strip-packet <n>', 'remove the first n bytes of each USB packet', values.packetHeader);
const flush = () =>
  new AttachedValueOption(
    '--flush',
    'time',
    'first discard old data of the device, for 1s at most',
    values.duration,
  );
const drainAfter = () =>
  option(
    '--drain-after <time>',
    'at the end, send --after first, then read what is left',
    values.duration,
  );
const duration = () => option('--duration <time>', 'stop after this long', values.duration);

/** The options that select an interface. */
export const interfaceOptions = () => [
  configurationOption(),
  option('--interface <n>', 'interface number', values.uint8),
  option('--alt <n>', 'alternate setting number', values.uint8),
  option('--detach', 'detach the kernel driver while streaming'),
];

/**
 * The options of the transfer queue.
 *
 * @param receives whether an IN endpoint may need another default size
 */
export const queueOptions = (receives: boolean) => {
  const size = option('--transfer-size <size>', 'bytes per transfer', values.transferSize);
  return [
    option(
      '--transfers <n>',
      'number of transfers to keep in flight',
      values.transferCount,
    ).default(DEFAULT_TRANSFERS),
    receives
      ? size.default(undefined, '256KiB; interrupt IN: one interval')
      : size.default(DEFAULT_TRANSFER_SIZE, '256KiB'),
  ];
};

const hookOptions = (): Group => [
  'Control requests:',
  option(
    '--before <request>',
    'request to send before streaming; repeatable',
    values.repeatable(request),
  ),
  option(
    '--after <request>',
    'request to send after streaming, even on errors; repeatable',
    values.repeatable(request),
  ),
];

const existingFileOptions = (file: string) => [
  option('--force', `overwrite ${file}`),
  option('--append', `append to ${file}`).conflicts('force'),
];

const fileOptions = () => [
  ...existingFileOptions('an existing file'),
  option('--fsync', 'flush the output to the disk at the end'),
];

const recordOptions = (...more: readonly Option[]): Group => [
  'Records:',
  option('--record <file>', 'record every transfer in a pcapng file, for Wireshark'),
  ...more,
];

/** The option that says whether to show progress. */
export const progressOption = () =>
  option('--progress <when>', 'when to show a progress line on the terminal')
    .choices(['auto', 'always', 'never'])
    .default('auto');

const reportOptions = (...more: readonly Option[]): Group => [
  'Report:',
  progressOption(),
  option('--interval <time>', 'interval for status lines and --stats records', values.interval),
  option('--stats <file>', 'write a JSON record per interval (1s) to a file, - or fd:N'),
  new AttachedValueOption('--json', 'file', 'print the summary as one JSON object'),
  option('-q, --quiet', 'print no summary, progress or notices'),
  ...more,
];

const replayMode = () =>
  option('--replay <as>', 'play the recorded data as its messages or as one stream').choices([
    'messages',
    'stream',
  ]);
const replaySpeed = () =>
  option(
    '--replay-speed <factor>',
    'speed of the recording: max (default), real or a factor',
    values.replaySpeed,
  );
const replayCheck = () => option('--replay-check', 'fail if sent data differs from the recording');

/** The option that selects an IN endpoint. */
export const inEndpoint = () =>
  option('--ep <address>', 'endpoint, as 0x82, 82 or 2 (default: the only one)', values.inEndpoint);

/** The options that select an endpoint of each direction. */
export const pairOptions = (use = '') => [
  option('--in <address>', `endpoint to read${use}, as 0x81, 81 or 1`, values.inEndpoint),
  option('--out <address>', `endpoint to write${use}, as 0x01, 01 or 1`, values.outEndpoint),
];

/** The limits of the commands that only receive, in the data itself. */
const receivedLimits = () => [
  bytes('stop after this many bytes'),
  skip('discard this many bytes first'),
  option('--count <n>', 'stop after this many transfers with data', values.count),
  option('--until-short', 'stop after a short or zero-length packet (one message)'),
];

/** The output of the commands that only receive. */
const receivedOutput = (): Group => [
  'Output:',
  output('output file; - is stdout; may contain {index}, {time}, …'),
  hex('write each transfer as text: time, status, hex and ASCII'),
  option(
    '--split-bytes <size>',
    'start a new file after this many bytes',
    values.splitSize,
  ).conflicts('append'),
  option('--split-every <time>', 'start a new file after this long', values.splitTime).conflicts(
    'append',
  ),
  ...fileOptions(),
  option('--preallocate', 'reserve the disk space for --bytes at the start (Linux)').conflicts([
    'splitBytes',
    'splitEvery',
  ]),
];

/** The options of each command that say how a recording is played. */
const REPLAY_OPTIONS: Readonly<Record<StreamName, () => readonly StreamOption[]>> = {
  extract: () => [],
  read: () => [replayMode(), replaySpeed()],
  write: () => [replayCheck()],
  pipe: () => [replayMode(), replaySpeed(), replayCheck()],
};

/** The options of each command, in the order of its help. */
const OPTIONS: Readonly<Record<StreamName, () => readonly Group[]>> = {
  read: () => [
    ['Endpoint:', inEndpoint(), ...interfaceOptions(), clearHalt('endpoint'), flush()],
    ['Transfers:', ...queueOptions(true), outputBuffer(), timeout(), stripPacket()],
    [...hookOptions(), drainAfter()],
    [
      'Limits:',
      ...receivedLimits(),
      duration(),
      idleTimeout('stop when nothing arrives for this long'),
    ],
    [
      'Failures:',
      option(
        '--keep-going [n]',
        'continue after stalls and errors, up to n in a row',
        values.count,
      ).preset('16'),
      option(
        '--on-idle <action[,n]>',
        'restart a silent device: reset, clear-halt or reopen',
        values.restart,
      ),
      option(
        '--reconnect [time]',
        'if the device is unplugged, wait for it and continue',
        values.timeoutOrForever,
      ).preset('forever'),
      waitOption(),
      waitNewOption(),
    ],
    receivedOutput(),
    recordOptions(
      option('--index <file>', 'write when each piece of the data arrived: JSON lines'),
      option(
        '--sigmf <type>',
        'write SigMF metadata beside the output, such as ci16_le',
        sigmfType,
      ).conflicts(['append', 'splitBytes', 'splitEvery', 'hex']),
    ),
    reportOptions(),
  ],
  extract: () => [
    [
      'Endpoint:',
      inEndpoint(),
      option('--list', 'list the devices and endpoints in the capture').conflicts([
        ...['output', 'hex'],
      ]),
    ],
    ['Transfers:', outputBuffer(), stripPacket()],
    ['Limits:', ...receivedLimits()],
    receivedOutput(),
    reportOptions(),
  ],
  write: () => [
    [
      'Endpoint:',
      option(
        '--ep <address>',
        'endpoint, as 0x02, 02 or 2 (default: the only one)',
        values.outEndpoint,
      ),
      ...interfaceOptions(),
      clearHalt('endpoint'),
    ],
    [
      'Transfers:',
      ...queueOptions(false),
      buffer('bytes to read ahead of the device', DEFAULT_READ_AHEAD, '4MiB'),
      zlp(),
    ],
    hookOptions(),
    ['Input:', input('read data from here; - is stdin'), skip('skip this many bytes of the input')],
    [
      'Limits:',
      bytes('send exactly this many bytes'),
      duration(),
      idleTimeout('stop when the device accepts nothing for this long'),
    ],
    ['Failures:', waitOption(), waitNewOption()],
    recordOptions(),
    reportOptions(...existingFileOptions('an existing --record, --stats or --json file')),
  ],
  pipe: () => [
    ['Endpoints:', ...pairOptions(), ...interfaceOptions(), clearHalt('endpoints'), flush()],
    ['Transfers:', ...queueOptions(true), outputBuffer(), timeout(), stripPacket(), zlp()],
    [...hookOptions(), drainAfter()],
    [
      'Limits:',
      option(
        '--linger <time>',
        'after all is sent, stop when nothing arrives for this long',
        values.timeoutOrForever,
      ).default(DEFAULT_LINGER, '1s'),
      bytes('stop after this many bytes from the device'),
      duration(),
    ],
    ['Failures:', waitOption(), waitNewOption()],
    [
      'Input and output:',
      input('read data for the device from here; - is stdin'),
      output('write data from the device here; - is stdout'),
      hex('write each transfer, < or >, as text: time, status, hex'),
      ...fileOptions(),
    ],
    recordOptions(),
    reportOptions(),
  ],
};

/** Adds the options of a streaming command. */
export function addStreamOptions(command: Command, name: StreamName): void {
  addFilterOptions(command);
  addPlaceOptions(command);
  addGroups(command, OPTIONS[name]());
  addColorOption(command);
  if (name !== 'extract') {
    addBackendOptions(command);
  }
  for (const each of REPLAY_OPTIONS[name]()) {
    command.addOption(each);
  }
  parseAttachedValues(command);
}

/** Adds options below their headings. */
export function addGroups(command: Command, groups: readonly Group[]): void {
  for (const [heading, ...options] of groups) {
    command.optionsGroup(heading);
    for (const each of options) {
      command.addOption(each);
    }
  }
}
