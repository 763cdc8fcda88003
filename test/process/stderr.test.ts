import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isCounterPrefix } from '../support/counter-stream.js';
import { shell } from './usbxfer.js';

const MIB = 1024 * 1024;

/** A capture that prints messages while it runs and at the end. */
const READ =
  "usbxfer read --pid 5678 --keep-going --bytes 10M --scenario 'stall@1M,stall@2M,stall@3M'";

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A full pipe without a reader: one end to hold, and one for a process to block on. */
function fullPipe(): [held: number, blocking: number] {
  const path = join(folder, 'full');
  execFileSync('mkfifo', [path]);
  const held = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  expect(() => {
    for (;;) {
      writeSync(held, Buffer.alloc(4096));
    }
  }).toThrow('EAGAIN');
  return [held, openSync(path, 'w')];
}

describe('stderr', () => {
  it.each([
    ['closed', '2>&-'],
    ['a full disk', '2> /dev/full'],
    ['a pipe that nobody reads any more', '2> >(:)'],
    ['open for reading only', '2< /dev/null'],
  ])('may be %s', async (_, redirection) => {
    const { stdout, code } = await shell(`${READ} ${redirection}`);
    expect([stdout.length, code]).toEqual([10 * MIB, 6]);
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it.each([
    ['-o a file', (path: string) => `-o '${path}'`],
    ['stdout', (path: string) => `> '${path}'`],
  ])('may be a pipe that is full for ever, with the data to %s', async (_, to) => {
    const [held, blocking] = fullPipe();
    const file = join(folder, 'out.bin');
    const { code } = await shell(`${READ} ${to(file)} 2>&3 3>&-`, blocking);
    closeSync(blocking);
    closeSync(held);
    expect(code).toBe(6);
    const bytes = readFileSync(file);
    expect(bytes).toHaveLength(10 * MIB);
    expect(isCounterPrefix(bytes)).toBe(true);
  });

  it('that is full for ever does not change the exit code of a failure', async () => {
    const [held, blocking] = fullPipe();
    const { code } = await shell('usbxfer read --vid dead 2>&3 3>&-', blocking);
    closeSync(blocking);
    closeSync(held);
    expect(code).toBe(3);
  });

  it('that is a file is written at its current offset', async () => {
    const log = join(folder, 'log');
    await shell(`exec 2> '${log}'; echo before >&2
      usbxfer read --pid 5678 --bytes 1k > /dev/null; echo after >&2`);
    expect(readFileSync(log, 'utf8')).toMatch(/^before\nfrom .*\nbytes +1024 .*\nafter\n$/s);
  });

  it.skipIf(!existsSync('/proc/self/fdinfo'))(
    'stays as it was for others who share it: blocking',
    async () => {
      const { stderr, stdout } = await shell(`
        (usbxfer read --pid 5678 --bytes 1M --scenario rate=2M > /dev/null
          grep flags /proc/self/fdinfo/2) 2> >(cat >&2) &
        wait; wait $!`);
      const flags = /flags:\s*([0-7]+)/.exec(stdout.toString())?.[1] ?? '';
      expect(stderr).toMatch(/^bytes +1048576 /m);
      expect(Number.parseInt(flags, 8) & constants.O_NONBLOCK).toBe(0);
    },
  );
});
