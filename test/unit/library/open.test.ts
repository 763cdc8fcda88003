import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { UsbipServer } from '../../../src/backends/usbip/server/server.js';
import { VirtualBackend } from '../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../src/backends/virtual/scenario.js';
import { list, type OpenOptions, open, watch } from '../../../src/index.js';
import type { BackendChoice } from '../../../src/library/backends.js';
import { createVirtualBus } from '../../../src/testing/index.js';

const COUNTER = { vid: 0x1234, pid: 0x5678 };

it('lists the devices that match', async () => {
  const backend = new VirtualBackend();
  expect(await list({ backend })).toHaveLength(2);
  expect(await list({ backend, serial: 'V0002' })).toMatchObject([{ product: 'virtual loopback' }]);
  expect(await list({ backend, vid: 1 })).toEqual([]);
});

it('finds backends by their names, and always the same one', async () => {
  const [first] = await list({ ...COUNTER, backend: 'virtual' });
  const device = await open({ ...COUNTER, backend: 'virtual' });
  expect(device.info).toEqual(first);
  await device.close();
  await expect(list({ backend: 'usb' as BackendChoice })).rejects.toThrow(
    new TypeError('backend must be libusb, virtual or an object, not usb'),
  );
  await expect(list({ backend: 'virtual', host: 'pi' })).rejects.toThrow(TypeError);
  await expect(list({ host: 'a b' })).rejects.toThrow(
    new TypeError('host must be a host name or an IP address, not "a b"'),
  );
  const options = { vid: '1234', backend: 'virtual' } as unknown as OpenOptions;
  const message = new TypeError('vid must be a number, not string');
  await expect(open(options)).rejects.toThrow(message);
  await expect(list(options)).rejects.toThrow(message);
  await expect(watch(options).next()).rejects.toThrow(message);
  await expect(open({ pid: 1.5, backend: 'virtual' })).rejects.toThrow(RangeError);
});

it('uses the devices of a USB/IP server', async () => {
  const options = { backend: createVirtualBus(), isExported: () => true, onEvent() {} };
  const server = await UsbipServer.listen(options, '127.0.0.1', 0);
  const host = `127.0.0.1:${server.port}`;
  expect(await list({ host })).toMatchObject([{ pid: 0x5678 }, { pid: 0x5679 }]);
  const device = await open({ ...COUNTER, host });
  expect(device.info.product).toBe('virtual counter');
  expect(await buffer(device.read(0x82, { bytes: 100_000 }))).toHaveLength(100_000);
  expect(await device.control({ request: 2, data: Buffer.from('hello') })).toBe(5);
  expect((await device.control({ request: 2, length: 5 })).toString()).toBe('hello');
  await device.close();
  await server.close('the test is over');
});

it('opens the one device that matches, and says why there is none', async () => {
  const backend = new VirtualBackend();
  await expect(open({ backend })).rejects.toMatchObject({
    code: 'ambiguous',
    message:
      '2 devices match an empty filter: give the serial number, or one of the paths 1-1, 1-2',
  });
  await expect(open({ backend, vid: 0x99, pid: 0, serial: 'a"b' })).rejects.toMatchObject({
    code: 'no-device',
    message: 'no device matches vid 0x0099, pid 0x0000, serial "a\\"b"',
  });
  await expect(open({ ...COUNTER, backend, configuration: 2 })).rejects.toMatchObject({
    code: 'not-found',
  });
});

it('waits for a device', async () => {
  const backend = new VirtualBackend();
  backend.unplug('1-1');
  setTimeout(() => backend.replug('1-1'), 20);
  await (await open({ ...COUNTER, backend, wait: 5000 })).close();
  backend.unplug('1-1');
  await expect(open({ ...COUNTER, backend, wait: 20 })).rejects.toMatchObject({
    code: 'no-device',
  });
  const reason = new Error('enough');
  const abort = new AbortController();
  setTimeout(() => abort.abort(reason), 20);
  const { signal } = abort;
  await expect(open({ ...COUNTER, backend, wait: Infinity, signal })).rejects.toBe(reason);
  await expect(open({ ...COUNTER, backend, wait: 0 })).rejects.toThrow(RangeError);
});

