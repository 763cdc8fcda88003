import type { Term } from './part.js';

/** For each command, two or three lines to try and what they do; none is longer than a screen is wide. */
export const EXAMPLES: Readonly<Record<string, readonly Term[]>> = {
  list: [
    ['usbxfer list', 'All devices.'],
    ['usbxfer list -d 1234', 'Those of one vendor.'],
    ['usbxfer list --json | jq ".devices[].path"', 'For a script.'],
  ],
  read: [
    ['usbxfer read -d 1234:5678 --ep 0x82 > dump.bin', 'Until Ctrl-C.'],
    ['usbxfer read -d 1234:5678 --bytes 64MiB -o dump.bin', 'So much only.'],
    ['usbxfer read -d 1234:5678 --duration 10s | zstd > dump.zst', 'Into a pipeline.'],
  ],
  help: [
    ['usbxfer help read', 'The options of a command.'],
    ['usbxfer help exit-codes', 'A topic.'],
  ],
};
