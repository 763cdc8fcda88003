import { isatty } from 'node:tty';

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;

/** A stream that text is shown on; each is judged for itself. */
export type Stream = keyof typeof DESCRIPTORS;

/** When to colour: as the stream and the environment say, or whatever they say. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** The styles in use. */
export type Style = 'bold' | 'red';

/** Puts text in a style, where the stream is to have any. */
export type Paint = (style: Style, text: string) => string;

let choice: ColorChoice = 'auto';

/** Does as `--color` says from here on. */
export function chooseColor(chosen: ColorChoice): void {
  choice = chosen;
}

/** What paints for a stream. chalk is loaded only if it has something to do. */
export async function painter(stream: Stream): Promise<Paint> {
  if (!hasColor(stream)) {
    return (_, text) => text;
  }
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return (style, text) => chalk[style](text);
}

/** One text in a style, where the stream is to have any. */
export async function styled(stream: Stream, style: Style, text: string): Promise<string> {
  return (await painter(stream))(style, text);
}

/**
 * `--color` comes first; then NO_COLOR (no-color.org), unless it is empty; then FORCE_COLOR, of
 * which 0 and false mean no; and then it takes a terminal that is not dumb.
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
