import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { print } from '../stdio.js';

/** The scripts' names are those that the shells look for. */
const SCRIPTS = {
  bash: 'usbxfer.bash',
  zsh: '_usbxfer',
  fish: 'usbxfer.fish',
} as const;

const INSTALLATION = `
To install it:
  bash  echo 'eval "$(usbxfer completion bash)"' >> ~/.bashrc
  zsh   echo 'eval "$(usbxfer completion zsh)"' >> ~/.zshrc      (behind compinit)
  fish  usbxfer completion fish > ~/.config/fish/completions/usbxfer.fish`;

/** `usbxfer completion` */
export function define(command: Command): void {
  const shells = Object.keys(SCRIPTS);
  command
    .addArgument(command.createArgument('<shell>', 'whose script').choices(shells))
    .addHelpText('after', INSTALLATION)
    .action((shell: keyof typeof SCRIPTS) => {
      const file = new URL(`../../../completions/${SCRIPTS[shell]}`, import.meta.url);
      print(readFileSync(file, 'utf8').trimEnd());
    });
}
