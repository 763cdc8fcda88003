import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { print } from '../terminal/stdio.js';

/** The files of the scripts, named as the shells expect. */
const SCRIPTS = {
  bash: 'usbxfer.bash',
  zsh: '_usbxfer',
  fish: 'usbxfer.fish',
} as const;

/** `usbxfer completion`. A file of its own, because each command is loaded separately. */
export function define(command: Command): void {
  const shells = Object.keys(SCRIPTS);
  command
    .addArgument(command.createArgument('<shell>', 'shell that the script is for').choices(shells))
    .action((shell: keyof typeof SCRIPTS) => {
      const root = import.meta.resolve('usbxfer/package.json');
      const file = new URL(`completions/${SCRIPTS[shell]}`, root);
      print(readFileSync(file, 'utf8').trimEnd());
    });
}
