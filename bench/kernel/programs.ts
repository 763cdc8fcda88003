import type { Speed } from './options.js';

/** A program that reads the lab's device, or writes to it; run in the guest. */
export interface Program {
  readonly name: string;
  /** The part of the bytes that it moves, where moving all would take minutes. */
  readonly share: Readonly<Record<Speed, number>>;
  /**
   * The shell command that writes so many bytes to stdout, or sends so many of stdin's, and ends with
   * one JSON object on stderr.
   */
  readonly command: (bytes: number) => string;
}

const ALL = { super: 1, high: 1 };

const POOL = '--transfers 16 --transfer-size 256KiB';
const KERNEL = 'build/bench/bench/kernel';

export const READERS: readonly Program[] = [
  {
    name: 'usbxfer',
    share: ALL,
    command: (bytes) =>
      `node bin/usbxfer.js read -d 1234:5678 --ep 0x81 ${POOL} --bytes ${bytes} --json`,
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
];

export const WRITERS: readonly Program[] = [
  {
    name: 'usbxfer',
    share: ALL,
    command: (bytes) =>
      `node bin/usbxfer.js write -d 1234:5678 --ep 0x02 ${POOL} --bytes ${bytes} --json`,
  },
  {
    name: 'C pool',
    share: ALL,
    command: (bytes) => `build/bench/bin/pool 1234:5678 02 ${bytes}`,
  },
];
