import { Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { UsbipBackend } from '../../../../../src/backends/usbip/client/backend.js';
import type { Device, Endpoint, Interface } from '../../../../../src/usb/backend.js';
import type { Peer } from '../peer.js';
import {
  type Command,
  KernelLikeServer,
  reply,
  replyHead,
  replyUnlink,
} from './kernel-like-server.js';

type OnCommand = (peer: Peer, command: Command) => void;

interface Opened {
  readonly device: Device;
  readonly claimed: Interface;
  readonly in: Endpoint;
  readonly out: Endpoint;
}

/** Opens the device of a server that answers commands as a test says. */
async function open(onCommand: OnCommand, timeout = 5000): Promise<Opened> {
  const server = new KernelLikeServer({ onCommand });
  onTestFinished(() => {
    server.close();
    expect(server.failure).toBeUndefined();
  });
  const backend = new UsbipBackend({ host: '127.0.0.1', port: await server.listen() }, timeout);
  const [listed] = await backend.list();
  const device = await backend.open(listed ?? expect.unreachable());
  const claimed = await device.claim(0, 0);
  return { device, claimed, in: claimed.endpoint(0x82), out: claimed.endpoint(0x02) };
}

/** Submits a transfer. Resolves to its status and its bytes. */
function move(endpoint: Endpoint, buffer: Buffer, cancel = false): Promise<[string, Buffer]> {
  return new Promise((resolve) => {
    const transfer = endpoint.createTransfer((status, length) =>
      resolve([status, Buffer.from(buffer.subarray(0, length))]),
    );
    transfer.submit(buffer, buffer.length);
    if (cancel) {
      transfer.cancel();
    }
  });
}

async function close({ device, claimed }: Opened): Promise<void> {
  await claimed.release();
  await device.close();
}

const isSubmit = ({ kind }: Command) => kind === 'submit';

describe('a transfer', () => {
  it('receives what the server sends, however large, and in pieces', async () => {
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 253));
    const opened = await open((peer, { seqnum }) => {
      const bytes = Buffer.concat([replyHead(seqnum, 0, sent.length), sent]);
      for (let at = 0; at < bytes.length; at += 70_001) {
        setTimeout(() => peer.write(bytes.subarray(at, at + 70_001)), at / 20_000);
      }
    });
    const [status, received] = await move(opened.in, Buffer.alloc(512 * 600));
    expect([status, received.equals(sent)]).toEqual(['completed', true]);
    await close(opened);
  });

  it('sends its data, and counts what the server says', async () => {
    const commands: Command[] = [];
    const opened = await open((peer, command) => {
      commands.push(command);
      peer.write(replyHead(command.seqnum, 0, command.length)); // no data follows for OUT
    });
    const data = Buffer.from('some bytes');
    expect(await move(opened.out, data)).toEqual(['completed', data]);
    expect(await move(opened.out, Buffer.alloc(0))).toEqual(['completed', Buffer.alloc(0)]);
    expect(commands.map((command) => command.data.toString())).toEqual(['some bytes', '']);
    await close(opened);
  });

  it('leaves with the others of its turn', async () => {
    const opened = await open((peer, { seqnum }) => reply(peer, seqnum, 0));
    const uncork = vi.spyOn(Socket.prototype, 'uncork');
    onTestFinished(() => uncork.mockRestore());
    await Promise.all(Array.from({ length: 16 }, () => move(opened.in, Buffer.alloc(512))));
    expect(uncork).toHaveBeenCalledTimes(1);
    await close(opened);
  });

  it('has the interval of its interrupt endpoint', async () => {
    let interval = 0;
    const opened = await open((peer, { seqnum, head }) => {
      interval = head.readUInt32BE(36);
      reply(peer, seqnum, 0);
    });
    await move(opened.claimed.endpoint(0x84), Buffer.alloc(64));
    expect(interval).toBe(1);
    await close(opened);
  });

  it('is refused beyond 1 MiB, and can then be submitted', async () => {
    const opened = await open((peer, { seqnum }) => reply(peer, seqnum, 0));
    const buffer = Buffer.alloc(1024 * 1024 + 512);
    await new Promise<void>((resolve) => {
      const transfer = opened.in.createTransfer(() => resolve());
      expect(() => transfer.submit(buffer, buffer.length)).toThrow(/at most 1048576 bytes/);
      transfer.submit(buffer, 1024 * 1024);
    });
    await close(opened);
  });
});

