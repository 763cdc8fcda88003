import { SCENARIO_CLAUSES } from '../../backends/virtual/scenario-clauses.js';
import { MAX_CONTROL_DATA } from '../../usb/control.js';
import { DURATION_UNITS, SIZE_UNITS } from '../../usb/format.js';
import { ERRORS, type ErrorEntry, EXIT } from '../errors/codes.js';
import { type Part, sentence, type Term } from './layout.js';

/** A help topic: `usbxfer help NAME`. */
interface Topic {
  readonly name: string;
  /** A few words about it, for the manual. */
  readonly summary: string;
  readonly parts: readonly Part[];
}

const SIZES: readonly Part[] = [
  { heading: 'Sizes' },
  'A decimal number and a unit, such as 4096, 64k or 1.5MiB. The size must be a whole number of bytes.',
  { terms: unitTerms(SIZE_UNITS, (bytes) => (bytes === 1 ? 'Bytes.' : `${bytes} bytes.`)) },
  { heading: 'Times' },
  'A decimal number and a unit, such as 250ms, 10s or 1.5m, or several from the largest unit to the ' +
    'smallest, such as 1h30m. Options that wait for a device also accept the word forever.',
  {
    terms: unitTerms(DURATION_UNITS, (ms) =>
      ms === 1000 ? 'Seconds.' : ms < 1000 ? 'Milliseconds.' : `${ms / 1000} seconds.`,
    ),
  },
  { heading: 'Devices and endpoints' },
  {
    terms: [
      ['vid, pid', 'One to four hexadecimal digits, as in lsusb: 1234, 0x1234, 4b4.'],
      ['path', 'A port path as shown by usbxfer list: 3-1.2.'],
      [
        'endpoint',
        'The address in hexadecimal, 0x82 or 82; or the endpoint number, a single digit: 2.',
      ],
      [
        'bus, address',
        'Decimal, from 0 to 255. The same applies to configurations, interfaces and alternate settings.',
      ],
    ],
  },
];

/** One term for each value: the units that stand for it. */
function unitTerms(
  units: ReadonlyMap<string, number>,
  meaning: (value: number) => string,
): readonly Term[] {
  const names = new Map<number, string[]>();
  for (const [unit, value] of units) {
    names.set(value, [...(names.get(value) ?? []), unit === '' ? 'no unit' : unit]);
  }
  return [...names].map(([value, units]) => [units.join(', '), meaning(value)]);
}

const REQUESTS: readonly Part[] = [
  'A control request goes to endpoint 0 of a device. It has one of two forms:',
  {
    terms: [
      [
        'in TYPE RECIPIENT REQUEST [VALUE [INDEX [LENGTH]]]',
        'Device-to-host: the device responds with data.',
      ],
      ['out TYPE RECIPIENT REQUEST [VALUE [INDEX [DATA]]]', 'Host-to-device: the data is sent.'],
    ],
  },
  'usbxfer control takes these words as arguments. Its first argument is the device if it contains a ' +
    'colon or is a port path. An option such as --before takes the words in quotes as one argument.',
  {
    terms: [
      ['TYPE', 'Who defines the request: standard (the USB specification), class or vendor.'],
      [
        'RECIPIENT',
        'What the request addresses: device, interface, endpoint or other. For an interface, ' +
          'INDEX is its number. For an endpoint, INDEX is its address, such as 0x82.',
      ],
      ['REQUEST', 'bRequest: 0 to 255.'],
      ['VALUE, INDEX', 'wValue and wIndex: 0 to 65535. The default is 0.'],
      [
        'LENGTH',
        'wLength: the largest number of bytes in the response, 0 to ' +
          `${MAX_CONTROL_DATA}. The default is 0. The device may respond with fewer bytes.`,
      ],
      [
        'DATA',
        'Bytes to send, two hexadecimal digits each, optionally separated by spaces or colons: ' +
          `0102ff, 01:02:ff. At most ${MAX_CONTROL_DATA} bytes.`,
      ],
    ],
  },
  'Numbers are decimal, or hexadecimal with the prefix 0x: 14 or 0x0e. The number bmRequestType can ' +
    'replace the first three words: 0xc0 is the same as in vendor device.',
  { heading: 'Examples' },
  {
    terms: [
      ['in standard device 6 0x0100 0 18', 'Read the device descriptor (GET_DESCRIPTOR).'],
      ['0x80 6 0x0100 0 18', 'Send the same request by number.'],
      ['in vendor device 0x0e 0 0 64', 'Send a vendor request and read up to 64 bytes.'],
      ['out vendor device 0x01 1', 'Send a vendor request without data.'],
      ['out class interface 0x22 3 0', 'Set DTR and RTS of a serial port (CDC-ACM).'],
      ['out standard endpoint 1 0 0x82', 'Clear the halt of endpoint 0x82 (CLEAR_FEATURE).'],
      ['out standard device 9 2', 'Select configuration 2 (SET_CONFIGURATION).'],
    ],
  },
];

