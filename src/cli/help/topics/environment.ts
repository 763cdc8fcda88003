import type { Part } from '../layout.js';

/** `usbxfer help environment` */
export const PARTS: readonly Part[] = [
  {
    terms: [
      [
        'USBXFER_BACKEND',
        'The bus to use where --backend is not given: libusb or virtual. Empty is as good as not set.',
      ],
      [
        'USBXFER_DEBUG',
        'When set and not empty, as --debug: failures are told with what began them.',
      ],
      ['NO_COLOR', 'When set and not empty, nothing is coloured, unless --color says so.'],
      [
        'FORCE_COLOR',
        'When set, colour is used even where the stream is no terminal; 0 or false: none is.',
      ],
      ['TERM', 'Where it is dumb, nothing is coloured, and no progress is drawn.'],
      [
        'LC_ALL, LC_CTYPE, LANG',
        'Whether the terminal shows Unicode: progress, trees and the marks of usbxfer doctor are ASCII ' +
          'if not.',
      ],
      [
        'USBXFER_SYSFS',
        'A folder that stands for / where devices are looked for: below it are sys/bus/usb/devices, ' +
          'dev/bus/usb and usr/share/hwdata/usb.ids. For tests, and for what was recorded elsewhere.',
      ],
      ['COLUMNS', 'How wide progress is where stderr is no terminal.'],
    ],
  },
];
