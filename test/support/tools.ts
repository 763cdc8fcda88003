import { spawnSync } from 'node:child_process';

/** In CI every tool is installed, and no test may be skipped. */
export const TOOLS_REQUIRED = process.env['USBXFER_TOOLS'] === 'required';

/** Whether the tests that use a program must be skipped. */
export function lacks(program: string): boolean {
  return !TOOLS_REQUIRED && spawnSync('which', [program]).status !== 0;
}
