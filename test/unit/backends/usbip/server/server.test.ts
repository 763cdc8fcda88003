import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { encodeUnlink, HEAD_LENGTH } from '../../../../../src/backends/usbip/protocol/commands.js';
import {
  encodeImport,
  encodeOperation,
} from '../../../../../src/backends/usbip/protocol/operations.js';
import { counterBytes } from '../../../../support/counter-stream.js';
import { Peer } from '../peer.js';
import { Served } from './served.js';

const KIB = 1024;

describe('a server', () => {
  it('lists its devices with their interfaces, also while they are in use', async () => {
    const served = await Served.start();
    await served.import();
    const peer = await served.connect();
    peer.write(encodeOperation(0x8005));
    const bytes = await peer.closed();
    expect(bytes.length).toBe(8 + 4 + 2 * (312 + 4));
    expect(bytes.toString('hex', 0, 12)).toBe('011100050000000000000002');
    expect(bytes.toString('latin1', 12, 42)).toBe('/usbxfer/cancel-keeps-data/1-1');
    expect(bytes.toString('hex', 12 + 312, 12 + 316)).toBe('ff000000');
  });

  it('gives a device to one client at a time, and to the next when that has gone', async () => {
    const served = await Served.start();
    const first = await served.import();
    await expect(served.import()).rejects.toThrow('import status 2');
    await served.import('1-2');
    first.peer.end();
    await served.happened(4);
    await served.import();
    expect(served.kinds).toEqual(['imported', 'refused', 'imported', 'released', 'imported']);
  });

  it('refuses a device that it does not have', async () => {
    const served = await Served.start();
    await expect(served.import('9-9')).rejects.toThrow('import status 4');
    expect(served.events).toMatchObject([{ kind: 'refused', path: '9-9' }]);
  });

  it.each([
    ['another version', Buffer.from('0100800500000000', 'hex')],
    ['another operation', encodeOperation(0x8001)],
    ['more than a request', Buffer.concat([encodeImport('1-1'), Buffer.alloc(1)])],
  ])('closes a connection with %s', async (_, bytes) => {
    const served = await Served.start();
    const peer = await served.connect();
    peer.write(bytes);
    expect((await peer.closed()).length).toBeLessThanOrEqual(320);
    await served.import('1-2');
  });

  it('answers what is in flight, with its data, when it is closed', async () => {
    const served = await Served.start('silence@1k');
    const client = await served.import();
    client.submit(1, 0x82, 4 * KIB);
    client.submit(2, 0x82, 4 * KIB);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await served.server.close('the end');
    const replies = [await client.reply(), await client.reply()];
    const first = replies.find(({ seqnum }) => seqnum === 1);
    expect(replies.map(({ status }) => status)).toEqual([-104, -104]);
    expect(first?.data.equals(counterBytes(0, KIB))).toBe(true);
    await client.peer.closed();
    expect(served.events.at(-1)).toMatchObject({
      ...{ kind: 'released', reason: 'the end', bytesIn: KIB, bytesOut: 0 },
    });
  });

  it('says that it cannot list its devices, and logs why', async () => {
    const served = await Served.start();
    vi.spyOn(served.bus, 'list').mockRejectedValue(new Error('no bus'));
    const peer = await served.connect();
    peer.write(encodeOperation(0x8005));
    expect((await peer.closed()).toString('hex')).toBe('0111000500000005');
    expect(served.events).toMatchObject([{ kind: 'rejected', message: 'no bus' }]);
  });

  it('gives a device back that is being opened when it is closed', async () => {
    const served = await Served.start();
    const open = served.bus.open.bind(served.bus);
    let closed: Promise<void> | undefined;
    vi.spyOn(served.bus, 'open').mockImplementation((info) => {
      closed = served.server.close('the end');
      return open(info);
    });
    const peer = await served.connect();
    peer.write(encodeImport('1-1'));
    await peer.closed();
    await closed;
    expect(served.events).toEqual([]);
  });

  it('ends the connections of clients that got their list and stay', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const served = await Served.start();
    for (let i = 0; i < 64; i++) {
      const { port } = served.server;
      const peer = new Peer(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
      onTestFinished(() => {
        peer.socket.destroy();
      });
      peer.write(encodeOperation(0x8005));
      await peer.read(8 + 4 + 2 * (312 + 4));
    }
    await expect(served.import()).rejects.toThrow('closed with 0');
    vi.advanceTimersByTime(10_000);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    await served.import();
  });

  it('ends the connection of a device that is unplugged, after the last replies', async () => {
    const served = await Served.start('silence@1k');
    const client = await served.import();
    client.submit(1, 0x82, KIB);
    expect(await client.reply()).toMatchObject({ seqnum: 1, status: 0 });
    client.submit(2, 0x82, KIB);
    await new Promise((resolve) => setTimeout(resolve, 20));
    served.bus.unplug('1-1');
    const { seqnum, status } = await client.reply();
    expect([seqnum, [-71, -108].includes(status)]).toEqual([2, true]);
    await served.happened(2);
    expect(served.events.at(-1)).toMatchObject({ reason: 'the device was disconnected' });
  });
});

