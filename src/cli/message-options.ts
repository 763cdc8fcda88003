import type { Command } from 'commander';
import type { ControlMessage } from '../usb/control-request.js';
import { request } from './request-words.js';

/** Control requests around a stream, in the order in which they were given. */
export interface MessageOptions {
  readonly before?: readonly ControlMessage[];
  readonly after?: readonly ControlMessage[];
}

export function addMessageOptions(command: Command): Command {
  return command
    .optionsGroup('Control requests:')
    .option(
      '--before <request>',
      "send the device, when all is ready, such as 'out vendor device 1'; may be repeated",
      each,
    )
    .option('--after <request>', 'send it at the end, however that comes', each);
}

function each(text: string, before: readonly ControlMessage[] = []): readonly ControlMessage[] {
  return [...before, request(text)];
}
