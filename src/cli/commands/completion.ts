import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { print } from '../terminal/stdio.js';

/** The scripts' names are those that the shells look for. */
const SCRIPTS = {
  bash: 'usbxfer.bash',
  zsh: '_usbxfer',
  fish: 'usbxfer.fish',
} as const;

/** `usbxfer completion` */
export function define(command: Command): void {
  const shells = Object.keys(SCRIPTS);
  command
    .addArgument(command.createArgument('<shell>', 'whose script').choices(shells))
    .action((shell: keyof typeof SCRIPTS) => {
      const file = new URL(`../../../completions/${SCRIPTS[shell]}`, import.meta.url);
      print(readFileSync(file, 'utf8').trimEnd());
    });
}