/** Does something, then closes a server, while time passes. */
async function closeOnFakeClock(served: Served, before?: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  let isClosed = false;
  const closed = Promise.resolve(before?.())
    .then(() => served.server.close('the end'))
    .then(() => {
      isClosed = true;
    });
  while (!isClosed) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(250);
  }
  vi.useRealTimers();
  await closed;
}

describe('a client', () => {
  it('enumerates the device: descriptors, strings, configuration, alternate setting', async () => {
    const client = await (await Served.start()).import();
    client.submit(1, 0x80, 18, '8006000100001200');
    expect((await client.reply()).data.toString('hex')).toBe(
      '120100020000004034127856000101020301',
    );
    client.submit(2, 0x80, 255, '800603030904ff00');
    expect((await client.reply()).data.toString('utf16le', 2)).toBe('V0001');
    client.submit(3, 0x00, 0, '0005110000000000');
    client.submit(4, 0x00, 0, '0009010000000000');
    client.submit(5, 0x00, 0, '010b010000000000');
    client.submit(6, 0x80, 1, '810a000000000100');
    client.submit(7, 0x80, 18, '8006ff0000001200');
    const replies = [];
    for (let i = 0; i < 5; i++) {
      const { seqnum, status, data } = await client.reply();
      replies.push([seqnum, status, data.toString('hex')]);
    }
    expect(replies).toEqual([
      [3, 0, ''],
      [4, 0, ''],
      [5, 0, ''],
      [6, 0, '01'],
      [7, -32, ''],
    ]);
  });

  it('may configure and reset the device between transfers', async () => {
    const client = await (await Served.start()).import();
    const requests = ['0009010000000000', '010b000000000000', '2303040000000000'];
    for (const [index, setup] of requests.entries()) {
      client.submit(2 * index + 1, 0x82, KIB);
      expect(await client.reply()).toMatchObject({ status: 0 });
      client.submit(2 * index + 2, 0x00, 0, setup);
      expect(await client.reply()).toMatchObject({ status: 0 });
    }
    client.submit(9, 0x82, KIB);
    expect(await client.reply()).toMatchObject({ status: 0 });
  });

  it('cancels transfers and requests, which keep what they had moved', async () => {
    const client = await (await Served.start('silence@1k')).import();
    client.submit(1, 0x82, 4 * KIB);
    client.submit(2, 0x80, 8, 'c003000000000800'); // never answered
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.unlink(3, 1);
    expect(await client.reply()).toMatchObject({ command: 3, seqnum: 1, status: -104 });
    expect(await client.reply()).toMatchObject({ command: 4, seqnum: 3, status: 0 });
    client.unlink(4, 2);
    expect(await client.reply()).toMatchObject({ command: 3, seqnum: 2, status: -104 });
    expect(await client.reply()).toMatchObject({ command: 4, seqnum: 4, status: 0 });
    client.unlink(5, 1); // it was answered before
    expect(await client.reply()).toMatchObject({ command: 4, seqnum: 5, status: 0 });
  });

  it.each([
    ['SET_INTERFACE', '010b000000000000'],
    ['CLEAR_FEATURE', '0201000082000000'],
    ['a vendor request', 'c003000000000800'],
  ])('gets a status for %s without an answer when it cancels it, and at the end', async (_name, setup) => {
    const served = await Served.start();
    const client = await served.importSilent();
    const isIn = setup.startsWith('c0');
    client.submit(1, isIn ? 0x80 : 0, isIn ? 8 : 0, setup);
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.unlink(2, 1);
    expect(await client.reply()).toMatchObject({ command: 3, seqnum: 1, status: -104 });
    expect(await client.reply()).toMatchObject({ command: 4, seqnum: 2, status: 0 });
    client.submit(3, isIn ? 0x80 : 0, isIn ? 8 : 0, setup);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const last = client.reply();
    await closeOnFakeClock(served);
    expect(await last).toMatchObject({ command: 3, seqnum: 3, status: -104 });
    expect(served.kinds).toEqual(['imported', 'released']);
  });

  it('gets a timeout for a change of the device that takes 10 s', async () => {
    const served = await Served.start();
    const client = await served.importSilent();
    const replies: unknown[] = [];
    const ask = async (): Promise<void> => {
      client.submit(1, 0x00, 0, '010b000000000000');
      client.submit(2, 0x00, 0, '0005110000000000');
      replies.push(await client.reply(), await client.reply());
    };
    await closeOnFakeClock(served, ask);
    expect(replies).toMatchObject([
      { seqnum: 1, status: -110 },
      { seqnum: 2, status: 0 },
    ]);
  });

  it('gets an answer for an endpoint that the selected setting lacks', async () => {
    const served = await Served.start();
    const client = await served.import();
    client.submit(1, 0x84, 64);
    client.submit(2, 0x85, 64);
    expect(await client.reply()).toMatchObject({ seqnum: 1, status: -22 });
    expect(await client.reply()).toMatchObject({ seqnum: 2, status: -22 });
    client.submit(3, 0x00, 0, '010b010000000000');
    client.submit(4, 0x84, 64);
    expect(await client.reply()).toMatchObject({ seqnum: 3, status: 0 });
    expect(await client.reply()).toMatchObject({ seqnum: 4, status: 0 });
    expect(served.kinds).toEqual(['imported', 'refused', 'refused']);
  });

  it('is refused isochronous transfers, with as many packets as it asked for', async () => {
    const served = await Served.start();
    const client = await served.import();
    for (const [seqnum, address] of [
      [1, 0x83],
      [2, 0x03],
    ] as const) {
      const head = Buffer.alloc(HEAD_LENGTH);
      head.writeUInt32BE(1, 0);
      head.writeUInt32BE(seqnum, 4);
      head.writeUInt32BE(client.devId, 8);
      head.writeUInt32BE(address >> 7, 12);
      head.writeUInt32BE(3, 16);
      head.writeUInt32BE(192, 24);
      head.writeUInt32BE(2, 32);
      client.peer.write(head, Buffer.alloc((address === 0x03 ? 192 : 0) + 2 * 16, 1));
      const answer = await client.peer.read(HEAD_LENGTH + 2 * 16);
      expect([answer.readUInt32BE(4), answer.readInt32BE(20)]).toEqual([seqnum, -22]);
      expect([answer.readUInt32BE(24), answer.readUInt32BE(32)]).toEqual([0, 2]);
    }
    expect(served.kinds).toEqual(['imported', 'refused']);
  });

  it('may have 64 MiB in flight, and no more', async () => {
    const served = await Served.start('silence@0');
    const client = await served.import();
    for (let i = 1; i <= 5; i++) {
      client.submit(i, 0x82, 16 * KIB * KIB);
    }
    expect(await client.reply()).toMatchObject({ seqnum: 5, status: -12 });
    client.unlink(9, 1);
    expect(await client.reply()).toMatchObject({ seqnum: 1, status: -104 });
    await client.reply();
    client.submit(6, 0x82, 16 * KIB * KIB);
    client.submit(7, 0x02, Buffer.alloc(KIB));
    expect(await client.reply()).toMatchObject({ seqnum: 7, status: -12 });
  });

  it('may not keep more memory by using that of long transfers for short ones', async () => {
    const client = await (await Served.start('silence@0')).import();
    const long = [1, 2, 3, 4];
    for (const seqnum of long) {
      client.submit(20 + seqnum, 0x82, 16 * KIB * KIB);
    }
    for (const seqnum of long) {
      client.unlink(30 + seqnum, 20 + seqnum);
      await client.reply();
      await client.reply();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const seqnum of long) {
      client.submit(40 + seqnum, 0x82, 1);
    }
    client.submit(50, 0x82, 16 * KIB * KIB);
    client.unlink(51, 50);
    expect(await client.reply()).toMatchObject({ seqnum: 50, status: -12 });
  });

  it('may use its memory for another endpoint when the first one needs it no more', async () => {
    const client = await (await Served.start('silence@0')).import();
    for (const seqnum of [1, 2, 3, 4]) {
      client.submit(seqnum, 0x82, 16 * KIB * KIB);
    }
    for (const seqnum of [1, 2, 3, 4]) {
      client.unlink(10 + seqnum, seqnum);
      expect(await client.reply()).toMatchObject({ seqnum, status: -104 });
      await client.reply();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.submit(5, 0x02, Buffer.alloc(KIB * KIB));
    expect(await client.reply()).toMatchObject({ seqnum: 5, status: 0 });
  });

  it.each<[string, (head: Buffer) => void, RegExp]>([
    ['another device', (head) => head.writeUInt32BE(1, 8), /addressed another device/],
    ['an unknown command', (head) => head.writeUInt32BE(9, 0), /an unknown command/],
    ['too many bytes', (head) => head.writeUInt32BE(0xffff_ffff, 24), /asked for 4294967295 bytes/],
    ['too many packets', (head) => head.writeUInt32BE(1025, 32), /in 1025 packets/],
    ['an endpoint that cannot exist', (head) => head.writeUInt32BE(16, 16), /of endpoint 16/],
  ])('is disconnected for %s, and the device can be imported again', async (_, change, reason) => {
    const served = await Served.start();
    const client = await served.import();
    const head = Buffer.alloc(HEAD_LENGTH);
    head.writeUInt32BE(1, 0);
    head.writeUInt32BE(1, 4);
    head.writeUInt32BE(client.devId, 8);
    head.writeUInt32BE(1, 12);
    head.writeUInt32BE(2, 16);
    head.writeUInt32BE(0xffff_ffff, 32);
    change(head);
    client.peer.write(head);
    await client.peer.closed();
    await served.happened(2);
    expect(served.events[1]).toMatchObject({
      kind: 'released',
      reason: expect.stringMatching(reason),
    });
    await served.import();
  });

  it.each([
    1,
    HEAD_LENGTH,
    HEAD_LENGTH + 100,
  ])('may go after %d bytes of a message, and the device can be imported again', async (length) => {
    const served = await Served.start();
    const client = await served.import();
    client.submit(1, 0x02, Buffer.alloc(512));
    await client.reply();
    const head = Buffer.alloc(HEAD_LENGTH + 512);
    head.writeUInt32BE(1, 0);
    head.writeUInt32BE(2, 4);
    head.writeUInt32BE(client.devId, 8);
    head.writeUInt32BE(2, 16);
    head.writeUInt32BE(512, 24);
    head.writeUInt32BE(0xffff_ffff, 32);
    client.peer.socket.end(head.subarray(0, length));
    await served.happened(2);
    expect(served.events[1]).toMatchObject({ kind: 'released', bytesOut: 512 });
    await served.import();
  });

  it('that reads nothing is not served without bound', async () => {
    const served = await Served.start();
    const client = await served.import();
    client.peer.socket.pause();
    const { socket } = client.peer;
    const commands = Buffer.concat(Array(1000).fill(encodeUnlink(1, client.devId, 0)));
    let batches = 0;
    while (batches < 1000 && socket.writableLength < 2 * KIB * KIB) {
      batches += 1;
      socket.write(commands);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(batches).toBeLessThan(700); // 33 MB: the server has stopped reading
    client.peer.socket.destroy();
    await served.happened(2);
    await served.import();
  });
});
