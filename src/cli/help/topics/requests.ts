import { LARGEST_CONTROL_DATA } from '../../../usb/control.js';
import type { Part } from '../layout.js';

/** `usbxfer help requests` */
export const PARTS: readonly Part[] = [
  'A control request goes to endpoint 0 of a device, and is written as one of',
  {
    terms: [
      ['in TYPE RECIPIENT REQUEST [VALUE [INDEX [LENGTH]]]', 'The device answers.'],
      ['out TYPE RECIPIENT REQUEST [VALUE [INDEX [DATA]]]', 'The device is sent something.'],
    ],
  },
  'These are the arguments of usbxfer control, or, in quotes, the one argument of an option.',
  {
    terms: [
      ['TYPE', 'Who defines it: standard (USB itself), class or vendor.'],
      [
        'RECIPIENT',
        'Whom it is for: device, interface, endpoint or other. INDEX says which interface or ' +
          'endpoint: its number or its address, such as 0x82.',
      ],
      ['REQUEST', 'bRequest: 0 to 255.'],
      ['VALUE, INDEX', 'wValue and wIndex: 0 to 65535; 0 where they are left out.'],
      [
        'LENGTH',
        `wLength: how many bytes the device may answer with, 0 to ${LARGEST_CONTROL_DATA}; none ` +
          'where it is left out. It may answer with fewer.',
      ],
      [
        'DATA',
        'Bytes to send, each of two hexadecimal digits, with or without spaces or colons ' +
          `between them: 0102ff, 01:02:ff. At most ${LARGEST_CONTROL_DATA} bytes.`,
      ],
    ],
  },
  'Numbers are decimal, or hexadecimal with 0x: 14 or 0x0e. In place of in or out, TYPE and ' +
    'RECIPIENT may stand bmRequestType as a number: 0xc0 for in vendor device.',
  { heading: 'For instance' },
  {
    terms: [
      ['in standard device 6 0x0100 0 18', 'The device descriptor (GET_DESCRIPTOR).'],
      ['0x80 6 0x0100 0 18', 'The same.'],
      ['in vendor device 0x0e 0 0 64', "A vendor's request, answered with up to 64 bytes."],
      ['out vendor device 0x01 1', 'Another, without data.'],
      ['out class interface 0x22 3 0', 'Set DTR and RTS of a serial port (CDC-ACM).'],
      ['out standard endpoint 1 0 0x82', 'Clear the halt of endpoint 0x82 (CLEAR_FEATURE).'],
    ],
  },
];
