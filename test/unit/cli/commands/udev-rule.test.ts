import { describe, expect, it } from 'vitest';
import { usbxfer } from '../../../support/run-command.js';

const FILE = '/etc/udev/rules.d/70-usbxfer-1234-5678.rules';

describe('usbxfer udev-rule', () => {
  it.each([
    [['-d', '1234:5678']],
    [['--vid', '1234', '--pid', '0x5678']],
  ])('prints the rule on stdout and the installation on stderr: %j', async (args) => {
    const { stdout, stderr, code } = await usbxfer(['udev-rule', ...args]);
    expect(stdout).toBe(
      'SUBSYSTEM=="usb", ATTR{idVendor}=="1234", ATTR{idProduct}=="5678", TAG+="uaccess"\n',
    );
    expect(stderr.split('\n')).toEqual([
      `Install the rule: usbxfer udev-rule -d 1234:5678 | sudo tee ${FILE}`,
      'Then run sudo udevadm control --reload && sudo udevadm trigger, and plug the device in again.',
      '',
    ]);
    expect(code).toBe(0);
  });

  it('accepts a serial number and a group', async () => {
    const args = ['udev-rule', '-d', '1234:5678', '--serial', 'A 1', '--group', 'plugdev'];
    const { stdout, stderr } = await usbxfer(args);
    expect(stdout).toContain(
      ', ATTR{serial}=="A 1", TAG+="uaccess", GROUP="plugdev", MODE="0660"\n',
    );
    expect(stderr).toContain(
      "usbxfer udev-rule -d 1234:5678 --serial 'A 1' --group plugdev | sudo",
    );
  });

  it.each([
    [[], /^usbxfer: a rule needs the vendor and the product ID; give both, such as 1234:5678\n$/],
    [['-d', '1234'], /needs the vendor and the product ID/],
    [['--pid', '1234'], /needs the vendor and the product ID/],
    [['-d', '1234:567*'], /give 1 to 4 hexadecimal digits/],
    [
      ['-d', '1:2', '--serial', '", RUN+="/bin/evil'],
      /^usbxfer: no udev rule can safely match [^"]*; omit --serial, or add ATTR\{serial\}/,
    ],
    [['-d', '1:2', '--serial', '*'], /can safely match this serial number/],
    [['-d', '1:2', '--serial', 'a\nKERNEL=="*"'], /can safely match this serial number/],
    [['-d', '1:2', '--serial', ''], /can safely match this serial number/],
    [['-d', '1:2', '--group', 'x", RUN+="y'], /give the name of a group, such as plugdev\n$/],
  ])('rejects %j in one line and prints no rule', async (args, message) => {
    const { stdout, stderr, code } = await usbxfer(['udev-rule', ...args]);
    expect([stdout, code]).toEqual(['', 2]);
    expect(stderr).toMatch(/^[^\n]*\n$/);
    expect(stderr).toMatch(message);
  });
});
