import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const FOLDER = 'build/bench/bin';
const LIBUSB_HEADER = '/usr/include/libusb-1.0/libusb.h';

/**
 * Compiles a C program with gcc, optionally with libusb, and returns the path of the binary. With `preload`,
 * makes a shared library for LD_PRELOAD.
 */
export function compileC(source: string, { libusb = false, preload = false } = {}): string {
  if (libusb && !existsSync(LIBUSB_HEADER)) {
    throw new Error('libusb is missing; install it: apt-get install libusb-1.0-0-dev');
  }
  mkdirSync(FOLDER, { recursive: true });
  const program = join(FOLDER, `${basename(source, '.c')}${preload ? '.so' : ''}`);
  const flags = ['-O2', '-std=c11', '-Wall', '-Wextra', '-Werror'];
  const kind = preload ? ['-shared', '-fPIC', '-pthread'] : [];
  const libraries = libusb ? ['-lusb-1.0'] : [];
  execFileSync('gcc', [...flags, ...kind, '-o', program, source, ...libraries], {
    stdio: 'inherit',
  });
  return program;
}
