import { beforeAll, describe, expect, it } from 'vitest';
import { Folder } from '../support/folder.js';
import { COMPOSITE, writeSystem } from '../support/sysfs-tree.js';
import { usbxfer } from './usbxfer.js';

/*
 * Long strings are printed in full if stdout is not a terminal.
 */

const folder = new Folder();
const ENV = { USBXFER_BACKEND: 'libusb', USBXFER_SYSFS: folder.path, LC_ALL: 'C' };

/** USB strings of the maximum length. */
const MANUFACTURER = 'M'.repeat(126);
const PRODUCT = 'P'.repeat(126);

const FILES = Array.from({ length: 12 }, (_, i) => `snd/pcmC1D${String(i).padStart(2, '0')}p`);

beforeAll(() => {
  writeSystem(folder.path, [
    {
      ...COMPOSITE,
      manufacturer: MANUFACTURER,
      product: PRODUCT,
      interfaces: {
        0: {
          driver: 'snd-usb-audio',
          folders: Object.fromEntries(FILES.map((file) => [`sound/card1/${file.slice(4)}`, file])),
        },
      },
    },
  ]);
});

describe.runIf(process.platform === 'linux')('nothing is cut from', () => {
  it.each([
    [['list', '-o', 'name']],
    [['info', '3-1.2']],
    [['watch', '--initial', '--count', '1']],
  ])('the name that %j shows', async (args) => {
    const { stdout } = await usbxfer(args, ENV);
    expect(stdout.toString()).toContain(`${MANUFACTURER} ${PRODUCT}`);
  });

  it.each([
    [['list', '-o', 'files'], ','],
    [['info', '3-1.2'], ', '],
  ])('the files that %j shows', async (args, between) => {
    const { stdout } = await usbxfer(args, ENV);
    expect(stdout.toString()).toContain(FILES.map((file) => `/dev/${file}`).join(between));
  });
});
