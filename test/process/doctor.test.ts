import { expect, it } from 'vitest';
import { usbxfer } from './usbxfer.js';

// test/unit/cli/commands has the other checks.

it('usbxfer doctor prints its checklist on stdout, and exits 4 for a problem', async () => {
  const args = ['doctor', '--scenario', 'memory=1M'];
  const { stdout, stderr, code } = await usbxfer(args, { LC_ALL: 'C' });
  expect(stdout.toString()).toMatch(/^ {2}FAIL the kernel limits .*\n {7}-> /m);
  expect([stderr, code]).toEqual(['', 4]);
});

it('usbxfer doctor exits 0 if there is no problem', async () => {
  const { stdout, stderr, code } = await usbxfer(['doctor', '--json']);
  expect(JSON.parse(stdout.toString()).schema).toBe('usbxfer.doctor/1');
  expect([stderr, code]).toEqual(['', 0]);
});
