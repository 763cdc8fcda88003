import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { usb } from 'usb';
import { expect, it } from 'vitest';
import { missingFile, openError } from '../../../../../src/backends/libusb/linux/access-errors.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

const INFO = deviceInfo({ bus: 2, address: 3, vid: 0x12, pid: 0xabcd, serial: '", RUN+="' });

function failing(errno: number): Error {
  return Object.assign(new Error('LIBUSB_WORDS'), { errno });
}

const files = new Folder();
const file = files.file('002/003', '');
chmodSync(file, 0o640);
const { uid, gid } = statSync(file);
const accounts = new Folder();
accounts.file('passwd', `owner:x:${uid}:${gid}\n`);
accounts.file('group', `owners:x:${gid}:\n`);
const roots = { files: files.path, accounts: accounts.path };

it('of a refusal names the file, its rights, and the rule for this very device', () => {
  expect(openError(INFO, failing(usb.LIBUSB_ERROR_ACCESS), roots)).toMatchObject({
    code: 'access',
    message: `cannot open 1-1 (0012:abcd): permission denied for ${file} (owner:owners, 0640)`,
    remedy: { kind: 'add-udev-rule', vid: 0x12, pid: 0xabcd },
  });
});

it('leaves the rights out when the file is gone by then', () => {
  const { message } = openError(
    deviceInfo({ bus: 9, address: 9 }),
    failing(usb.LIBUSB_ERROR_ACCESS),
    roots,
  );
  expect(message).toMatch(/permission denied for .*\/009\/009$/);
});

it('gives other failures as they are', () => {
  const failure = openError(INFO, failing(usb.LIBUSB_ERROR_IO), roots);
  expect(failure).toMatchObject({
    code: 'io',
    message: `cannot open ${file}: input/output error`,
  });
});

it('tells a file that is not there, and a system without any', () => {
  expect(missingFile(INFO, files.path)).toBeUndefined();
  expect(missingFile(deviceInfo({ bus: 2, address: 4 }), files.path)).toMatchObject({
    code: 'access',
    message: expect.stringMatching(/^cannot open .*\/002\/004: that file is missing$/),
    remedy: { kind: 'pass-usb-through', to: ['container'] },
  });
  const nowhere = join(files.path, 'nowhere');
  expect(missingFile(INFO, nowhere)?.message).toMatch(new RegExp(`: there is no ${nowhere}$`));
});
