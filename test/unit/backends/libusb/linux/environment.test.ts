import { describe, expect, it } from 'vitest';
import {
  isContainer,
  passThroughRemedy,
  usbfsMemory,
} from '../../../../../src/backends/libusb/linux/environment.js';
import { systemFiles } from '../../../../../src/backends/libusb/linux/paths.js';
import { Folder } from '../../../../support/folder.js';

const MIB = 1024 * 1024;

function system(files: Record<string, string>) {
  const folder = new Folder();
  for (const [name, content] of Object.entries(files)) {
    folder.file(name, content);
  }
  return systemFiles(folder.path);
}

it.each<[string, Record<string, string>, string[]]>([
  ['Docker', { '.dockerenv': '' }, ['container']],
  ['Podman', { 'run/.containerenv': '' }, ['container']],
  ['cgroups', { 'proc/1/cgroup': '5:devices:/kubepods/pod1\n' }, ['container']],
  ['WSL', { 'proc/version': 'Linux version 5.15.90.1-microsoft-standard-WSL2' }, ['wsl']],
  [
    'a container in WSL',
    { 'proc/version': 'Linux 5.15-microsoft', '.dockerenv': '' },
    ['wsl', 'container'],
  ],
  [
    'a machine',
    { 'proc/version': 'Linux version 6.1.0 (debian)', 'proc/1/cgroup': '0::/init.scope\n' },
    ['machine'],
  ],
])('USB is passed through to %s', (_, files, to) => {
  expect(passThroughRemedy(system(files))).toEqual({ kind: 'pass-usb-through', to });
  expect(isContainer(system(files))).toBe(to.includes('container'));
});

describe('usbfsMemory', () => {
  function memory(content: string) {
    return system({ 'sys/module/usbcore/parameters/usbfs_memory_mb': content });
  }

  it('reads the limit, and what raises it to the next power of two', () => {
    const files = memory('16\n');
    const limit = usbfsMemory(files);
    expect(limit?.bytes).toBe(16 * MIB);
    expect(limit?.raise(64 * MIB)).toEqual({
      kind: 'raise-usbfs-memory',
      file: files.usbfsMemory,
      mebibytes: 64,
    });
    expect(limit?.raise(64 * MIB + 1)).toMatchObject({ mebibytes: 128 });
  });

  it.each(['0\n', '\n', 'many\n', '-1\n'])('finds no limit in %j', (content) => {
    expect(usbfsMemory(memory(content))).toBeUndefined();
  });

  it('finds no limit where the kernel shows none', () => {
    expect(usbfsMemory(systemFiles('/nowhere'))).toBeUndefined();
  });
});
