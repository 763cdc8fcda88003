import { chmodSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  groupName,
  permissionsOf,
  userName,
} from '../../../../../src/backends/libusb/linux/permissions.js';
import { Folder } from '../../../../support/folder.js';

const folder = new Folder();
const etc = { etc: folder.path };
folder.file('passwd', 'root:x:0:0:root:/root:/bin/sh\nbroken\n\nuser:x:1000:46::/:/bin/sh\n');
folder.file('group', 'root:x:0:\nplugdev:x:46:user\n');

it('names users and groups', () => {
  expect([userName(0, etc), userName(1000, etc)]).toEqual(['root', 'user']);
  expect([groupName(0, etc), groupName(46, etc)]).toEqual(['root', 'plugdev']);
});

it('returns the number where there is no name', () => {
  expect([userName(46, etc), groupName(1000, etc)]).toEqual(['46', '1000']);
  expect(userName(0, { etc: '/nowhere' })).toBe('0');
});

it('names owner, group and mode of a file', () => {
  const file = folder.file('node', '');
  chmodSync(file, 0o664);
  const { uid, gid } = statSync(file);
  expect(permissionsOf(file, etc)).toBe(`${userName(uid, etc)}:${groupName(gid, etc)}, 0664`);
  expect(permissionsOf('/nowhere', etc)).toBe('');
});
