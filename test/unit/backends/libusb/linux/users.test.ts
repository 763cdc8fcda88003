import { expect, it } from 'vitest';
import { groupName, userName } from '../../../../../src/backends/libusb/linux/users.js';
import { Folder } from '../../../../support/folder.js';

const etc = new Folder();
etc.file('passwd', 'root:x:0:0:root:/root:/bin/sh\nbroken\n\nuser:x:1000:46::/:/bin/sh\n');
etc.file('group', 'root:x:0:\nplugdev:x:46:user\n');

it('names users and groups', () => {
  expect([userName(0, etc.path), userName(1000, etc.path)]).toEqual(['root', 'user']);
  expect([groupName(0, etc.path), groupName(46, etc.path)]).toEqual(['root', 'plugdev']);
});

it('gives the number of whoever has no name', () => {
  expect([userName(46, etc.path), groupName(1000, etc.path)]).toEqual(['46', '1000']);
  expect(userName(0, '/nowhere')).toBe('0');
});
