import type { Command } from 'commander';
import { Option } from '../commander.js';
import { hexBytes } from '../commands/control/request.js';
import type { OutputOptions } from '../session/output-name.js';
import type { ChoiceOptions } from '../session/select-device.js';
import { addBackendOptions, type BackendOptions } from './backend.js';
import { addFilterOptions, addPlaceOptions } from './device.js';
import { addColorOption } from './output.js';
import * as values from './parsers.js';

/** What the options of `usbxfer control` say. */
export interface ControlOptions extends BackendOptions, ChoiceOptions, OutputOptions {
  readonly in?: true;
  readonly out?: true;
  readonly data?: Buffer;
  readonly input?: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly detach?: true;
  readonly hex?: true;
  readonly json?: true;
  readonly quiet?: true;
}

/** Adds the operands and options of `usbxfer control`, in the order in which its help shows them. */
export function addControlOptions(command: Command): void {
  command.argument(
    '<request...>',
    'in|out TYPE RECIPIENT REQUEST [VALUE [INDEX [LENGTH|DATA]]]: see usbxfer help requests',
  );
  addFilterOptions(command);
  addPlaceOptions(command);
  command
    .addOption(
      new Option('--wait [time]', 'wait for the device before starting')
        .argParser(values.timeoutOrForever)
        .preset('forever'),
    )
    .optionsGroup('Request:')
    .addOption(new Option('--in', 'the word in: the device answers').conflicts('out'))
    .option('--out', 'the word out: the device is sent something')
    .addOption(
      new Option('--data <hex>', 'bytes to send, such as 0102ff')
        .argParser(hexBytes)
        .conflicts('input'),
    )
    .option('-i, --input <file>', 'send what is in a file; - is stdin')
    .addOption(
      new Option('--timeout <time>', 'give up on an answer after so long')
        .argParser(values.duration)
        .default(5000, '5s'),
    )
    .option('--detach', 'take the interface from its kernel driver for the time of the request')
    .optionsGroup('Output:')
    .option('-o, --output <file>', 'where the answer goes; - is stdout', '-')
    .option('--force', 'overwrite an existing file')
    .option('--hex', 'write the answer as a hex dump')
    .addOption(
      new Option('--json', 'print one JSON object, the answer in it').conflicts(['output', 'hex']),
    )
    .option('-q, --quiet', 'say nothing of an answer that is shorter than asked for');
  addColorOption(command);
  addBackendOptions(command);
}
