import type { Part } from './part.js';

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
      ['NO_COLOR', 'When set and not empty, nothing is coloured.'],
      ['FORCE_COLOR', 'When set, colour is used even where the stream is no terminal.'],
    ],
  },
];
