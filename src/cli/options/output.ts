import type { Command } from 'commander';
import { Option } from 'commander';
import { type ColorChoice, chooseColor } from '../terminal/style.js';

/**
 * Adds `--color`, which takes effect as soon as it is parsed. This file stands alone because the option
 * belongs to no other group.
 */
export function addColorOption(command: Command): void {
  command
    .addOption(
      new Option('--color <when>', 'when to colour the output')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    )
    .on('option:color', (when: ColorChoice) => chooseColor(when));
}
