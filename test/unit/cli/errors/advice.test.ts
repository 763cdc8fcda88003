import { expect, it } from 'vitest';
import { adviceFor, adviceOf, fileAdvice, fixFor } from '../../../../src/cli/errors/advice.js';
import { CliError } from '../../../../src/cli/errors/cli-error.js';
import { type Remedy, UsbError } from '../../../../src/usb/errors.js';

const RULE = { kind: 'add-udev-rule', vid: 0x12, pid: 0xabcd, isAtSeat: true } as const;
const REMOTE_RULE = { ...RULE, isAtSeat: false } as const;
const GROUP = { kind: 'join-group', group: 'plugdev', user: 'ann' } as const;

it.each<[Remedy, string | RegExp]>([
  [RULE, 'install a udev rule: usbxfer udev-rule -d 0012:abcd'],
  [
    REMOTE_RULE,
    'this user is not logged in at the machine, so install a udev rule for one of its groups: ' +
      'usbxfer udev-rule -d 0012:abcd --group GROUP',
  ],
  [
    { kind: 'any-of', remedies: [GROUP, RULE] },
    /^join its group: sudo usermod -aG plugdev ann, and log in again; or install a udev rule: /,
  ],
  [{ kind: 'choose-endpoint' }, 'select one with --ep, --interface or --alt'],
  [{ kind: 'choose-endpoint-pair' }, 'select them with --in, --out, --interface or --alt'],
  [
    { kind: 'configure', path: '1-2', configuration: 3 },
    /devices\/1-2\/authorized, .*: echo 3 \| sudo tee .*1-2\/bConfigurationValue$/,
  ],
  [{ kind: 'debug-libusb' }, /LIBUSB_DEBUG=4/],
  [{ kind: 'detach-driver', driver: 'x' }, 'detach it with --detach until the command ends'],
  [{ kind: 'end-process', pids: [] }, /sudo usbxfer doctor/],
  [{ kind: 'end-process', pids: [1] }, 'end that process'],
  [{ kind: 'end-process', pids: [1, 2] }, /^end the process that/],
  [{ kind: 'install-libudev' }, /apt install libudev1/],
  [{ kind: 'keep-awake', file: '/f' }, 'echo on | sudo tee /f'],
  [{ kind: 'pass-usb-through', to: ['container'] }, /^in docker run, add -v [^;]*$/],
  [
    { kind: 'pass-usb-through', to: ['wsl', 'container'] },
    /^in Windows, .*usbipd.*; in docker run/,
  ],
  [{ kind: 'pass-usb-through', to: ['machine'] }, /^in the hypervisor, .*xhci_pci$/],
  [{ kind: 'pass-usb-through' }, /container .*usbipd .*virtual machine/],
  [{ kind: 'raise-scenario-memory', bytes: 9 }, 'raise the limit: memory=9 in the scenario'],
  [
    { kind: 'raise-usbfs-memory', file: '/f', mebibytes: 64 },
    'raise the limit: echo 64 | sudo tee /f',
  ],
  [
    { kind: 'rebind-driver', driver: 'usb-storage', interfaceName: '2-1:1.0' },
    'echo 2-1:1.0 | sudo tee /sys/bus/usb/drivers/usb-storage/bind',
  ],
  [{ kind: 'reinstall' }, 'reinstall usbxfer on this machine'],
  [{ kind: 'replug' }, 'plug the device in again'],
  [{ kind: 'run-again' }, 'run the command again'],
  [{ kind: 'run-udev-daemon' }, 'sudo systemctl start systemd-udevd'],
  [{ kind: 'unmount', source: '/dev/sdb1' }, 'unmount it first: sudo umount /dev/sdb1'],
  [{ kind: 'use-faster-link' }, /port/],
  [{ kind: 'use-fewer-transfers', transfers: 3 }, 'read with --transfers 3'],
])('puts %j into words', (remedy, words) => {
  const advice = adviceFor(remedy);
  expect(advice).toMatch(words);
  expect(advice).toBe(typeof words === 'string' ? words : advice);
});

it('gives doctor all commands of a udev rule, and the command that detaches a driver', () => {
  expect(fixFor({ kind: 'any-of', remedies: [GROUP, RULE] })).toMatch(
    /ann, and log in again; or install a udev rule: usbxfer udev-rule -d 0012:abcd \| sudo tee \/etc\/udev\/rules\.d\/70-usbxfer-0012-abcd\.rules, sudo udevadm .*--group GROUP$/,
  );
  expect(fixFor(REMOTE_RULE)).toMatch(
    /^this user .*: usbxfer udev-rule -d 0012:abcd --group GROUP \| sudo tee .*, and plug the device in again$/,
  );
  expect(fixFor({ kind: 'detach-driver', driver: 'x' })).toMatch(/: usbxfer read --detach$/);
  expect(fixFor({ kind: 'replug' })).toBe('plug the device in again');
});

it('finds the advice of an error', () => {
  expect(adviceOf(new UsbError('other', 'x', { remedy: { kind: 'replug' } }))).toMatch(/^plug/);
  expect(adviceOf(new CliError('usage', 'x', { advice: 'y' }))).toBe('y');
  expect([new UsbError('io', 'x'), new Error('x'), undefined].map(adviceOf)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it.each([
  [
    ['append', 'overwrite'],
    'choose another name, append to it with --append, or overwrite it with --force',
  ],
  [['overwrite'], 'choose another name, or overwrite it with --force'],
  [[], 'choose another name'],
] as const)('offers for an existing file only the options of the command: %j', (offered, advice) => {
  expect(fileAdvice(['choose-another-name', 'append', 'overwrite'], offered)).toBe(advice);
});

it('has no advice for a file without a remedy', () => {
  expect(fileAdvice([])).toBeUndefined();
});
