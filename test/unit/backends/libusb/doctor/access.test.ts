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
const ADD_RULE = { kind: 'add-udev-rule', vid: 0x1234, pid: 0x5678 };
const PASS_TO_CONTAINER = { kind: 'pass-usb-through', to: ['container'] };
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
      remedy: ADD_RULE,
    });
  });

  it.runIf(isRoot)('that a group may open, which is to be joined', () => {
    chownSync(file, 0, 4646);
    expect(accessFinding(DEVICE, roots, ann('EACCES')).remedy).toEqual({
      kind: 'any-of',
      remedies: [{ kind: 'join-group', group: 'plugdev', user: 'ann' }, ADD_RULE],
    });
    expect(accessFinding(DEVICE, roots, ann('EACCES', 4646)).remedy).toEqual(ADD_RULE);
    chownSync(file, 0, 0);
    expect(accessFinding(DEVICE, roots, ann('EACCES')).remedy).toEqual(ADD_RULE);
  });

  it('that the rules of a container forbid', () => {
    expect(accessFinding(DEVICE, roots, ann('EPERM'))).toMatchObject({
      status: 'problem',
      message: `the device rules of this container forbid opening ${file}`,
      remedy: PASS_TO_CONTAINER,
    });
  });

  it('without a file', () => {
    const other = deviceInfo({ path: '2-2', bus: 2, address: 4 });
    expect(accessFinding(other, roots, ann(undefined))).toMatchObject({
      id: 'node',
      device: '2-2',
      status: 'problem',
      message: expect.stringMatching(/\/002\/004: that file is missing$/),
      remedy: PASS_TO_CONTAINER,
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
