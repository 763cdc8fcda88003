import { readFileSync } from 'node:fs';
import type { Command as Program } from 'commander';
import { COMMANDS } from './command-table.js';
import { Command, CommanderError, Option } from './commander.js';
import { print } from './stdio.js';

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

/** Options of the program itself; they may stand behind the name of a command as well. */
export interface ProgramOptions {
  readonly debug?: true;
}

/**
 * The command line, ready to parse these arguments. Only the command that they mean has its options,
 * of the others no more than the name and the summary is known.
 */
export async function createProgram(args: readonly string[]): Promise<Program> {
  const program = new Command('usbxfer')
    .description('Moves bulk data between any USB device and a shell pipeline.')
    .option('-V, --version', 'output the version number')
    .on('option:version', answerVersion)
    .addOption(debugOption())
    .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .helpCommand(true);
  // Before the name of the command that is meant stand options without values and `help`, no other
  // command's name.
  const meant = args.find((arg) => COMMANDS.some(({ name }) => name === arg));
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).description(summary).allowExcessArguments(false);
    if (name === meant) {
      const { define } = await load();
      define(command);
    }
  }
  return program;
}

/** In the environment any value will do, unless it is empty. */
function debugOption(): InstanceType<typeof Option> {
  const option = new Option('--debug', 'tell of a failure what began it, and where');
  return process.env['USBXFER_DEBUG'] ? option.env('USBXFER_DEBUG') : option;
}

/** Commander's own would have to be told the version before anybody asks for it. */
function answerVersion(): never {
  print(version());
  throw new CommanderError(0, 'commander.version', '(version)');
}

function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return (manifest as { version: string }).version;
}
