import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { captureOf } from '../support/capture.js';
import { counterBytes } from '../support/counter-stream.js';
import { Folder } from '../support/folder.js';
import { listening, shell, start } from './usbxfer.js';

const DATA = counterBytes(0, 2_000_000);
const EACH = 100_000;

const folder = new Folder();
const file = folder.file(
  'usb.pcapng',
  captureOf(
    Array.from({ length: DATA.length / EACH }, (_, index) => ({
      endpoint: 0x81,
      data: DATA.subarray(index * EACH, (index + 1) * EACH),
    })),
  ),
);

describe('usbxfer extract', () => {
  it.each([
    ['a file', `usbxfer extract '${file}' -q`],
    ['stdin that is a file', `usbxfer extract - -q < '${file}'`],
    ['a pipe', `cat '${file}' | usbxfer extract - -q`],
    ['a FIFO', `usbxfer extract <(cat '${file}') -q`],
  ])('writes the data of %s to stdout', async (_, command) => {
    const { stdout, code, stderr } = await shell(command);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.equals(DATA)).toBe(true);
  });

  it.each([
    ['extract', ['-o', '/dev/null']],
    ['serve', ['--listen', '127.0.0.1:0', '--backend', 'replay', '--capture']],
    ['control', ['in', 'vendor', 'device', '2', '0', '0', '8', '--backend', 'replay', '--capture']],
  ])('ends at a signal while it waits for a pipe: %s', async (command, args) => {
    const fifo = join(folder.path, `${command}-fifo`);
    execFileSync('mkfifo', [fifo]);
    const running = start([command, ...args, fifo]);
    await listening(running);
    await sleep(500); // until it waits
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.outcome;
    expect([code, stderr]).toEqual([143, 'usbxfer: SIGTERM while starting\n']);
  });

  it('is killed by a signal while it lists a pipe', async () => {
    const fifo = join(folder.path, 'list-fifo');
    execFileSync('mkfifo', [fifo]);
    const running = start(['extract', '--list', fifo]);
    await listening(running);
    await sleep(500); // until it waits
    running.child.kill('SIGTERM');
    await running.outcome;
    expect(running.child.signalCode).toBe('SIGTERM');
  });

  it('says nothing of a reader that has enough', async () => {
    const { stdout, stderr } = await shell(`usbxfer extract '${file}' -q | head -c 1000`);
    expect(stdout.equals(DATA.subarray(0, 1000))).toBe(true);
    expect(stderr).toBe('');
  });
});
