import { describe, expect, it } from 'vitest';
import { openEndpoint, openRecipient } from '../../../../src/engine/device/open.js';
import type {
  Backend,
  ClaimOptions,
  Device,
  DeviceLoss,
  Interface,
} from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import { locateIn } from '../../../../src/usb/locate.js';
import { deviceWith, setting } from '../../../support/device-info.js';

const info = deviceWith(setting(0, 0, 0x81), setting(2, 0, 0x02));

/** A bus that records the steps; one of them may fail. */
function bus(failing?: string, code: 'busy' | 'no-device' = 'busy', loss?: DeviceLoss) {
  const steps: string[] = [];
  const step = async (name: string) => {
    steps.push(name);
    if (failing !== undefined && name.startsWith(failing)) {
      throw new UsbError(code, name);
    }
  };
  const claimed: Interface = {
    endpoint: () => {
      throw new Error('no request needs one');
    },
    release: () => step('release'),
  };
  const device: Device = {
    info,
    claim: async (number: number, alternateSetting: number, options?: ClaimOptions) => {
      await step(`claim ${number} ${alternateSetting} ${options?.detachDriver ?? false}`);
      return claimed;
    },
    control: async () => 0,
    reset: async () => {},
    loss: async () => loss,
    close: () => step('close'),
  };
  const backend: Backend = {
    name: 'steps',
    list: async () => [info],
    inspect: async () => ({ accessible: true, node: undefined, interfaces: [] }),
    descriptors: async () => ({ descriptors: new Uint8Array(), bos: undefined }),
    open: async () => {
      await step('open');
      return device;
    },
    transferMemory: async () => undefined,
  };
  return { backend, steps };
}

const to = (requestType: number, index = 0) => ({ requestType, request: 0, value: 0, index });

describe('openRecipient', () => {
  it('claims no interface for a vendor request, or for a request to the device', async () => {
    for (const request of [to(0xc1, 2), to(0x80)]) {
      const { backend, steps } = bus();
      await (await openRecipient(backend, info, request)).close();
      expect(steps).toEqual(['open', 'close']);
    }
  });

  it('claims the interface in its current setting until it is closed', async () => {
    const { backend, steps } = bus();
    await (await openRecipient(backend, info, to(0x21, 2), { detachDriver: true })).close();
    expect(steps).toEqual(['open', 'claim 2 0 true', 'release', 'close']);
  });

  it('claims the interface of an endpoint', async () => {
    const { backend, steps } = bus();
    await openRecipient(backend, info, to(0x02, 0x81));
    expect(steps).toEqual(['open', 'claim 0 0 false']);
  });

  it('opens nothing for an endpoint that does not exist', async () => {
    const { backend, steps } = bus();
    await expect(openRecipient(backend, info, to(0x02, 0x85))).rejects.toThrow('0x85');
    expect(steps).toEqual([]);
  });

  it('closes the device when the interface cannot be claimed', async () => {
    const { backend, steps } = bus('claim');
    await expect(openRecipient(backend, info, to(0x21))).rejects.toThrow('claim 0');
    expect(steps.at(-1)).toBe('close');
  });

  it('closes the device when the release fails, and ignores that of a lost device', async () => {
    const stuck = bus('release');
    const held = await openRecipient(stuck.backend, info, to(0x21));
    await expect(held.close()).rejects.toThrow('release');
    const gone = bus('release', 'no-device');
    await (await openRecipient(gone.backend, info, to(0x21))).close();
    const deauthorized = bus('release', 'busy', 'deauthorized');
    await (await openRecipient(deauthorized.backend, info, to(0x21))).close();
    expect(deauthorized.steps.at(-1)).toBe('close');
    expect([stuck.steps.at(-1), gone.steps.at(-1)]).toEqual(['close', 'close']);
  });
});

describe('openEndpoint', () => {
  const location = locateIn(info, {});

  it('releases and closes again when the endpoint cannot be used', async () => {
    const { backend, steps } = bus();
    await expect(openEndpoint(backend, info, location)).rejects.toThrow('no request needs one');
    expect(steps).toEqual(['open', 'claim 0 0 false', 'release', 'close']);
  });

  it.each([
    'release',
    'close',
  ])('reports the first failure when %s fails after it', async (step) => {
    const { backend, steps } = bus(step);
    await expect(openEndpoint(backend, info, location)).rejects.toThrow('no request needs one');
    expect(steps.at(-1)).toBe('close');
  });
});
