/*
 * Names of stdin and stdout. The system's own ways to open them are no good: a file would be read or
 * written from its beginning again, and a socket not at all.
 */

export const STDIN_NAMES: ReadonlySet<string> = new Set([
  '-',
  '/dev/stdin',
  '/dev/fd/0',
  '/proc/self/fd/0',
]);

export const STDOUT_NAMES: ReadonlySet<string> = new Set([
  '-',
  '/dev/stdout',
  '/dev/fd/1',
  '/proc/self/fd/1',
]);
