import { isatty } from 'node:tty';

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;

/**
 * Text in a style, where the stream can show it: chalk decides, and is loaded only when it may say
 * yes. NO_COLOR (no-color.org) turns styles off, whatever its value, unless it is empty.
 */
export async function styled(
  stream: 'stdout' | 'stderr',
  style: 'bold' | 'red',
  text: string,
): Promise<string> {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR || (FORCE_COLOR === undefined && !isatty(DESCRIPTORS[stream]))) {
    return text;
  }
  const { Chalk, supportsColor, supportsColorStderr } = await import('chalk');
  const support = stream === 'stdout' ? supportsColor : supportsColorStderr;
  return new Chalk({ level: support ? support.level : 0 })[style](text);
}
