import type { Command } from 'commander';
import { Option } from '../commander.js';
import { hexBytes } from '../commands/control/request.js';
import type { OutputOptions } from '../session/output-name.js';
import type { ChoiceOptions } from '../session/select-device.js';
import { addBackendOptions, type BackendOptions } from './backend.js';
import { addFilterOptions, addPlaceOptions, waitOption } from './device.js';
import { addColorOption } from './output.js';
import * as values from './parsers.js';

/** The options of `usbxfer control`. */
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

/** Adds the arguments and options of `usbxfer control`, in the order of its help. */
export function addControlOptions(command: Command): void {
  command.argument(
    '<request...>',
    'in|out TYPE RECIPIENT REQUEST [VALUE [INDEX [LENGTH|DATA]]]; see usbxfer help requests',
  );
  addFilterOptions(command);
  addPlaceOptions(command);
  command
    .addOption(waitOption())
    .optionsGroup('Request:')
    .addOption(new Option('--in', 'device-to-host request').conflicts('out'))
    .option('--out', 'host-to-device request')
    .addOption(
      new Option('--data <hex>', 'data to send, in hexadecimal, such as 0102ff')
        .argParser(hexBytes)
        .conflicts('input'),
    )
    .option('-i, --input <file>', 'file with the data to send; - is stdin')
    .addOption(
      new Option('--timeout <time>', 'how long to wait for the response')
        .argParser(values.duration)
        .default(5000, '5s'),
    )
    .option('--detach', 'detach the kernel driver during the request')
    .optionsGroup('Output:')
    .option('-o, --output <file>', 'file for the response; - is stdout', '-')
    .option('--force', 'overwrite an existing file')
    .option('--hex', 'write the response as a hex dump')
    .addOption(
      new Option('--json', 'print one JSON object with the response').conflicts(['output', 'hex']),
    )
    .option('-q, --quiet', 'do not warn about short responses');
  addColorOption(command);
  addBackendOptions(command);
}
