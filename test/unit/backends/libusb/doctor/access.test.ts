import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  accessFinding,
  thisUser,
  type User,
} from '../../../../../src/backends/libusb/doctor/access.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

const DEVICE = deviceInfo({ path: '2-1', bus: 2, address: 3, serial: '", RUN+="' });
const isRoot = process.getuid?.() === 0;

const folder = new Folder();
const roots = systemFiles(folder.path);
const file = folder.file('dev/bus/usb/002/003', '');
chmodSync(file, 0o664);
const { uid, gid } = statSync(file);
folder.file('etc/passwd', `owner:x:${uid}:${gid}\nann:x:4242:4242\n`);
folder.file('etc/group', `owners:x:${gid}:\nann:x:4242:\nplugdev:x:4646:\nusers:x:100:\n`);

function ann(error: string | undefined, ...more: number[]): User {
  return { uid: 4242, gids: [4242, ...more], refusal: () => error };
}

describe('a device', () => {
  it('that may be opened', () => {
    expect(accessFinding(DEVICE, roots, ann(undefined))).toEqual({
      id: 'access',
      device: '2-1',
      status: 'ok',
      message: `${file} may be opened by this user`,
    });
  });

  it('that may not: whose it is, who asks, and the rule', () => {
    expect(accessFinding(DEVICE, roots, ann('EACCES', 100))).toMatchObject({
      id: 'access',
      status: 'problem',
      message: `${file} (owner:owners, 0664) may not be opened by ann, of ann, users`,
      fix: expect.stringMatching(
        /install a udev rule: usbxfer udev-rule -d 1234:5678 \| sudo tee \/etc\/udev\/rules\.d\/70-usbxfer-1234-5678\.rules, sudo udevadm .*--group GROUP$/,
      ),
    });
  });

  it.runIf(isRoot)('that a group may open, which is to be joined', () => {
    chownSync(file, 0, 4646);
    expect(accessFinding(DEVICE, roots, ann('EACCES')).fix).toMatch(
      /^join its group: sudo usermod -aG plugdev ann, and log in again; or install a udev rule/,
    );
    expect(accessFinding(DEVICE, roots, ann('EACCES', 4646)).fix).toMatch(/^install a udev rule/);
    chownSync(file, 0, 0);
    expect(accessFinding(DEVICE, roots, ann('EACCES')).fix).toMatch(/^install a udev rule/);
  });

  it('that the rules of a container forbid', () => {
    expect(accessFinding(DEVICE, roots, ann('EPERM'))).toMatchObject({
      status: 'problem',
      message: `the device rules of this container forbid opening ${file}`,
      fix: expect.stringMatching(/^to a container/),
    });
  });

  it('without a file', () => {
    const other = deviceInfo({ path: '2-2', bus: 2, address: 4 });
    expect(accessFinding(other, roots, ann(undefined))).toMatchObject({
      id: 'node',
      device: '2-2',
      status: 'problem',
      message: expect.stringMatching(/\/002\/004: that file is missing$/),
      fix: expect.stringMatching(/^to a container/),
    });
  });
});

describe('this user', () => {
  it('is who runs the process', () => {
    const { uid, gids } = thisUser();
    expect(uid).toBe(process.getuid?.());
    const ids = execFileSync('id', ['-G'], { encoding: 'utf8' }).trim().split(' ').map(Number);
    expect([...gids].sort()).toEqual(ids.sort());
  });

  it('is refused what is not there, and no file of its own', () => {
    expect(thisUser().refusal(file)).toBeUndefined();
    expect(thisUser().refusal(`${file}/nothing`)).toBe('ENOTDIR');
  });
});
