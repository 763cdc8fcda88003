import { describe, expect, it } from 'vitest';
import { isCounterPrefix } from '../support/counter-stream.js';
import { received, start, usbxfer } from './usbxfer.js';

/** A device that sends nothing before a control request: see `usbxfer help scenarios`. */
const READ = ['read', '-d', '1234:5678', '--scenario', 'start=request'];
const START = ['--before', 'out vendor device 1 1'];
const STOP = ['--after', 'out vendor device 1 0'];
const UNKNOWN = 'out vendor device 9';
const REFUSED =
  /^usbxfer: the control request 'out vendor device 0x\w+ 0x0 0x0' failed: the device .* does not support it.*; (nothing was|\d+ bytes were) written\n$/;

describe('--before and --after', () => {
  it('start and stop the stream of the device', async () => {
    const silent = await usbxfer([...READ, '--idle-timeout', '100ms']);
    expect([silent.code, silent.stdout.length]).toEqual([0, 0]);
    const { code, stdout } = await usbxfer([...READ, ...START, ...STOP, '--bytes', '100k']);
    expect([code, stdout.length]).toEqual([0, 102_400]);
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it('may be repeated, and are sent in order', async () => {
    const { code, stdout } = await usbxfer([
      ...[...READ, '--before', 'out vendor device 1 0', ...START, '--bytes', '1k'],
    ]);
    expect([code, stdout.length]).toEqual([0, 1024]);
    const stopped = await usbxfer([
      ...[...READ, ...START, '--before', 'out vendor device 1 0', '--idle-timeout', '100ms'],
    ]);
    expect(stopped.code).toBe(0);
  });

  it('are also sent after a signal', async () => {
    const args = ['read', '-d', '1234:5678', '--scenario', 'rate=20M', '-q', '--after', UNKNOWN];
    const running = start(args);
    await received(running, 100_000);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.outcome;
    expect(stderr).toMatch(REFUSED); // the request was sent, and its failure is reported
    expect(code).toBe(6);
  });

  it.each([
    '--before',
    '--after',
  ])('%s that fails is reported, with exit code 6', async (option) => {
    const args = ['read', '-d', '1234:5678', '--bytes', '1k', '-q', option, UNKNOWN];
    const { code, stderr } = await usbxfer(args);
    expect(stderr).toMatch(REFUSED);
    expect(code).toBe(6);
  });

  it('is refused if it is invalid', async () => {
    const { code, stderr } = await usbxfer([...READ, '--before', 'out vendor devise 1']);
    expect(stderr).toMatch(/--before <request>.*'out vendor devise 1'.*device\?/);
    expect(code).toBe(2);
  });
});
