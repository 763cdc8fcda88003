import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { listCommand } from './commands/list.js';
import { readCommand } from './commands/read.js';

const EXAMPLES = `
Examples:
  usbxfer list
  usbxfer read --vid 1234 --pid 5678 --ep 0x82 > dump.bin
  usbxfer read -d 1234:5678 --bytes 64MiB -o dump.bin
  usbxfer read -d 1234:5678 | xxd | less
  usbxfer read --backend virtual -d 1234:5678 --bytes 1M > try-it-without-a-device.bin

Ids are hexadecimal, as in lsusb. Sizes: 64k = 64KiB = 65536, 64kB = 64000.
Exit codes: 0 done, 2 usage, 3 no such device or endpoint, 4 cannot open or claim, 5 device lost,
6 transfer errors, 7 output failed, 8 silent before the limit, 128+n signal n before the limit.`;

/** The command line, ready to parse. */
export function createProgram(): Command {
  const program = new Command('usbxfer')
    .description('Moves bulk data between any USB device and a shell pipeline.')
    .version(version())
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .helpCommand(true);
  for (const command of [listCommand(), readCommand()]) {
    program.addCommand(command.copyInheritedSettings(program).allowExcessArguments(false));
  }
  return program;
}

function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return (manifest as { version: string }).version;
}
