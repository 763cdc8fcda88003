import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { list, open } from '../../../src/index.js';
import type { DeviceDefinition, EndpointDefinition } from '../../../src/testing/definition.js';
import { createVirtualBus, TestBus, type TestDevice } from '../../../src/testing/index.js';

const IDS = { vid: 0x1209, pid: 1 };

/** A bus with one device. */
async function connect(
  endpoints: DeviceDefinition['endpoints'],
  more: Partial<DeviceDefinition> = {},
) {
  const bus = new TestBus();
  const device = bus.connect({ ...IDS, ...more, endpoints });
  return { bus, device, host: await open({ ...IDS, backend: bus }) };
}

it('shows the device as it is defined', async () => {
  const { bus, host } = await connect(
    { 129: {}, 1: { type: 'interrupt' }, 130: { interfaceNumber: 2, packetSize: 8 } },
    { serial: 'S1', product: 'P', manufacturer: 'M', speed: 'super' },
  );
  expect(host.info).toMatchObject({ ...IDS, path: '1-1', serial: 'S1', product: 'P', speed: 5000 });
  expect(host.info.configurations).toMatchObject([
    {
      value: 1,
      settings: [
        {
          interfaceNumber: 0,
          endpoints: [
            { address: 0x01, type: 'interrupt', maxPacketSize: 64 },
            { address: 0x81, type: 'bulk', maxPacketSize: 1024 },
          ],
        },
        { interfaceNumber: 2, endpoints: [{ address: 0x82, maxPacketSize: 8 }] },
      ],
    },
  ]);
  const second = bus.connect({ ...IDS, endpoints: {} });
  expect(second.path).toBe('1-2');
  expect(await list({ backend: bus })).toHaveLength(2);
  await host.close();
});

it('sends messages, and passes on what it receives', async () => {
  const received: string[] = [];
  const { device, host } = await connect({
    129: {},
    1: {
      receive(data) {
        received.push(data.toString());
        device.send(0x81, Buffer.from(`echo ${data}`));
      },
    },
  });
  await host.write(0x01, Buffer.from('a'));
  expect((await buffer(host.read(0x81, { untilShort: true }))).toString()).toBe('echo a');
  const waiting = buffer(host.read(0x81, { untilShort: true }));
  device.send(0x81, Buffer.from('later'));
  expect((await waiting).toString()).toBe('later');
  device.send(0x81, Buffer.alloc(512));
  device.send(0x81, Buffer.alloc(0));
  expect(await buffer(host.read(0x81, { untilShort: true }))).toHaveLength(512);
  expect(received).toEqual(['a']);
  expect(() => device.send(0x01, Buffer.alloc(1))).toThrow('no IN endpoint');
  await host.close();
});

it.each([
  ['stall', 'stall'],
  ['error', 'error'],
  ['babble', 'overflow'],
  ['unplug', 'device-lost'],
  ['deauthorize', 'device-lost'],
] as const)('%s before a packet ends a read as %s', async (kind, code) => {
  const send = () => Buffer.alloc(512);
  const { host } = await connect({ 129: { send, faults: [{ kind, offset: 1025 }] } });
  const read = buffer(host.read(0x81, { transferSize: 512, transfers: 1 }));
  await expect(read).rejects.toMatchObject({ code, bytes: 1024 });
  await host.close();
});

it.each([
  ['stall', 'stall'],
  ['error', 'error'],
  ['unplug', 'device-lost'],
] as const)('%s before a packet ends a write as %s', async (kind, code) => {
  const { host } = await connect({ 1: { faults: [{ kind, offset: 700 }] } });
  const write = host.write(0x01, Buffer.alloc(5000));
  await expect(write).rejects.toMatchObject({ code, bytes: 512 });
  await host.close();
});

it('silence ends by itself, and so does an unplug with a duration', async () => {
  const send = () => Buffer.alloc(512);
  const faults = [
    { kind: 'silence', offset: 512, duration: 30 },
    { kind: 'unplug', offset: 1024, duration: 30 },
  ] as const;
  const onPowerOn = vi.fn();
  const { host } = await connect({ 129: { send, faults } }, { onPowerOn });
  const started = performance.now();
  const options = { bytes: 2048, reconnect: 5000, transferSize: 512 };
  expect(await buffer(host.read(0x81, options))).toHaveLength(2048);
  expect(performance.now() - started).toBeGreaterThanOrEqual(59);
  expect(onPowerOn).toHaveBeenCalledOnce();
  await host.close();
});

it('a reset by another process ends a read', async () => {
  const send = () => Buffer.alloc(512);
  const { host } = await connect({ 129: { send, faults: [{ kind: 'reset', offset: 1025 }] } });
  const read = buffer(host.read(0x81, { transferSize: 512 }));
  await expect(read).rejects.toMatchObject({ code: 'device-reset' });
  await host.close();
});