const SCRIPTS: readonly Part[] = [
  'A script of usbxfer control --script has one statement a line. # starts a comment. A word in double ' +
    'quotes may contain spaces. File names are relative to the folder of the script. usbxfer checks ' +
    'all statements and reads all files before it sends the first request.',
  {
    terms: [
      ['REQUEST', 'Send a request, as in usbxfer help requests. Its data may follow.'],
      [
        'REQUEST data FILE [at OFFSET] [length SIZE]',
        'Send an OUT request with the data of a file, or of a part of it: at most ' +
          `${MAX_CONTROL_DATA} bytes.`,
      ],
      [
        'hex FILE through vendor|class REQUEST [chunk SIZE]',
        'Upload an Intel HEX file with OUT requests to the device. VALUE is the address of the data, ' +
          'and INDEX bits 16 to 31 of the address. A request has up to 1024 bytes, or SIZE.',
      ],
      ['delay TIME', 'Wait.'],
    ],
  },
  'If a request fails, no further one is sent. If the device disconnects during the last one, and that ' +
    'is an OUT request, the script succeeded: a request that starts firmware may do so.',
  { heading: 'Example' },
  'This script uploads firmware to an FX2. Address 0xe600 (CPUCS) holds its processor in reset.',
  {
    terms: [
      ['out vendor device 0xa0 0xe600 0 01', 'Hold the processor in reset.'],
      ['hex firmware.hex through vendor 0xa0', 'Write the firmware to its memory.'],
      ['out vendor device 0xa0 0xe600 0 00', 'Start the firmware.'],
    ],
  },
];

const SCENARIOS: readonly Part[] = [
  'A scenario sets the rates and the faults of the simulated devices of --backend virtual. It is ' +
    'the argument of --scenario, such as rate=40M,stall@1MiB, or the text of a file: ' +
    '--scenario @FILE. Commas or line ends separate its clauses; # starts a comment. ' +
    'For the form of SIZE, OFFSET and TIME, see usbxfer help sizes.',
  { heading: 'Settings' },
  { terms: SCENARIO_CLAUSES.filter(([clause]) => !isFault(clause)) },
  { heading: 'Faults' },
  'Each fault happens once, when the counter has sent OFFSET bytes. A fault whose name begins with ' +
    'out- happens when the counter has received OFFSET bytes. The counter receives whole packets: a ' +
    'fault within a packet happens before that packet.',
  { terms: SCENARIO_CLAUSES.filter(([clause]) => isFault(clause)) },
];

function isFault(clause: string): boolean {
  return clause.includes('@');
}

