import type { Speed } from './options.js';

/** A program that reads from the lab's device or writes to it; it runs in the guest. */
export interface Program {
  readonly name: string;
  /** Share of the bytes that it moves, if moving all would take minutes. */
  readonly share: Readonly<Record<Speed, number>>;
  /** The only place at which it runs, because it neither reads nor writes; by default all places. */
  readonly place?: string;
  /**
   * Returns a shell command that writes this many bytes to stdout, or sends this many bytes of stdin,
   * and prints one JSON object on stderr at the end.
   */
  readonly command: (bytes: number) => string;
}

const ALL = { super: 1, high: 1 };

const POOL = '--transfers 16 --transfer-size 256KiB';
const KERNEL = 'build/bench/bench/kernel';

/** Name of the kernel's own test program, an upper bound: its data never leaves the kernel. */
export const TESTUSB = 'testusb';

export const READERS: readonly Program[] = [
  {
    name: 'usbxfer',
    share: ALL,
    command: (bytes) =>
      `node bin/usbxfer.js read -d 1234:5678 --ep 0x81 ${POOL} --bytes ${bytes} --json=/dev/stderr`,
  },
  {
    name: 'C pool',
    share: ALL,
    command: (bytes) => `build/bench/bin/pool 1234:5678 81 ${bytes}`,
  },
  {
    name: 'startPoll',
    share: ALL,
    command: (bytes) => `node ${KERNEL}/start-poll.js 1234 5678 81 ${bytes}`,
  },
  {
    name: 'one by one',
    share: { super: 1 / 256, high: 1 / 128 },
    command: (bytes) => `node ${KERNEL}/one-by-one.js 1234 5678 81 ${bytes}`,
  },
  {
    name: TESTUSB,
    share: ALL,
    place: 'null',
    command: (bytes) => `bench/kernel/testusb.sh 28 ${bytes}`,
  },
];

export const WRITERS: readonly Program[] = [
  {
    name: 'usbxfer',
    share: ALL,
    command: (bytes) =>
      `node bin/usbxfer.js write -d 1234:5678 --ep 0x02 ${POOL} --bytes ${bytes} --json=/dev/stderr`,
  },
  {
    name: 'C pool',
    share: ALL,
    command: (bytes) => `build/bench/bin/pool 1234:5678 02 ${bytes}`,
  },
  {
    name: TESTUSB,
    share: ALL,
    place: 'zero',
    command: (bytes) => `bench/kernel/testusb.sh 27 ${bytes}`,
  },
];
