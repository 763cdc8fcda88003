import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LibusbBackend } from '../../../../../src/backends/libusb/backend.js';
import { busFingerprint } from '../../../../../src/backends/libusb/linux/devices.js';
import type { WatchedBus } from '../../../../../src/engine/device/presence.js';
import { Folder } from '../../../../support/folder.js';

const folder = new Folder();

function glance(): string {
  return busFingerprint(folder.path);
}

it('sees devices come, go and be replugged, and nothing else', () => {
  expect(glance()).toBe('');
  folder.file('1-1/devnum', '4\n');
  const one = glance();
  mkdirSync(join(folder.path, '1-1:1.0'));
  folder.file('1-1/product', 'thing\n');
  expect(glance()).toBe(one);
  folder.file('1-1/devnum', '5\n');
  const replugged = glance();
  folder.file('1-2/devnum', '6\n');
  const two = glance();
  rmSync(join(folder.path, '1-2/devnum'));
  const going = glance();
  rmSync(join(folder.path, '1-2'), { recursive: true });
  expect(new Set(['', one, replugged, two, going]).size).toBe(5);
  expect(glance()).toBe(replugged);
});

it('sees nothing on a machine without USB', () => {
  expect(busFingerprint(join(folder.path, 'missing'))).toBe('');
});

it.runIf(process.platform === 'linux')('is what the backend is watched by', async () => {
  const root = join(folder.path, 'root');
  mkdirSync(join(root, 'sys/bus/usb/devices/1-1'), { recursive: true });
  writeFileSync(join(root, 'sys/bus/usb/devices/1-1/devnum'), '4\n');
  const bus: WatchedBus = new LibusbBackend(root);
  expect(await bus.glance?.()).toBe('1-1@4');
});
