import { describe, expect, it } from 'vitest';
import { LibusbBackend } from '../../../../src/backends/libusb/backend.js';
import type { WatchedBus } from '../../../../src/engine/device/presence.js';
import { deviceInfo } from '../../../support/device-info.js';
import { Folder } from '../../../support/folder.js';
import { STORAGE, SYSTEM, writeSystem } from '../../../support/sysfs-tree.js';

describe.runIf(process.platform === 'linux')('the libusb backend on Linux', () => {
  const folder = new Folder();
  writeSystem(folder.path, SYSTEM);
  folder.file('sys/module/usbcore/parameters/usbfs_memory_mb', '16\n');
  const backend = new LibusbBackend(folder.path);

  it('lists and inspects the devices that the kernel shows', async () => {
    const stick = (await backend.list()).find(({ path }) => path === STORAGE.path);
    expect(await backend.inspect(stick ?? deviceInfo())).toMatchObject({
      interfaces: [{ driver: 'usb-storage' }],
    });
    const { descriptors } = await backend.descriptors(stick ?? deviceInfo());
    expect(Buffer.from(descriptors)).toEqual(Buffer.from(STORAGE.descriptors));
  });

  it('knows the limit of transfer memory', async () => {
    expect((await backend.transferMemory())?.bytes).toBe(16 * 1024 * 1024);
  });

  it('is watched by the fingerprint of the bus', async () => {
    const bus: WatchedBus = backend;
    expect(await bus.fingerprint?.()).toContain(`${STORAGE.path}@${STORAGE.address}`);
  });

  it('opens no device without a file, and none that is gone', async () => {
    const stick = (await backend.list()).find(({ path }) => path === STORAGE.path);
    await expect(backend.open(stick ?? deviceInfo())).rejects.toMatchObject({
      code: 'access',
      remedy: { kind: 'pass-usb-through', to: ['container'] },
    });
    const gone = deviceInfo({ path: '99-1', bus: 99, address: 99 });
    await expect(backend.open(gone)).rejects.toMatchObject({ code: 'no-device' });
  });
});
