/** A program that reads from the simulated device or writes to it. */
export interface Program {
  readonly name: string;
  /** Share of the bytes that it moves; less than 1 if moving all would take minutes. */
  readonly share: number;
  /** The only place at which it runs, because it neither reads nor writes; by default all places. */
  readonly place?: string;
  /**
   * Returns a shell command that writes this many bytes to stdout, or sends this many bytes of stdin,
   * and prints one JSON object on stderr at the end.
   */
  readonly command: (bytes: number) => string;
}

const POOL = '--transfers 16 --transfer-size 256KiB';
const COMPILED = 'build/bench/bench/compare';

/** Name of the kernel's own test program, an upper bound: its data never leaves the kernel. */
export const TESTUSB = 'testusb';

export const READERS: readonly Program[] = [
  {
    name: 'usbxfer',
    share: 1,
    command: (bytes) =>
      `node bin/usbxfer.js read -d 1234:5678 --ep 0x81 ${POOL} --bytes ${bytes} --json=/dev/stderr`,
  },
  {
    name: 'C pool',
    share: 1,
    command: (bytes) => `build/bench/bin/pool 1234:5678 81 ${bytes}`,
  },
  {
    name: 'startPoll',
    share: 1,
    command: (bytes) => `node ${COMPILED}/start-poll.js 1234 5678 81 ${bytes}`,
  },
  {
    name: 'one by one',
    share: 1 / 256,
    command: (bytes) => `node ${COMPILED}/one-by-one.js 1234 5678 81 ${bytes}`,
  },
  {
    name: TESTUSB,
    share: 1,
    place: 'null',
    command: (bytes) => `bench/kernel/testusb.sh 28 ${bytes}`,
  },
];

export const WRITERS: readonly Program[] = [
  {
    name: 'usbxfer',
    share: 1,
    command: (bytes) =>
      `node bin/usbxfer.js write -d 1234:5678 --ep 0x02 ${POOL} --bytes ${bytes} --json=/dev/stderr`,
  },
  {
    name: 'C pool',
    share: 1,
    command: (bytes) => `build/bench/bin/pool 1234:5678 02 ${bytes}`,
  },
  {
    name: TESTUSB,
    share: 1,
    place: 'zero',
    command: (bytes) => `bench/kernel/testusb.sh 27 ${bytes}`,
  },
];
