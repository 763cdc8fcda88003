import { describe, expect, it } from 'vitest';
import {
  openEndpoint,
  openEndpointPair,
  openRecipient,
} from '../../../../src/engine/device/open.js';
import type {
  Backend,
  ClaimOptions,
  ConfigurationOptions,
  Device,
  DeviceLoss,
  Endpoint,
  Interface,
} from '../../../../src/usb/backend.js';
import { UsbError } from '../../../../src/usb/errors.js';
import { locateIn, locateOut, locatePair } from '../../../../src/usb/locate.js';
import { deviceWith, setting } from '../../../support/device-info.js';

const info = deviceWith(setting(0, 0, 0x81), setting(2, 0, 0x02));

/** A bus that records the steps; one of them may fail. */
function bus(
  failing?: string,
  code: 'busy' | 'no-device' = 'busy',
  endpoint?: (address: number) => Endpoint,
  loss?: DeviceLoss,
) {
  const steps: string[] = [];
  const step = async (name: string) => {
    steps.push(name);
    if (failing !== undefined && name.startsWith(failing)) {
      throw new UsbError(code, name);
    }
  };
  const claimed: Interface = {
    endpoint: (address) => {
      if (endpoint === undefined) {
        throw new Error('no request needs one');
      }
      return endpoint(address);
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
    selectConfiguration: (value: number, options?: ConfigurationOptions) =>
      step(`configure ${value} ${options?.detachDriver ?? false}`),
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
      await (await openRecipient(backend, info, [request])).close();
      expect(steps).toEqual(['open', 'close']);
    }
  });

  it('claims the interface in its current setting until it is closed', async () => {
    const { backend, steps } = bus();
    await (await openRecipient(backend, info, [to(0x21, 2)], { detachDriver: true })).close();
    expect(steps).toEqual(['open', 'claim 2 0 true', 'release', 'close']);
  });

  it('claims the interface of an endpoint', async () => {
    const { backend, steps } = bus();
    await openRecipient(backend, info, [to(0x02, 0x81)]);
    expect(steps).toEqual(['open', 'claim 0 0 false']);
  });

  it('claims each interface of several requests once, and releases them in reverse', async () => {
    const { backend, steps } = bus();
    const requests = [to(0x40), to(0x21, 2), to(0x02, 0x81), to(0xa1, 2)];
    await (await openRecipient(backend, info, requests)).close();
    expect(steps).toEqual([
      ...['open', 'claim 2 0 false', 'claim 0 0 false', 'release', 'release', 'close'],
    ]);
  });

  it('opens nothing for an endpoint that does not exist', async () => {
    const { backend, steps } = bus();
    await expect(openRecipient(backend, info, [to(0x02, 0x85)])).rejects.toThrow('0x85');
    expect(steps).toEqual([]);
  });

  it('closes the device when the interface cannot be claimed', async () => {
    const { backend, steps } = bus('claim');
    await expect(openRecipient(backend, info, [to(0x21)])).rejects.toThrow('claim 0');
    expect(steps.at(-1)).toBe('close');
  });

  it('closes the device when the release fails, and ignores that of a lost device', async () => {
    const stuck = bus('release');
    const held = await openRecipient(stuck.backend, info, [to(0x21)]);
    await expect(held.close()).rejects.toThrow('release');
    const gone = bus('release', 'no-device');
    await (await openRecipient(gone.backend, info, [to(0x21)])).close();
    const deauthorized = bus('release', 'busy', undefined, 'deauthorized');
    await (await openRecipient(deauthorized.backend, info, [to(0x21)])).close();
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

describe('openEndpointPair', () => {
  const endpoint = (address: number) => ({ address }) as Endpoint;

  it('claims one interface for two endpoints of it', async () => {
    const { backend, steps } = bus(undefined, undefined, endpoint);
    const device = deviceWith(setting(0, 0, 0x81, 0x02));
    const opened = await openEndpointPair(backend, device, locatePair(device, {}));
    expect([opened.in.address, opened.out.address]).toEqual([0x81, 0x02]);
    await opened.close();
    expect(steps).toEqual(['open', 'claim 0 0 false', 'release', 'close']);
  });

  it('claims two interfaces, and releases both although one fails', async () => {
    const { backend, steps } = bus('release', 'busy', endpoint);
    const opened = await openEndpointPair(backend, info, locatePair(info, {}), {
      detachDriver: true,
    });
    await expect(opened.close()).rejects.toThrow('release');
    expect(steps).toEqual([
      ...['open', 'claim 0 0 true', 'claim 2 0 true', 'release', 'release', 'close'],
    ]);
  });

  it('releases the first interface if the second one cannot be claimed', async () => {
    const { backend, steps } = bus('claim 2', 'busy', endpoint);
    const refused = openEndpointPair(backend, info, locatePair(info, {}));
    await expect(refused).rejects.toThrow('claim 2');
    expect(steps).toEqual(['open', 'claim 0 0 false', 'claim 2 0 false', 'release', 'close']);
  });
});

describe('a configuration', () => {
  const configurations = [{ value: 1, settings: [] }, ...info.configurations];
  const device = {
    ...info,
    configurations: configurations.map(({ settings }, i) => ({ value: i + 1, settings })),
  };

  it('is selected before the interface is claimed, with the same drivers to detach', async () => {
    const { backend, steps } = bus(undefined, 'busy', (address) => ({ address }) as Endpoint);
    const location = locateOut(device, { configuration: 2 });
    await openEndpoint(backend, device, location, { detachDriver: true });
    expect(steps).toEqual(['open', 'configure 2 true', 'claim 2 0 true']);
  });

  it('is selected for a control request, whose interface it has', async () => {
    const { backend, steps } = bus();
    await openRecipient(backend, device, [to(0x02, 0x02)], {}, 2);
    expect(steps).toEqual(['open', 'configure 2 false', 'claim 2 0 false']);
  });

  it('that is refused closes the device', async () => {
    const { backend, steps } = bus('configure');
    const location = locateOut(device, { configuration: 2 });
    await expect(openEndpoint(backend, device, location)).rejects.toThrow('configure 2');
    expect(steps).toEqual(['open', 'configure 2 false', 'close']);
  });
});
