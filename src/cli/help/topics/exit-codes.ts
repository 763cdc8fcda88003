import { EXIT } from '../../errors/codes.js';
import type { Part, Term } from '../layout.js';

/** What each exit code means. */
const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done:
    'Done: a limit was reached, all of the input was sent, the reader closed the pipe, or a capture or ' +
    'a watch without a limit was ended by a signal.',
  internal: 'An internal error; please report it.',
  usage: 'The command line is wrong.',
  notFound: 'No such device, interface or endpoint, or several that fit.',
  cannotOpen:
    'The device cannot be opened or claimed: permission, busy, memory. Or it could not be given ' +
    'back as it was, and all else went well: its kernel driver did not come back. Or usbxfer doctor ' +
    'found a problem.',
  deviceLost: 'The device was lost, or did not come back from a reset.',
  transferErrors:
    'Transfer errors: the output has a gap or ends early, or not all of the input was sent. Or a ' +
    'control request failed.',
  ioFailed: 'The output or input failed.',
  shortOfLimit:
    'The device fell silent or took no more, the time was over, or the input ended, before the limit.',
};

/** In the order of the codes. */
const CODES = Object.entries(EXIT).map(
  ([name, code]): Term => [String(code), MEANINGS[name as keyof typeof EXIT]],
);

/** `usbxfer help exit-codes` */
export const PARTS: readonly Part[] = [
  {
    terms: [
      ...CODES,
      [
        '128+n',
        'Signal n ended the capture or the watch before its limit, or before all of the input was sent.',
      ],
    ],
  },
];