it('does what the test says', async () => {
  const { bus, device, host } = await connect({ 129: {} });
  const stalled = buffer(host.read(0x81));
  setTimeout(() => device.stall(0x81), 5);
  await expect(stalled).rejects.toMatchObject({ code: 'stall' });
  const actions: [(device: TestDevice) => void, object][] = [
    [(one) => one.resetByOther(), { code: 'device-reset' }],
    [(one) => one.authorize(false), { code: 'device-lost', loss: 'deauthorized' }],
    [(one) => one.unplug(), { code: 'device-lost', loss: 'disconnected' }],
  ];
  await host.close();
  for (const [action, error] of actions) {
    const opened = await open({ ...IDS, backend: bus });
    const reading = buffer(opened.read(0x81));
    setTimeout(() => action(device), 5);
    await expect(reading).rejects.toMatchObject(error);
    await opened.close();
    device.authorize(true);
    device.replug();
  }
});

it('answers control requests', async () => {
  const control = vi.fn<NonNullable<DeviceDefinition['control']>>(
    ({ direction, request, length }) => {
      switch (request) {
        case 1:
          return direction === 'in' ? Buffer.alloc(length + 5, 7) : 'accept';
        case 2:
          return 'no-answer';
        case 3:
          throw new Error('a bug of the test');
        default:
          return 'stall';
      }
    },
  );
  const { host } = await connect({}, { control });
  expect(await host.control({ request: 1, value: 2, index: 3, length: 4 })).toEqual(
    Buffer.alloc(4, 7),
  );
  expect(control).toHaveBeenLastCalledWith({
    ...{ direction: 'in', type: 'vendor', recipient: 'device', request: 1, value: 2, index: 3 },
    ...{ length: 4, data: Buffer.alloc(0) },
  });
  expect(await host.control({ request: 1, data: Buffer.from('abc') })).toBe(3);
  expect(control.mock.lastCall?.[0].data.toString()).toBe('abc');
  await expect(host.control({ request: 9 })).rejects.toMatchObject({ code: 'stall' });
  await expect(host.control({ request: 3 })).rejects.toThrow('a bug of the test');
  await expect(host.control({ request: 2, length: 1, timeout: 5 })).rejects.toMatchObject({
    code: 'timed-out',
  });
  const standard = { type: 'standard', request: 6, value: 0x100, length: 18 } as const;
  expect((await host.control(standard)).readUInt16LE(8)).toBe(IDS.vid);
  await host.close();
});

it.each<[Record<number, EndpointDefinition>, string]>([
  [{ 128: {} }, '128 is no endpoint address: use 0x81 to 0x8f for IN, 1 to 15 for OUT'],
  [{ 16: {} }, '16 is no endpoint address: use 0x81 to 0x8f for IN, 1 to 15 for OUT'],
  [{ 1: { faults: [{ kind: 'babble', offset: 0 }] } }, 'OUT endpoint 0x01 cannot babble'],
])('refuses %j', (endpoints, message) => {
  expect(() => new TestBus().connect({ ...IDS, endpoints })).toThrow(message);
});

it.each([0x1_0000, -1, 1.5])('refuses the ID %j', (id) => {
  const message = `must be an integer from 0 to 0xffff, not ${id}`;
  expect(() => new TestBus().connect({ ...IDS, vid: id, endpoints: {} })).toThrow(`vid ${message}`);
  expect(() => new TestBus().connect({ ...IDS, pid: id, endpoints: {} })).toThrow(`pid ${message}`);
});

it('delivers every byte of every message in order, whatever the sizes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 2000 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 8 }),
      fc.constantFrom('stall', undefined),
      fc.nat(5000),
      async (messages, packets, kind, offset) => {
        const sent: number[] = [];
        const faults = kind === undefined ? [] : [{ kind, offset } as const];
        const queue = [...messages];
        const { host } = await connect({
          129: { send: () => queue.shift(), faults },
          1: { receive: (data) => sent.push(...data), faults },
        });
        const all = Buffer.concat(messages);
        const read = { bytes: all.length, transferSize: packets * 512, keepGoing: 5 };
        expect((await buffer(host.read(0x81, read))).equals(all)).toBe(true);
        const { bytes } = await host.write(0x01, messages).then(
          () => ({ bytes: all.length }),
          (error) => error,
        );
        expect(all.subarray(0, bytes).equals(Buffer.from(sent))).toBe(true);
        await host.close();
      },
    ),
    { numRuns: 100 },
  );
});

it('creates the bus of the program, with a scenario', async () => {
  const backend = createVirtualBus('message=100');
  const device = await open({ vid: 0x1234, pid: 0x5678, backend });
  expect(await buffer(device.read(0x82, { untilShort: true }))).toHaveLength(100);
  await device.close();
  expect(() => createVirtualBus('nothing=1')).toThrow('scenario clause "nothing=1" is unknown');
});