describe('a cancelled transfer', () => {
  it('has no data if the server returns none', async () => {
    const opened = await open((peer, { kind, seqnum }) =>
      kind === 'unlink' ? replyUnlink(peer, seqnum, -104) : undefined,
    );
    expect(await move(opened.in, Buffer.alloc(512), true)).toEqual(['cancelled', Buffer.alloc(0)]);
    await close(opened);
  });

  it('has the data of a server that returns it first', async () => {
    const opened = await open((peer, { kind, seqnum, victim }) => {
      if (kind === 'unlink') {
        reply(peer, victim, -104, Buffer.from('abc'));
        replyUnlink(peer, seqnum, 0);
      }
    });
    expect(await move(opened.in, Buffer.alloc(512), true)).toEqual([
      'cancelled',
      Buffer.from('abc'),
    ]);
    await close(opened);
  });

  it('needs no reply to the cancel if it had completed', async () => {
    const opened = await open((peer, command) =>
      isSubmit(command) ? reply(peer, command.seqnum, 0, Buffer.from('abc')) : undefined,
    );
    expect(await move(opened.in, Buffer.alloc(512), true)).toEqual([
      'completed',
      Buffer.from('abc'),
    ]);
    await close(opened);
  });

  it.each([
    ['in', -104, 3],
    ['out', 0, 0],
  ] as const)('may be answered after its cancel: %s', async (direction, status, dataLength) => {
    const opened = await open((peer, { kind, seqnum, victim, length }) => {
      if (kind === 'unlink') {
        replyUnlink(peer, seqnum, 0);
        peer.write(replyHead(victim, status, dataLength || length), Buffer.alloc(dataLength));
      } else if (length === 1024) {
        reply(peer, seqnum, 0, direction === 'in' ? Buffer.from('next') : undefined);
      }
    });
    const endpoint = opened[direction];
    expect((await move(endpoint, Buffer.alloc(512), true))[0]).toBe('cancelled');
    const [next, bytes] = await move(endpoint, Buffer.alloc(1024));
    expect([next, bytes.toString()]).toEqual(['completed', direction === 'in' ? 'next' : '']);
    await close(opened);
  });

  it('ends the connection if the server does not answer the cancel', async () => {
    const opened = await open(() => {}, 200);
    const others = move(opened.in, Buffer.alloc(512));
    expect((await move(opened.in, Buffer.alloc(512), true))[0]).toBe('no-device');
    expect((await others)[0]).toBe('no-device');
    expect(await opened.device.loss()).toBe('disconnected');
    await expect(opened.device.reset()).rejects.toThrow(/did not answer a cancel for 0.2 s/);
    await close(opened);
  });
});

describe('a connection ends', () => {
  it.each<[string, (peer: Peer, seqnum: number) => void, RegExp]>([
    [
      'that sends too much',
      (peer, n) => peer.write(replyHead(n, 0, 513)),
      /more than was requested/,
    ],
    ['that answers nothing', (peer, n) => peer.write(replyHead(n + 9, 0, 0)), /is not in flight/],
    ['with an unknown command', (peer) => peer.write(Buffer.alloc(48)), /an unknown command/],
    ['that goes', (peer) => peer.end(), /the server closed the connection/],
  ])('of a server %s', async (_, answer, message) => {
    const opened = await open((peer, { seqnum }) => answer(peer, seqnum));
    expect(await move(opened.in, Buffer.alloc(512))).toEqual(['no-device', Buffer.alloc(0)]);
    await expect(opened.device.claim(0, 0)).rejects.toThrow(message);
    const transfer = opened.in.createTransfer(() => expect.unreachable());
    expect(() => transfer.submit(Buffer.alloc(512), 512)).toThrow(message);
    await close(opened);
  });

  it.each([
    1000, 100_000,
  ])('and keeps the %d bytes of a transfer that had arrived', async (arrived) => {
    const sent = Buffer.from(Array.from({ length: arrived }, (_, index) => index % 253));
    const opened = await open((peer, { seqnum }) => {
      peer.write(replyHead(seqnum, 0, 200_000), sent);
      peer.end();
    });
    const [status, received] = await move(opened.in, Buffer.alloc(512 * 400));
    expect([status, received.equals(sent)]).toEqual(['no-device', true]);
    await close(opened);
  });
});
