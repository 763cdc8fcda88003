import { expect, it } from 'vitest';
import { runInGuest } from './guest/run-in-guest.js';
import { describeInLab } from './lab/lab.js';

describeInLab('captures of a limited number of bytes', () => {
  it.each([
    'super',
    'high',
  ])('join without a gap at every one of 50 random sizes, at %s speed', async (speed) => {
    const { stdout, stderr, code } = await runInGuest('run-joins', speed, '20', '50');
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe('50\n');
    expect(code).toBe(0);
  });
});
