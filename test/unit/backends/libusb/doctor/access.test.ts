import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  checkAccess,
  currentUser,
  type User,
} from '../../../../../src/backends/libusb/doctor/access.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

const DEVICE = deviceInfo({ path: '2-1', bus: 2, address: 3, serial: '", RUN+="' });
const ADD_RULE = { kind: 'add-udev-rule', vid: 0x1234, pid: 0x5678, isAtSeat: false };
const PASS_TO_CONTAINER = { kind: 'pass-usb-through', to: ['container'] };
const isRoot = process.getuid?.() === 0;

const folder = new Folder();
const system = systemFiles(folder.path);
const file = folder.file('dev/bus/usb/002/003', '');
chmodSync(file, 0o664);
const { uid, gid } = statSync(file);
folder.file('etc/passwd', `owner:x:${uid}:${gid}\nann:x:4242:4242\n`);
folder.file('etc/group', `owners:x:${gid}:\nann:x:4242:\nplugdev:x:4646:\nusers:x:100:\n`);

function ann(error: string | undefined, ...more: number[]): User {
  return { uid: 4242, gids: [4242, ...more], accessError: () => error };
}

describe('a device', () => {
  it('that may be opened', () => {
    expect(checkAccess(DEVICE, system, ann(undefined))).toEqual({
      id: 'access',
      device: '2-1',
      status: 'ok',
      message: `this user can open ${file}`,
    });
  });

  it('that may not: names the owner, the user and the rule', () => {
    expect(checkAccess(DEVICE, system, ann('EACCES', 100))).toMatchObject({
      id: 'access',
      status: 'problem',
      message: `ann (groups: ann, users) cannot open ${file} (owner:owners, 0664)`,
      remedy: ADD_RULE,
    });
  });

  it.runIf(isRoot)('that a group may open: suggests to join it', () => {
    chownSync(file, 0, 4646);
    expect(checkAccess(DEVICE, system, ann('EACCES')).remedy).toEqual({
      kind: 'any-of',
      remedies: [{ kind: 'join-group', group: 'plugdev', user: 'ann' }, ADD_RULE],
    });
    expect(checkAccess(DEVICE, system, ann('EACCES', 4646)).remedy).toEqual(ADD_RULE);
    chownSync(file, 0, 0);
    expect(checkAccess(DEVICE, system, ann('EACCES')).remedy).toEqual(ADD_RULE);
  });

  it('that a user at the machine may not open: a rule without a group is enough', () => {
    folder.file('run/systemd/seats/seat0', 'IS_SEAT0=1\nACTIVE=2\nACTIVE_UID=4242\n');
    const remedy = (user: User) => checkAccess(DEVICE, system, user).remedy;
    expect(remedy(ann('EACCES'))).toEqual({ ...ADD_RULE, isAtSeat: true });
    expect(remedy({ ...ann('EACCES'), uid: 42 })).toEqual(ADD_RULE);
  });

  it('that the rules of a container forbid', () => {
    expect(checkAccess(DEVICE, system, ann('EPERM'))).toMatchObject({
      status: 'problem',
      message: `the device rules of this container forbid opening ${file}`,
      remedy: PASS_TO_CONTAINER,
    });
  });

  it('without a file', () => {
    const other = deviceInfo({ path: '2-2', bus: 2, address: 4 });
    expect(checkAccess(other, system, ann(undefined))).toMatchObject({
      id: 'node',
      device: '2-2',
      status: 'problem',
      message: expect.stringMatching(/\/002\/004: that file is missing$/),
      remedy: PASS_TO_CONTAINER,
    });
  });
});

describe('the current user', () => {
  it('runs the process', () => {
    const { uid, gids } = currentUser();
    expect(uid).toBe(process.getuid?.());
    const ids = execFileSync('id', ['-G'], { encoding: 'utf8' }).trim().split(' ').map(Number);
    expect([...gids].sort()).toEqual(ids.sort());
  });

  it('may open its own files, and none that is missing', () => {
    expect(currentUser().accessError(file)).toBeUndefined();
    expect(currentUser().accessError(`${file}/nothing`)).toBe('ENOTDIR');
  });
});
