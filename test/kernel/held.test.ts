import { expect, it } from 'vitest';
import { runInGuest } from './guest/run-in-guest.js';
import { describeInLab } from './lab/lab.js';

describeInLab('a device that a kernel driver holds', () => {
  it('accepts interface requests only after a claim, and keeps its driver after a reset', async () => {
    const { stdout, stderr, code } = await runInGuest('run-held');
    expect(stderr).toBe('');
    const told = stdout.toString().trim().split('\n');
    expect(told.map((line) => JSON.parse(line))).toEqual([
      ['held', ['busy', { kind: 'detach-driver', driver: 'usb-storage' }]],
      ['claimed', 1],
      ['reset', null],
      ['driver', 'usb-storage'],
    ]);
    expect(code).toBe(0);
  });
});
