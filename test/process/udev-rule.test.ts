import { expect, it } from 'vitest';
import { usbxfer } from './usbxfer.js';

// test/unit/cli/commands has the other rules.

it('usbxfer udev-rule prints the rule on stdout and the installation on stderr', async () => {
  const { stdout, stderr, code } = await usbxfer(['udev-rule', '-d', '1234:5678']);
  expect(stdout.toString()).toMatch(/^SUBSYSTEM=="usb", [^\n]+\n$/);
  expect(stderr).toMatch(/^Install the rule: usbxfer udev-rule -d 1234:5678 \| sudo tee /);
  expect(code).toBe(0);
});

it('usbxfer udev-rule prints no rule that is not safe, and exits with 2', async () => {
  const args = ['udev-rule', '-d', '1:2', '--serial', '", RUN+="/bin/evil'];
  const { stdout, stderr, code } = await usbxfer(args);
  expect(stderr).toMatch(/^usbxfer: no udev rule can safely match [^\n]*\n$/);
  expect([stdout.length, code]).toEqual([0, 2]);
});
