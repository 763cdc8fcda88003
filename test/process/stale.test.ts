import { describe, expect, it } from 'vitest';
import { isCounterPrefix } from '../support/counter-stream.js';
import { violations } from './schema.js';
import { usbxfer } from './usbxfer.js';

const STREAM = [
  ...['--vid', '1234', '--pid', '5678', '--scenario', 'start=request, rate=8M, stale=6000'],
  ...['--before', 'out vendor device 1 1', '--after', 'out vendor device 1 0'],
];

describe('a device with a buffer', () => {
  it('is emptied by --flush at the start and by --drain-after at the end', async () => {
    const args = ['--flush', '--drain-after', '10s', '--duration', '300ms', '--json'];
    const { stdout, stderr, code } = await usbxfer(['read', ...STREAM, ...args]);
    const summary = JSON.parse(stderr);
    expect([violations('read')(summary), code]).toEqual([undefined, 0]);
    expect(summary).toMatchObject({
      end_reason: 'duration',
      bytes_flushed: 6000,
      bytes_received: stdout.length,
      gap_count: 0,
    });
    expect(summary.bytes_after_stop).toBeGreaterThanOrEqual(6000);
    expect(isCounterPrefix(stdout)).toBe(true);
  });

  it('is shown in the summary, and --flush takes its time from = only', async () => {
    const args = ['--flush=5s', '--drain-after', '10s', '--bytes', '20000'];
    const { stdout, stderr, code } = await usbxfer(['read', ...args, ...STREAM]);
    expect([stdout.length, isCounterPrefix(stdout), code]).toEqual([20_000, true, 0]);
    expect(stderr).toMatch(/^ +flushed before: 6000$/m);
    expect(stderr).toMatch(/^ +received after the stop: \d+$/m);
  });

  it('says that it still sends after --flush', async () => {
    const device = ['--vid', '1234', '--pid', '5678', '--scenario', 'rate=4M', '--bytes', '1k'];
    const { stdout, stderr, code } = await usbxfer(['read', '--flush=100ms', ...device]);
    expect([stdout.length, code]).toEqual([1024, 0]);
    expect(stderr).toMatch(/the device still sends after --flush discarded \d+ bytes; starting/);
  });
});
