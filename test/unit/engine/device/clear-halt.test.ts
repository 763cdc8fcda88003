import { describe, expect, it, vi } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { clearHalt } from '../../../../src/engine/device/clear-halt.js';
import type { Device, Interface } from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import { locateIn, locateOut } from '../../../../src/usb/locate.js';

/** The virtual counter, and what is done with it. */
async function counter(change: (device: Device, claimed: Interface) => void = () => {}) {
  const backend = new VirtualBackend({ scenario: parseScenario('start-halted') });
  const [info] = await backend.list();
  if (info === undefined) {
    throw new Error('no device');
  }
  const closed = vi.fn();
  const open = backend.open.bind(backend);
  backend.open = async (which) => {
    const device = await open(which);
    const claim = device.claim.bind(device);
    device.claim = async (...given) => {
      const claimed = await claim(...given);
      change(device, claimed);
      return claimed;
    };
    const close = device.close.bind(device);
    device.close = async () => {
      closed();
      await close();
    };
    return device;
  };
  return { backend, info, closed };
}

describe('clearHalt', () => {
  it.each([
    locateIn,
    locateOut,
  ])('clears the halt, and says whether there was one', async (locate) => {
    const { backend, info, closed } = await counter();
    expect(await clearHalt(backend, info, locate(info, {}))).toBe(true);
    expect(await clearHalt(backend, info, locate(info, {}))).toBe(false);
    expect(closed).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['refuses to say', async () => Promise.reject(new UsbError('stall', 'refused'))],
    ['sends one byte', async () => 1],
  ])('clears the halt of a device that %s whether there is one', async (_, control) => {
    const { backend, info } = await counter((device) => {
      device.control = control;
    });
    const cleared = vi.fn();
    const { backend: observed } = await counter((_device, claimed) => {
      const endpoint = claimed.endpoint.bind(claimed);
      claimed.endpoint = (address) => Object.assign(endpoint(address), { clearHalt: cleared });
      _device.control = control;
    });
    expect(await clearHalt(backend, info, locateIn(info, {}))).toBeUndefined();
    await clearHalt(observed, info, locateIn(info, {}));
    expect(cleared).toHaveBeenCalledOnce();
  });

  it('closes the device if the halt cannot be cleared', async () => {
    const failed = new UsbError('io', 'not cleared');
    const { backend, info, closed } = await counter((_, claimed) => {
      const endpoint = claimed.endpoint.bind(claimed);
      const clearHalt = async () => Promise.reject(failed);
      claimed.endpoint = (address) => Object.assign(endpoint(address), { clearHalt });
    });
    await expect(clearHalt(backend, info, locateIn(info, {}))).rejects.toBe(failed);
    expect(closed).toHaveBeenCalledOnce();
  });
});
