import { connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UsbipBackend } from '../../src/backends/usbip/client/backend.js';
import { UsbipServer } from '../../src/backends/usbip/server/server.js';
import { VirtualBackend } from '../../src/backends/virtual/backend.js';
import { parseScenario } from '../../src/backends/virtual/scenario.js';
import { UsbError } from '../../src/usb/errors.js';
import type { DeviceInfo } from '../../src/usb/model.js';
import { runsOf, TIMEOUT } from './cases.js';
import { changes, mutate } from './mutated-bytes.js';

/** Milliseconds within which everything must end. */
const PATIENCE = 5000;

const LENGTHS = [512, 4096, 65_536];

const bus = new VirtualBackend({ scenario: parseScenario('silence@200k') });
let server: UsbipServer;
let info: DeviceInfo;
/** What each end sends over the connection of a device that works. */
let fromServer: Buffer;
let fromClient: Buffer;

beforeAll(async () => {
  const options = { backend: bus, isExported: () => true, onEvent() {} };
  server = await UsbipServer.listen(options, '127.0.0.1', 0);
  const [first] = await new UsbipBackend({ host: '127.0.0.1', port: server.port }).list();
  info = first ?? expect.unreachable();
  [fromClient, fromServer] = await record();
});
afterAll(() => server.close('the test is over'));

/** Imports a device, moves data and cancels. Fails only with a UsbError. */
async function use(port: number): Promise<void> {
  try {
    const device = await new UsbipBackend({ host: '127.0.0.1', port }, 1000).open(info);
    try {
      const claimed = await device.claim(0, 0);
      const ends = [0x82, 0x02].flatMap((address) =>
        LENGTHS.map((length) => {
          const buffer = Buffer.alloc(length);
          return new Promise<void>((resolve, reject) => {
            let ended = 0;
            const transfer = claimed.endpoint(address).createTransfer((_, actualLength) => {
              ended += 1;
              if (ended > 1 || actualLength > length) {
                reject(new Error(`completion ${ended} with ${actualLength} of ${length} bytes`));
              }
              resolve();
            });
            transfer.submit(buffer, length);
            if (length === 512) {
              transfer.cancel();
            }
          });
        }),
      );
      await Promise.all(ends);
      await claimed.release();
    } finally {
      await device.close();
    }
  } catch (error) {
    if (!(error instanceof UsbError) || error.code === 'invalid') {
      throw error;
    }
  }
}

/** Records what both ends send over the connection of a device. */
async function record(): Promise<[fromClient: Buffer, fromServer: Buffer]> {
  const sent: Buffer[] = [];
  const answered: Buffer[] = [];
  const proxy = createServer((client) => {
    const target = connect(server.port, '127.0.0.1');
    client.on('data', (chunk) => sent.push(chunk)).pipe(target);
    target.on('data', (chunk) => answered.push(chunk)).pipe(client);
  });
  const port = await listen(proxy);
  await use(port);
  proxy.close();
  return [Buffer.concat(sent), Buffer.concat(answered)];
}

async function listen(listener: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took too long`)), PATIENCE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

it(
  'a client survives a hostile server',
  async () => {
    let script = fromServer;
    const hostile = createServer((socket: Socket) => {
      socket.on('error', () => {});
      socket.resume();
      socket.end(script);
    });
    const port = await listen(hostile);
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        script = mutate(fromServer, list);
        await soon(use(port), 'the client');
      }),
      runsOf('usbipClient'),
    );
    hostile.close();
  },
  TIMEOUT,
);

it(
  'a server survives a hostile client, and serves the next one',
  async () => {
    const converse = (bytes: Buffer) =>
      new Promise<void>((resolve) => {
        const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes));
        socket.on('error', () => {});
        socket.on('close', () => resolve());
        socket.resume();
      });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        await soon(converse(mutate(fromClient, list)), 'the server');
      }),
      runsOf('usbipServer'),
    );
    const { port } = server;
    const device = await new UsbipBackend({ host: '127.0.0.1', port }).open(info);
    await device.close();
  },
  TIMEOUT,
);
