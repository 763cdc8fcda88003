import { expect, it, vi } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { openEndpoint } from '../../../../src/engine/device/open.js';
import { restartDevice } from '../../../../src/engine/device/restart.js';
import { locateIn } from '../../../../src/usb/locate.js';

it.each(['reset', 'reopen'] as const)('opens no other device at the port: %s', async (restart) => {
  const backend = new VirtualBackend();
  const [info] = await backend.list();
  if (info === undefined) {
    throw new Error('no device');
  }
  const target = await openEndpoint(backend, info, locateIn(info, {}));
  vi.spyOn(backend, 'list').mockResolvedValue([{ ...info, serial: 'another' }]);
  const open = vi.fn();
  await expect(restartDevice(restart, backend, target, open)).rejects.toMatchObject({
    code: 'no-device',
  });
  expect(open).not.toHaveBeenCalled();
});
