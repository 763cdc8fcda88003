import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { counterBytes, isCounterPrefix } from '../support/counter-stream.js';
import { violations } from './schema.js';
import { usbxfer } from './usbxfer.js';

const LOSSY = ['-d', '1234:5678', '--scenario'];

const readViolated = violations('read');
const writeViolated = violations('write');

describe('a device whose cancelled transfers lose their data', () => {
  it('is read to an exact limit without a loss', async () => {
    const { stdout, stderr, code } = await usbxfer([
      ...['read', ...LOSSY, 'cancel=lose,rate=4M', '--bytes', '200000', '--json'],
    ]);
    expect(stdout.equals(counterBytes(0, 200_000))).toBe(true);
    expect(code).toBe(0);
    const record = JSON.parse(stderr);
    expect(readViolated(record)).toBeUndefined();
    expect(record).toMatchObject({ loss_offset: null, gaps: [], end_reason: 'limit' });
    expect(record.statuses.cancelled).toBe(0);
  });

  it('may lose the data at an end by time, which keeps its exit code and says where', async () => {
    const { stdout, stderr, code } = await usbxfer([
      ...['read', ...LOSSY, 'cancel=lose,rate=1M', '--transfer-size', '64k', '--duration', '300ms'],
    ]);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(code).toBe(0);
    expect(stderr).toContain(
      `data after byte ${stdout.length} may be lost: over USB/IP, a cancelled transfer loses its data\n`,
    );
  });

  it('has a gap of unknown size where --keep-going cancelled transfers after a failure', async () => {
    const { stdout, stderr, code } = await usbxfer([
      ...['read', ...LOSSY, 'cancel=lose,rate=500k,error@100k', '--keep-going', '--bytes', '300k'],
      ...['--json', '--transfer-size', '16k'],
    ]);
    expect([stdout.length, code]).toEqual([300 * 1024, 6]);
    const record = JSON.parse(stderr);
    expect(readViolated(record)).toBeUndefined();
    expect(record).toMatchObject({ gap_count: 1, gaps: [{ cancelled: true }], loss_offset: null });
  });

  it('is shown as such by info', async () => {
    const [lossy, normal] = await Promise.all([
      usbxfer(['info', ...LOSSY, 'cancel=lose']),
      usbxfer(['info', ...LOSSY, 'cancel=keep']),
    ]);
    const line = /^ +link +over USB\/IP, a cancelled transfer loses its data$/m;
    expect(lossy.stdout.toString()).toMatch(line);
    expect(normal.stdout.toString()).not.toContain('USB/IP');
  });

  it('refuses --timeout before it creates the output', async () => {
    const file = join(tmpdir(), `usbxfer-lossy-${process.pid}`);
    const { stderr, code } = await usbxfer([
      ...['read', ...LOSSY, 'cancel=lose', '--timeout', '100ms', '--bytes', '1k', '-o', file],
    ]);
    expect(stderr).toBe(
      'usbxfer: the device at 1-1 is attached through USB/IP, where a transfer that times out loses ' +
        'its data; omit --timeout; --idle-timeout or --duration can end the capture\n',
    );
    expect([code, existsSync(file)]).toEqual([4, false]);
  });

  it('accepts at least as many bytes as are counted when write is stopped', async () => {
    const { stdout, code } = await usbxfer([
      ...['write', ...LOSSY, 'cancel=lose,out-silence@100000', '-i', '/dev/zero'],
      ...['--transfer-size', '16k', '--duration', '300ms', '--json'],
    ]);
    const record = JSON.parse(stdout.toString());
    expect(writeViolated(record)).toBeUndefined();
    expect(record).toMatchObject({ bytes_accepted: 98_304, accepted_is_minimum: true });
    expect(code).toBe(0); // an input without an end
  });
});
