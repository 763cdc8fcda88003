import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReplayBackend } from '../../src/backends/replay/backend.js';
import { type Recording, readRecording } from '../../src/backends/replay/recording.js';
import { capture } from '../../src/engine/session/capture.js';
import type { ReadAt } from '../../src/pcapng/file-window.js';
import { WINDOW } from '../../src/pcapng/file-window.js';
import { UsbError } from '../../src/usb/errors.js';
import { inEndpoints } from '../../src/usb/locate.js';
import type { DeviceInfo } from '../../src/usb/model.js';
import {
  captureOf,
  controlRequest,
  descriptorRequests,
  readerOf,
  usbPcap,
  usbPcapFile,
} from '../support/capture.js';
import { deviceInfo, setting } from '../support/device-info.js';
import { MemorySink } from '../unit/engine/support/memory-sink.js';
import { runsOf, TIMEOUT } from './cases.js';

/** The memory that a capture may take, in bytes, whatever it claims. */
const MEMORY = 64 * 1024 * 1024;

const DEVICE = deviceInfo({
  configurations: [{ value: 1, settings: [setting(0, 0, 0x81, 0x02)] }],
});

/** A capture with everything that the reader knows. */
const WHOLE = captureOf([
  ...descriptorRequests(DEVICE),
  controlRequest([0xc0, 1, 2, 3], Buffer.from('answer')),
  { endpoint: 0x81, data: Buffer.from('first'), requested: 512 },
  { endpoint: 0x02, data: Buffer.from('to the device') },
  { endpoint: 0x83, type: 'interrupt', data: Buffer.alloc(8, 7) },
  { endpoint: 0x81, status: 'stall' },
  { endpoint: 0x81, data: Buffer.alloc(3000, 9), status: 'cancelled' },
  { endpoint: 0x81, status: 'no-device' },
  ...descriptorRequests({ ...DEVICE, address: 9 }),
  { endpoint: 0x81, device: 9, data: Buffer.from('second') },
]);

/** A capture of another format. */
const PCAP = usbPcapFile(
  usbPcap({
    id: 1n,
    type: 2,
    endpoint: 0x80,
    data: Buffer.from('8006000100001200', 'hex'),
    stage: 0,
  }),
  usbPcap({ id: 1n, type: 2, endpoint: 0x80, data: Buffer.alloc(18, 1), stage: 3, info: 1 }),
  ...Array.from({ length: 8 }, (_, index) => [
    usbPcap({ id: 2n, type: 3, endpoint: 0x02, data: Buffer.from('out') }),
    usbPcap({ id: 2n, type: 3, endpoint: 0x02, info: 1 }),
    usbPcap({ id: 3n, type: 3, endpoint: 0x81 }),
    usbPcap({ id: 3n, type: 3, endpoint: 0x81, info: 1, data: Buffer.alloc(100 * index, index) }),
    usbPcap({ id: 4n, type: 1, endpoint: 0x83, info: 1, status: 0xc0000004 }),
  ]).flat(),
);

/** A change of a file. */
type Change =
  | { readonly kind: 'byte' | 'word'; readonly at: number; readonly value: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'repeat' | 'remove'; readonly at: number; readonly length: number };

/** A place in the file, all equally likely: most changes are to leave its start as it is. */
const place = fc.noBias(fc.integer({ min: 0, max: 999_999 }).map((millionths) => millionths / 1e6));
const value = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 4, 7, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff),
  fc.nat(0xffff),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('byte' as const), at: place, value: fc.nat(255) }),
  fc.record({ kind: fc.constant('word' as const), at: place, value }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({
    kind: fc.constantFrom('repeat' as const, 'remove' as const),
    at: place,
    length: fc.nat(300),
  }),
);

function apply(file: Buffer, made: Change): Buffer {
  const at = Math.floor(made.at * file.length);
  switch (made.kind) {
    case 'byte': {
      const changed = Buffer.from(file);
      changed[at] = made.value;
      return changed;
    }
    case 'word': {
      const changed = Buffer.concat([file, Buffer.alloc(4)]);
      changed.writeUInt32LE(made.value, at - (at % 4)); // most fields of 32 bits are aligned
      return changed.subarray(0, file.length);
    }
    case 'cut':
      return file.subarray(0, at);
    case 'repeat':
      return Buffer.concat([
        file.subarray(0, at + made.length),
        file.subarray(at, at + made.length),
        file.subarray(at + made.length),
      ]);
    case 'remove':
      return Buffer.concat([file.subarray(0, at), file.subarray(at + made.length)]);
  }
}

/** Reads all that a host can read. */
async function use(recording: Recording, transferSize: number): Promise<void> {
  const backend = new ReplayBackend(recording);
  for (const info of await backend.list()) {
    await backend.descriptors(info);
    await read(backend, info, transferSize);
    await ask(backend, info);
  }
}

async function read(backend: ReplayBackend, device: DeviceInfo, transferSize: number) {
  for (const location of inEndpoints(device, {})) {
    const sink = new MemorySink();
    const result = await capture({
      ...{ backend, location, sink, recovery: { keepGoing: 16, reconnect: 1000 } },
      device: (await backend.list()).find(({ path }) => path === device.path) ?? device,
      receive: { depth: 2, transferSize: Math.max(transferSize, location.endpoint.maxPacketSize) },
      signal: new AbortController().signal,
    });
    expect(result.end.reason).not.toBe('internal');
    expect(sink.contents.length).toBeLessThanOrEqual(2 * WHOLE.length);
  }
}

/** Sends a request that was recorded, and one that was not. */
async function ask(backend: ReplayBackend, { path }: DeviceInfo): Promise<void> {
  const info = (await backend.list()).find((one) => one.path === path);
  if (info !== undefined) {
    const device = await backend.open(info);
    for (const request of [1, 99]) {
      const setup = { requestType: 0xc0, request, value: 2, index: 3 };
      await device.control(setup, Buffer.alloc(64), 1).catch((error: unknown) => {
        expect(error).toBeInstanceOf(UsbError);
      });
    }
    await device.close();
  }
}

it(
  'a damaged capture ends with one line, whatever it claims',
  async () => {
    const property = fc.asyncProperty(
      fc.constantFrom('pcapng' as const, 'pcap' as const),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(512, 4096),
      async (format, changes, transferSize) => {
        const file = changes.reduce(apply, format === 'pcap' ? PCAP : WHOLE);
        const fromFile = readerOf(file);
        const readAt: ReadAt = (into, position) => {
          expect(into.length).toBeLessThanOrEqual(WINDOW);
          return fromFile(into, position);
        };
        const recording = await readRecording(readAt).catch((error: unknown) => {
          expect(error).toMatchObject({
            name: 'CaptureError',
            message: expect.stringMatching(/^[^\n]+ at offset \d+$/),
          });
          return undefined;
        });
        if (recording !== undefined) {
          await use(recording, transferSize);
        }
      },
    );
    const before = process.memoryUsage().arrayBuffers;
    await fc.assert(property, runsOf('capture'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MEMORY);
  },
  4 * TIMEOUT,
);
