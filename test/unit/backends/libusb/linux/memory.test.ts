import { expect, it } from 'vitest';
import { usbfsMemory } from '../../../../../src/backends/libusb/linux/memory.js';
import { Folder } from '../../../../support/folder.js';

const MIB = 1024 * 1024;
const folder = new Folder();

it('reads the limit, and says how to raise it', () => {
  const file = folder.file('16', '16\n');
  const memory = usbfsMemory(file);
  expect(memory?.bytes).toBe(16 * MIB);
  expect(memory?.raise(64 * MIB)).toEqual({
    kind: 'raise-usbfs-memory',
    file,
    mebibytes: 64,
  });
  expect(memory?.raise(64 * MIB + 1)).toMatchObject({ mebibytes: 128 });
});

it.each(['0\n', '\n', 'many\n', '-1\n'])('takes %j for no limit', (content) => {
  expect(usbfsMemory(folder.file('none', content))).toBeUndefined();
});

it('knows of none where the kernel shows none', () => {
  expect(usbfsMemory('/nowhere/usbfs_memory_mb')).toBeUndefined();
});
