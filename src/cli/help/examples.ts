import type { Term } from './layout.js';

/** Examples for usbxfer and each command: a command line and what it does. */
export const EXAMPLES: Readonly<Record<string, readonly Term[]>> = {
  usbxfer: [
    ['usbxfer list', 'List all devices.'],
    ['usbxfer read --backend virtual --pid 5678 --bytes 64 | xxd', 'Needs no device.'],
    ['usbxfer read 1234:5678 --ep 0x82 > dump.bin', 'Stop with Ctrl-C.'],
  ],
  list: [
    ['usbxfer list --tree', 'Show devices below their hubs.'],
    ['usbxfer list 1234 -o +class', 'List the devices of one vendor.'],
    ['usbxfer list --json | jq ".devices[].path"', 'Print the port paths.'],
  ],
  info: [
    ['usbxfer info 1234:5678', 'Select the device by its IDs.'],
    ['usbxfer info 3-1.2 --json', 'Select it by its port, print JSON.'],
  ],
  read: [
    ['usbxfer read 1234:5678 --ep 0x82 > dump.bin', 'Stop with Ctrl-C.'],
    ['usbxfer read 1234:5678 --bytes 64MiB -o dump.bin', 'Read 64 MiB.'],
    ['usbxfer read 1234:5678 --duration 10s | zstd > dump.zst', 'Compress data.'],
  ],
  write: [
    ['usbxfer write 1234:5678 --ep 0x02 < firmware.bin', 'Send a file.'],
    ['usbxfer write 1234:5678 -i image.bin --skip 1MiB', 'Skip 1 MiB.'],
    ['zstd -dc image.zst | usbxfer write 1234:5678 --zlp auto', 'Decompress, send.'],
  ],
  pipe: [
    ['usbxfer pipe 1234:5679 < q > a', 'Send a query, save the reply.'],
    ['usbxfer pipe 1234:5679', 'Type and see replies until Ctrl-D.'],
    ['usbxfer pipe 1234:5679 --hex', 'See both directions in hexadecimal.'],
  ],
  control: [
    ['usbxfer control 1234:5678 in vendor device 2 0 0 64 --hex', 'Read data.'],
    ['usbxfer control 1234:5678 out vendor device 2 --data 0102ff', 'Send data.'],
    ['usbxfer control 04b4:8613 --script load.txt', 'Send a script.'],
  ],
  extract: [
    ['usbxfer extract usb.pcapng --list', 'List devices and endpoints.'],
    ['usbxfer extract usb.pcapng --ep 0x82 > dump.bin', 'Get its data.'],
    ['usbxfer extract usb.pcapng --ep 0x82 --hex', 'See its transfers.'],
  ],
  index: [
    ['usbxfer index dump.jsonl', 'Message sizes, pauses and gaps.'],
    ['usbxfer index dump.jsonl --json | jq .gaps', 'Print the gaps.'],
  ],
  plot: [
    ['usbxfer plot night.jsonl -o report.html', 'Draw a file of --stats.'],
    ['usbxfer plot one.jsonl two.jsonl -o both.html', 'Compare two runs.'],
    ['usbxfer tune --json | usbxfer plot - -o tune.html', 'Draw the rates as a grid.'],
  ],
  bench: [
    ['usbxfer bench read 1234:5678', 'How fast does it send?'],
    ['usbxfer bench read 1234:5678 --verify counter', 'Check the data, too.'],
    ['usbxfer bench loop 1234:5679 --json', 'Measure a loopback.'],
  ],
  tune: [
    ['usbxfer tune 1234:5678', 'Takes half a minute.'],
    ['usbxfer tune 1234:5678 --duration 5m --json', 'Be more certain.'],
  ],
  'clear-halt': [
    ['usbxfer clear-halt 1234:5678 --ep 0x82', 'Clear the halt of one endpoint.'],
    ['usbxfer clear-halt 3-1.2 --ep 0x82 --ep 0x02', 'Clear several halts.'],
  ],
  reset: [
    ['usbxfer reset 1234:5678', 'Select the device by its IDs.'],
    ['usbxfer reset 3-1.2 --json', 'Select it by its port, print JSON.'],
  ],
  watch: [
    ['usbxfer watch', 'Watch until Ctrl-C.'],
    ['usbxfer watch 1234:5678 --initial --count 1', 'Wait for a device.'],
    ['usbxfer watch --json | jq -c .device', 'Print the devices.'],
  ],
  serve: [
    ['usbxfer serve 1234:5678', 'Export one device.'],
    ['usbxfer serve --backend virtual', 'Export the simulated devices.'],
    ['usbxfer serve --listen 192.168.1.7', 'Export to a network.'],
  ],
  doctor: [
    ['usbxfer doctor 1234:5678', 'Check one device.'],
    ['usbxfer doctor', 'Check all devices.'],
    ['usbxfer doctor --json | jq ".checks[].fix | strings"', 'Print the fixes.'],
  ],
  'udev-rule': [
    ['usbxfer udev-rule 1234:5678', 'Allow users at the machine.'],
    ['usbxfer udev-rule 1234:5678 --group plugdev', 'Also allow a group.'],
  ],
  completion: [
    ['eval "$(usbxfer completion bash)"', 'Put it in ~/.bashrc.'],
    ['eval "$(usbxfer completion zsh)"', 'Put it in ~/.zshrc, after compinit.'],
    ['usbxfer completion fish | source', 'Put it in ~/.config/fish/config.fish.'],
  ],
  help: [
    ['usbxfer help read', 'Show the options of a command.'],
    ['usbxfer help exit-codes', 'Show a topic.'],
  ],
};

/**
 * The examples of a command, indented. What each does is a shell comment, so a line can be pasted.
 *
 * @param max the maximum number of examples
 */
export function exampleLines(name: string, max = Number.POSITIVE_INFINITY): string[] {
  const examples = (EXAMPLES[name] ?? []).slice(0, max);
  const longest = Math.max(...examples.map(([line]) => line.length));
  return examples.map(([line, what]) => {
    const comment = `${what.charAt(0).toLowerCase()}${what.slice(1).replace(/\.$/, '')}`;
    return `  ${line.padEnd(longest)}  # ${comment}`;
  });
}
