import { describe, expect, it, onTestFinished } from 'vitest';
import { UsbipBackend } from '../../../../../src/backends/usbip/client/backend.js';
import { encodeOperation } from '../../../../../src/backends/usbip/protocol/operations.js';
import type { UsbError } from '../../../../../src/usb/errors.js';
import { type Peer, PeerServer } from '../peer.js';
import { EXPORTED, KernelLikeServer } from './kernel-like-server.js';

/** Connects a client to a server that is closed at the end of the test. */
async function clientOf(server: { listen(): Promise<number>; close(): void }, timeout = 5000) {
  onTestFinished(() => server.close());
  return new UsbipBackend({ host: '127.0.0.1', port: await server.listen() }, timeout);
}

async function failureOf(operation: Promise<unknown>): Promise<UsbError> {
  return operation.then(
    () => expect.unreachable(),
    (error) => error,
  );
}

describe('a list', () => {
  it('has what the server says, and is partial', async () => {
    const backend = await clientOf(new KernelLikeServer());
    expect(await backend.list()).toEqual([
      {
        ...{ path: '1-1', bus: 1, address: 5, vid: 0x1234, pid: 0x5678, usbVersion: 0, speed: 480 },
        ...{ deviceClass: 0, deviceSubClass: 0, deviceProtocol: 0, isPartial: true },
        ...{ manufacturer: undefined, product: undefined, serial: undefined },
        ...{ configurationValue: 1, cancelKeepsData: false },
        configurations: [
          {
            value: 1,
            settings: [
              {
                ...{ interfaceNumber: 0, alternateSetting: 0, endpoints: [] },
                ...{ interfaceClass: 255, interfaceSubClass: 1, interfaceProtocol: 2 },
              },
            ],
          },
        ],
      },
    ]);
  });

  it('leaves out devices with names or numbers that are not those of a device', async () => {
    const wrong = [
      { busId: '' },
      { busId: '../1-1' },
      { busId: '1-1\u001b[2J' },
      { address: 0 },
      { address: 256 },
      { bus: 65_536 },
    ];
    const list = () => [...wrong.map((change) => ({ ...EXPORTED, ...change })), EXPORTED];
    const backend = await clientOf(new KernelLikeServer({ list }));
    expect((await backend.list()).map(({ path }) => path)).toEqual(['1-1']);
  });

  it('has the device that is open here, which the server does not list, and all that is known', async () => {
    const backend = await clientOf(new KernelLikeServer());
    const [listed] = await backend.list();
    const device = await backend.open(listed ?? expect.unreachable());
    const [open] = await backend.list();
    expect(open).toEqual(device.info);
    expect(open).toMatchObject({ product: 'thing', serial: 'S1', usbVersion: 0x0200 });
    expect(open?.isPartial).toBeUndefined();
    await device.close();
    expect(await backend.list()).toEqual([open]);
  });
});

describe('a device', () => {
  it('is configured when it is examined, and is still imported when it is opened', async () => {
    const server = new KernelLikeServer({ configuration: 0 });
    const backend = await clientOf(server);
    const [listed] = await backend.list();
    expect(listed).toMatchObject({ configurationValue: undefined, configurations: [] });
    const info = await backend.examine(listed ?? expect.unreachable());
    expect(info.configurationValue).toBe(1);
    expect(server.requests).toContain('0009010000000000');
    const device = await backend.open(info);
    expect(device.info).toEqual(info);
    expect(server.imports).toBe(1);
    await device.close();
  });

  it('is exported again when its close resolves', async () => {
    let isBack = false;
    const list = (index: number) => {
      isBack = index > 3;
      return index === 0 || isBack ? [EXPORTED] : [];
    };
    const backend = await clientOf(new KernelLikeServer({ list }));
    const [listed] = await backend.list();
    const device = await backend.open(listed ?? expect.unreachable());
    await device.close();
    expect(isBack).toBe(true);
  });

  it('is not opened if another one is at its place', async () => {
    const backend = await clientOf(new KernelLikeServer());
    const [listed] = await backend.list();
    const other = { ...(listed ?? expect.unreachable()), address: 6 };
    expect(await failureOf(backend.open(other))).toMatchObject({ code: 'no-device' });
  });

  it('is refused while another client uses it', async () => {
    const server = new KernelLikeServer();
    const backend = await clientOf(server);
    const [listed] = await backend.list();
    server.isUsed = true;
    const error = await failureOf(backend.open(listed ?? expect.unreachable()));
    expect(error).toMatchObject({ code: 'busy', remedy: { kind: 'end-import' } });
    expect(error.message).toMatch(/^cannot import 1-1 from 127.0.0.1:\d+: another client uses it$/);
  });
});

describe('a server that cannot be used', () => {
  it.each<[string, (peer: Peer) => unknown, RegExp]>([
    [
      'closes the connection',
      (peer) => peer.end(),
      /without a reply; it may speak another version/,
    ],
    ['resets it', ({ socket }) => socket.resetAndDestroy(), /it closed the connection/],
    [
      'speaks another version',
      (peer) => peer.write(Buffer.from('0100000500000000', 'hex')),
      /it speaks version 1.0.0 of the protocol, not 1.1.1/,
    ],
    ['sends another reply', (peer) => peer.write(encodeOperation(0x0003)), /its reply is none of/],
    [
      'cannot list its devices',
      (peer) => peer.write(encodeOperation(0x0005, 5)),
      /it cannot list its devices \(status 5\)/,
    ],
    ['is a web server', (peer) => peer.write(Buffer.from('HTTP/1.1 400')), /its reply is none of/],
    [
      'lists too many devices',
      (peer) => peer.write(encodeOperation(0x0005), Buffer.alloc(4, 0xff)),
      /it lists 4294967295 devices/,
    ],
    ['does not reply', () => {}, /no reply after 0.2 s/],
    ['stops within a reply', (peer) => peer.write(Buffer.alloc(1)), /no reply after 0.2 s/],
  ])('%s', async (_, onConnect, message) => {
    const backend = await clientOf(new PeerServer(onConnect), 200);
    const error = await failureOf(backend.list());
    expect(error).toMatchObject({ code: 'no-server', remedy: { kind: 'start-server' } });
    expect(error.message).toMatch(message);
  });

  it('is not there', async () => {
    const server = new PeerServer(() => {});
    const port = await server.listen();
    server.close();
    const error = await failureOf(new UsbipBackend({ host: '127.0.0.1', port }).list());
    expect(error.message).toBe(
      `cannot use the USB/IP server at 127.0.0.1:${port}: the connection was refused`,
    );
  });

  it.each([
    [1, 'no-device'],
    [3, 'io'],
    [4, 'no-device'],
    [5, 'io'],
  ])('refuses an import with status %d', async (status, code) => {
    const backend = await clientOf(
      new PeerServer((peer) => {
        peer.write(encodeOperation(0x0003, status));
        peer.end();
      }),
    );
    const [info] = await (await clientOf(new KernelLikeServer())).list();
    const error = await failureOf(backend.open(info ?? expect.unreachable()));
    expect(error).toMatchObject({ code, remedy: { kind: 'export-device', path: '1-1' } });
  });
});