it('uses another configuration, until the device is closed', async () => {
  const backend = new VirtualBackend({ scenario: parseScenario('configurations=2') });
  const device = await open({ ...COUNTER, backend, configuration: 2 });
  expect(device.info.configurationValue).toBe(2);
  const stream = device.read(0x86);
  expect((await stream.next()).done).toBe(false);
  await device.close();
  expect(await list({ ...COUNTER, backend })).toMatchObject([{ configurationValue: 1 }]);
});

it('watches devices come and go', async () => {
  const backend = new VirtualBackend();
  const events: string[] = [];
  for await (const { kind, device } of watch({ ...COUNTER, backend })) {
    events.push(`${kind} ${device.path}`);
    if (kind === 'present') {
      backend.unplug('1-1');
    } else if (kind === 'detach') {
      backend.replug('1-1');
    } else {
      break;
    }
  }
  expect(events).toEqual(['present 1-1', 'detach 1-1', 'attach 1-1']);
  const reason = new Error('enough');
  const abort = new AbortController();
  const watching = (async () => {
    for await (const _ of watch({ backend, signal: abort.signal })) {
      abort.abort(reason);
    }
  })();
  await expect(watching).rejects.toBe(reason);
});

it('sends control requests', async () => {
  const backend = new VirtualBackend();
  await using device = await open({ ...COUNTER, backend });
  expect(await device.control({ request: 2, data: Buffer.from('hello') })).toBe(5);
  expect((await device.control({ request: 2, length: 5 })).toString()).toBe('hello');
  expect(await device.control({ request: 2, length: 100 })).toHaveLength(64);
  await expect(device.control({ request: 9 })).rejects.toMatchObject({ code: 'stall' });
  await expect(device.control({ request: 3, length: 1, timeout: 10 })).rejects.toMatchObject({
    code: 'timed-out',
  });
  const status = { type: 'standard', recipient: 'interface', request: 0, length: 2 } as const;
  expect(await device.control(status)).toEqual(Buffer.from([0, 0]));
  const [other] = await backend.list();
  expect(other).toBeDefined();
});

it.each([
  [{ request: 256 }, 'request must be at most 255, not 256'],
  [{ request: 1, value: -1 }, 'value must be an integer of at least 0, not -1'],
  [{ request: 1, index: 0.5 }, 'index must be an integer of at least 0, not 0.5'],
  [{ request: 1, length: 4097 }, 'length must be at most 4096, not 4097'],
  [{ request: 1, timeout: 0 }, 'timeout must be a number of milliseconds above 0, not 0'],
  [{ request: 1, type: 'other' as never }, 'type must be standard or class or vendor, not other'],
])('refuses the control request %j', async (request, message) => {
  await using device = await open({ ...COUNTER, backend: new VirtualBackend() });
  await expect(device.control(request as never)).rejects.toThrow(message);
});

it('resets the device between streams, and reads again', async () => {
  await using device = await open({ ...COUNTER, backend: new VirtualBackend() });
  const stream = device.read(0x82);
  await stream.next();
  await expect(device.reset()).rejects.toMatchObject({ code: 'invalid' });
  await stream.return();
  await device.reset();
  await device.write(0x02, Buffer.alloc(1));
});

it('continues after another process has reset the device', async () => {
  const backend = new VirtualBackend();
  await using device = await open({ ...COUNTER, backend });
  await device.write(0x02, Buffer.alloc(1));
  backend.resetByOther('1-1');
  await device.write(0x02, Buffer.alloc(1));
});

it('closes twice, and refuses requests then', async () => {
  const device = await open({ ...COUNTER, backend: new VirtualBackend() });
  await device.close();
  await device.close();
  await expect(device.control({ request: 2, length: 1 })).rejects.toMatchObject({
    code: 'invalid',
  });
  await expect(device.write(0x02, Buffer.alloc(1))).rejects.toMatchObject({ code: 'invalid' });
});

it('two handles of one device exclude each other by interface', async () => {
  const backend = new VirtualBackend();
  await using first = await open({ ...COUNTER, backend });
  await using second = await open({ ...COUNTER, backend });
  await first.write(0x02, Buffer.alloc(1));
  await expect(second.write(0x02, Buffer.alloc(1))).rejects.toMatchObject({ code: 'busy' });
});
