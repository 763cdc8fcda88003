import type { Term } from './layout.js';

/** For usbxfer and for each command a few lines to try, and what they do. */
export const EXAMPLES: Readonly<Record<string, readonly Term[]>> = {
  usbxfer: [
    ['usbxfer list', 'All devices.'],
    ['usbxfer read -d 1234:5678 --ep 0x82 > dump.bin', 'Until Ctrl-C.'],
    ['usbxfer write -d 1234:5678 --ep 0x02 < firmware.bin', 'The other way.'],
    ['usbxfer read --backend virtual --pid 5678 --bytes 64 | xxd', 'Without a device.'],
  ],
  list: [
    ['usbxfer list --tree', 'All devices, on their hubs.'],
    ['usbxfer list -d 1234 -o +class', 'Those of one vendor.'],
    ['usbxfer list --json | jq ".devices[].path"', 'For a script.'],
  ],
  info: [
    ['usbxfer info 1234:5678', 'By its ids.'],
    ['usbxfer info 3-1.2 --json', 'By its port, for a script.'],
  ],
  read: [
    ['usbxfer read -d 1234:5678 --ep 0x82 > dump.bin', 'Until Ctrl-C.'],
    ['usbxfer read -d 1234:5678 --bytes 64MiB -o dump.bin', 'So much only.'],
    ['usbxfer read -d 1234:5678 --duration 10s | zstd > dump.zst', 'Into a pipeline.'],
  ],
  write: [
    ['usbxfer write -d 1234:5678 --ep 0x02 < firmware.bin', 'All of a file.'],
    ['usbxfer write -d 1234:5678 -i image.bin --skip 1MiB', 'From there on.'],
    ['zstd -dc image.zst | usbxfer write -d 1234:5678 --zlp auto', 'From a pipeline.'],
  ],
  pipe: [
    ['usbxfer pipe -d 1234:5679 < q > a', 'A question and its answer.'],
    ['usbxfer pipe -d 1234:5679 --linger 5s < q > a', 'A slow answer.'],
    ['usbxfer pipe -d 1234:5679 -o log.bin', 'What is typed, until Ctrl-D.'],
  ],
  control: [
    ['usbxfer control -d 1234:5678 in vendor device 2 0 0 64 --hex', 'An answer.'],
    ['usbxfer control -d 1234:5678 out vendor device 1 1', 'No data.'],
    ['usbxfer control -d 1234:5678 out vendor device 2 --data 0102ff', 'Data.'],
  ],
  reset: [
    ['usbxfer reset -d 1234:5678', 'By its ids.'],
    ['usbxfer reset --path 3-1.2 --json', 'By its port, for a script.'],
  ],
  watch: [
    ['usbxfer watch', 'Until Ctrl-C.'],
    ['usbxfer watch -d 1234:5678 --initial --count 1', 'Until the device is there.'],
    ['usbxfer watch --json | jq -c .device', 'For a script.'],
  ],
  doctor: [
    ['usbxfer doctor -d 1234:5678', 'One device.'],
    ['usbxfer doctor', 'All devices.'],
    ['usbxfer doctor --json | jq ".checks[].fix | strings"', 'For a script.'],
  ],
  'udev-rule': [
    ['usbxfer udev-rule -d 1234:5678', 'For who is logged in.'],
    ['usbxfer udev-rule -d 1234:5678 --group plugdev', 'For ssh and services.'],
  ],
  completion: [
    ['eval "$(usbxfer completion bash)"', 'In ~/.bashrc.'],
    ['eval "$(usbxfer completion zsh)"', 'In ~/.zshrc, behind compinit.'],
    ['usbxfer completion fish | source', 'In ~/.config/fish/config.fish.'],
  ],
  help: [
    ['usbxfer help read', 'The options of a command.'],
    ['usbxfer help exit-codes', 'A topic.'],
  ],
};

/** The examples, indented, each with what it does as a shell's comment: both can be pasted. */
export function exampleLines(name: string): string[] {
  const examples = EXAMPLES[name] ?? [];
  const longest = Math.max(...examples.map(([line]) => line.length));
  return examples.map(([line, what]) => {
    const comment = `${what.charAt(0).toLowerCase()}${what.slice(1).replace(/\.$/, '')}`;
    return `  ${line.padEnd(longest)}  # ${comment}`;
  });
}
