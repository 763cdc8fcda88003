import { isatty } from 'node:tty';
import { type Command, Option } from 'commander';
import { STDERR, STDOUT } from './stdio.js';

const DESCRIPTORS = { stdout: STDOUT, stderr: STDERR } as const;

/** A stream for text. Whether it has colour is decided for each separately. */
type Stream = keyof typeof DESCRIPTORS;

/** The values of `--color`; `auto` follows the stream and the environment. */
const CHOICES = ['auto', 'always', 'never'] as const;

/** The styles in use. */
type Style = 'bold' | 'red';

/** Applies a style to text if the stream has colour. */
export type Paint = (style: Style, text: string) => string;

let choice: (typeof CHOICES)[number] = 'auto';

/** Adds `--color`, which takes effect as soon as it is parsed. */
export function addColorOption(command: Command): void {
  command
    .addOption(
      new Option('--color <when>', 'when to colour the output').choices(CHOICES).default(choice),
    )
    .on('option:color', (when: typeof choice) => {
      choice = when;
    });
}

/**
 * Returns the function that styles text for a stream. Loads chalk only for a stream that has colour:
 * loading it opens all of Node's standard streams, which makes a pipe on stdout non-blocking, and that
 * costs a third of the speed.
 */
export async function painter(stream: Stream): Promise<Paint> {
  if (!hasColor(stream)) {
    return (_, text) => text;
  }
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return (style, text) => chalk[style](text);
}

/**
 * Whether a stream has colour. The order of precedence is: `--color`, NO_COLOR (no-color.org) unless
 * it is empty, FORCE_COLOR, and whether the stream is a terminal that is not dumb.
 */
function hasColor(stream: Stream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (choice !== 'auto') {
    return choice === 'always';
  }
  if (NO_COLOR) {
    return false;
  }
  if (FORCE_COLOR !== undefined) {
    return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  }
  return TERM !== 'dumb' && isatty(DESCRIPTORS[stream]);
}
