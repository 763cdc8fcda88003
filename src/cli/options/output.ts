import type { Command } from 'commander';
import { Option } from '../commander.js';
import { type ColorChoice, chooseColor } from '../terminal/style.js';

/** Adds `--color`, which holds from where it stands on. */
export function addColorOption(command: Command): void {
  command
    .addOption(
      new Option('--color <when>', 'colour what is shown')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .on('option:color', (when: ColorChoice) => chooseColor(when));
}