const ENVIRONMENT: readonly Part[] = [
  {
    terms: [
      [
        'USBXFER_BACKEND',
        'The default of --backend: libusb or virtual. An empty value is ignored.',
      ],
      ['USBXFER_DEBUG', 'Any non-empty value has the effect of --debug.'],
      ['NO_COLOR', 'Any non-empty value turns colour off. The option --color overrides it.'],
      [
        'FORCE_COLOR',
        'Turns colour on even if the stream is not a terminal. The values 0 and false turn it off.',
      ],
      ['TERM', 'The value dumb turns off colour and the progress line.'],
      [
        'LC_ALL, LC_CTYPE, LANG',
        'The character set of the terminal. Unless it is UTF-8, progress, trees and the marks of ' +
          'usbxfer doctor are ASCII.',
      ],
      [
        'USBXFER_SYSFS',
        'A directory that replaces / in the search for devices. It contains sys/bus/usb/devices, ' +
          'dev/bus/usb and usr/share/hwdata/usb.ids. Use it for tests, and for files recorded on ' +
          'another system.',
      ],
      ['COLUMNS', 'The width of the progress line if stderr is not a terminal.'],
    ],
  },
];

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done:
    'Success: a limit was reached, all input was sent, the reader closed the pipe, or a signal ended ' +
    'a run of read, pipe or watch that had no limit. Over USB/IP, an end by a time or a signal may ' +
    'lose the last data; the summary says so.',
  internal: 'An internal error; please report it.',
  usage: 'The command line is invalid.',
  notFound: 'No device, interface or endpoint matches, or more than one does.',
  cannotOpen:
    'The device cannot be opened or claimed, for example because of missing permission, another owner ' +
    'or too little memory. Or everything succeeded, but the kernel driver could not be reattached. ' +
    'Or usbxfer doctor found a problem.',
  deviceLost: 'The device was lost, or did not come back from a reset.',
  transferErrors:
    'Transfers failed: the output has a gap or ends early, or not all input was sent. Or a control ' +
    'request failed.',
  ioFailed: 'The output or the input failed.',
  shortOfLimit:
    'The run ended before its goal: the device was idle, the time limit expired, or the input ended. ' +
    'The goal is --bytes, --count or --until-short, and the end of an input that has one. Without any ' +
    'of these, it is --duration.',
};

const EXIT_CODES: readonly Part[] = [
  {
    terms: [
      ...Object.entries(EXIT).map(
        ([name, code]): Term => [String(code), EXIT_MEANINGS[name as keyof typeof EXIT]],
      ),
      [
        '128+n',
        'Signal n ended the run before its limit, before all input was sent, or during a wait.',
      ],
    ],
  },
];

const FAILURES: readonly (readonly [code: string, entry: ErrorEntry])[] = Object.entries(ERRORS);

/** By exit code. */
const ERROR_CODES: readonly Part[] = [
  ...new Set(FAILURES.map(([, { exitCode }]) => exitCode)),
].flatMap((exitCode) => [
  { heading: `Exit code ${exitCode}` },
  {
    terms: FAILURES.filter(([, entry]) => entry.exitCode === exitCode).map(
      ([code, { meaning, advice }]): Term => [
        code,
        sentence(meaning) + (advice === undefined ? '' : ` ${sentence(advice)}`),
      ],
    ),
  },
]);

/** Every topic, in the order in which the help names them. */
export const TOPICS: readonly Topic[] = [
  { name: 'sizes', summary: 'how to write sizes, times, IDs and endpoints', parts: SIZES },
  { name: 'requests', summary: 'how to write control requests', parts: REQUESTS },
  { name: 'scripts', summary: 'how to write scripts of control requests', parts: SCRIPTS },
  { name: 'scenarios', summary: 'settings and faults of the simulated devices', parts: SCENARIOS },
  { name: 'environment', summary: 'environment variables', parts: ENVIRONMENT },
  { name: 'exit-codes', summary: 'the meaning of each exit code', parts: EXIT_CODES },
  { name: 'errors', summary: 'error codes, as printed by --json', parts: ERROR_CODES },
];
