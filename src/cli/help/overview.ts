import { COMMANDS, HELP_SUMMARY } from '../command-table.js';
import { exampleLines } from './examples.js';
import { sentence, termLines, wrap } from './text.js';
import { TOPICS } from './topics.js';

const WIDTH = 80;

/** What usbxfer does. */
export const SUMMARY = 'move bulk data between any USB device and a shell pipeline';

/** The help of usbxfer as a whole: a screen of 80 by 24 shows all of it, and a prompt. */
export function overview(): string {
  const commands = COMMANDS.map(({ name, summary }) => [name, summary] as const);
  const topics = TOPICS.map(({ name }) => name).join(', ');
  return [
    `${sentence(SUMMARY)} Examples:`,
    ...exampleLines('usbxfer'),
    '',
    'Usage: usbxfer <command> [options]. Commands:',
    ...termLines([...commands, ['help', HELP_SUMMARY]], WIDTH),
    '',
    ...wrap(`Topics: ${topics}.`, WIDTH),
    'More: usbxfer <command> --help, usbxfer help <topic>, man usbxfer.',
    'Options of usbxfer itself: -h, --help; -V, --version; --debug.',
  ].join('\n');
}
