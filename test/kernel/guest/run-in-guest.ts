import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type GuestResult, guest } from '../lab/lab.js';

const CHECKOUT = join(import.meta.dirname, '../../..');

/**
 * Runs a program of this directory in the guest. The program is compiled to JavaScript first, with the
 * modules of src that it needs.
 */
export function runInGuest(program: string, ...args: string[]): Promise<GuestResult> {
  const compiler = join(CHECKOUT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(import.meta.dirname, 'tsconfig.json')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return guest(`node build/guest/test/kernel/guest/${program}.js ${args.join(' ')}`, {
    timeoutMs: 480_000,
  });
}
