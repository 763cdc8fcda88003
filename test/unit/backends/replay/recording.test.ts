import { describe, expect, it } from 'vitest';
import { findRecorded, parseDeviceFile } from '../../../../src/backends/replay/device-file.js';
import { readRecording } from '../../../../src/backends/replay/recording.js';
import { interfaceStatistics } from '../../../../src/pcapng/writer.js';
import {
  captureOf,
  controlRequest,
  descriptorRequests,
  type Recorded,
  readerOf,
} from '../../../support/capture.js';
import { DEVICE } from './replay.js';

function recordingOf(...transfers: readonly Recorded[]) {
  return readRecording(readerOf(captureOf(transfers)));
}

describe('a recording', () => {
  it('has the devices by bus and address, without those that have no address yet', async () => {
    const { devices } = await recordingOf(
      { endpoint: 0x81, bus: 2, device: 1 },
      { endpoint: 0x81, bus: 1, device: 9 },
      { endpoint: 0x80, type: 'control', bus: 1, device: 0 },
      { endpoint: 0x81, bus: 1, device: 3 },
    );
    expect(devices.map(({ bus, addresses }) => [bus, addresses])).toEqual([
      [1, [3]],
      [1, [9]],
      [2, [1]],
    ]);
  });

  it('counts transfers, failures, and bytes that are missing', async () => {
    const { devices } = await recordingOf(
      { endpoint: 0x81, data: Buffer.from('whole') },
      { endpoint: 0x81, data: Buffer.from('cut'), length: 10 },
      { endpoint: 0x81, status: 'stall' },
      { endpoint: 0x81, status: 'cancelled' },
    );
    expect(devices[0]?.endpoints.get(0x81)).toEqual({
      ...{ address: 0x81, type: 'bulk', transfers: 4, failures: 1, bytes: 8, missingBytes: 7 },
    });
  });

  const statistics = interfaceStatistics({
    start: 0n,
    end: 0n,
    received: 0,
    dropped: 0,
    comments: [],
  });
  it.each([
    ['transfers', captureOf(Array.from({ length: 5000 }, () => ({ endpoint: 0x81 })))],
    ['no USB traffic', Buffer.concat([captureOf([]), ...Array(5000).fill(statistics)])],
  ])('is read no further after an abort: %s', async (_what, bytes) => {
    const readAt = readerOf(bytes);
    let furthest = 0;
    const counting = (into: Buffer, position: number): number => {
      furthest = Math.max(furthest, position);
      return readAt(into, position);
    };
    const aborted = AbortSignal.abort(new Error('stop'));
    await expect(readRecording(counting, aborted)).rejects.toThrow('stop');
    expect(furthest).toBeLessThan(bytes.length / 2);
  });

  it('is limited to 256 devices', async () => {
    const devices = Array.from({ length: 257 }, (_, index) => ({
      ...{ endpoint: 0x81, bus: 1 + Math.floor(index / 100), device: 1 + (index % 100) },
    }));
    expect((await recordingOf(...devices.slice(1))).damage).toBeUndefined();
    const { damage } = await recordingOf(...devices);
    expect(damage?.message).toMatch(/more than 256 devices/);
  });

  it('counts the answers to each control request, of at most 65536 requests', async () => {
    const requests = Array.from({ length: 65_540 }, (_, value) =>
      controlRequest([0xc0, value >> 16, value & 0xffff, 7], Buffer.alloc(0)),
    );
    const [first] = requests;
    const { devices } = await recordingOf(...requests, first ?? { endpoint: 0 });
    const answers = devices[0]?.answers;
    expect(answers?.size).toBe(65_536);
    expect(answers?.get(0xc0_00_00_00_07_00)).toBe(2);
    expect(answers?.get(0xc0_00_01_00_07_00)).toBe(1);
  });

  describe('has the path of a device', () => {
    /** Paths by the name of each interface, of which each captures the devices with these addresses. */
    async function pathsOf(...interfaces: [name: string, ...addresses: number[]][]) {
      const parts = interfaces.map(([name, ...addresses]) => {
        const transfers = addresses.map((device) => ({ endpoint: 0x81, device }));
        return captureOf(transfers, name);
      });
      const { devices } = await readRecording(readerOf(Buffer.concat(parts)));
      return devices.map(({ path }) => path);
    }

    it.each([
      ['usb 1-1 (1234:5678)', '1-1'],
      ['usb 1-12.3.4 (1234:5678)', '1-12.3.4'],
      ['usb 2-1 (1234:5678)', '1-7'], // another bus
      ['usb 01-1 (1234:5678)', '1-7'],
      ['usb 1-0 (1234:5678)', '1-7'],
      ['usb 1-1 (1234:5678)\n', '1-7'],
      ['usb 1-1 (1234:567g)', '1-7'],
      ['usb 1-1/.. (1234:5678)', '1-7'],
      ['usb 1-1.1.1.1.1.1.1 (1234:5678)', '1-7'],
      [`usb 1-1 (1234:5678)${' '.repeat(60_000)}`, '1-7'],
      ['usbmon1', '1-7'],
      ['', '1-7'],
    ])('in the name of its interface, if it is valid: %j', async (name, path) => {
      expect(await pathsOf([name, 7])).toEqual([path]);
    });

    it('or its address, if the name is that of several devices', async () => {
      const name = 'usb 1-1 (1234:5678)';
      expect(await pathsOf([name, 7, 8])).toEqual(['1-7', '1-8']);
      expect(await pathsOf([name, 7], [name, 8])).toEqual(['1-7', '1-8']);
      expect(await pathsOf([name, 7], ['other', 7])).toEqual(['1-7']);
      expect(await pathsOf([name, 7], ['other', 8])).toEqual(['1-1', '1-8']);
    });

    it('that is never that of another device', async () => {
      const at = (port: number) => `usb 1-${port} (1234:5678)`;
      expect(await pathsOf(['', 1], [at(1), 7])).toEqual(['1-1', '1-7']);
      expect(await pathsOf(['', 1], [at(1), 7], [at(7), 8])).toEqual(['1-1', '1-7', '1-8']);
    });
  });

  it('joins a device with the one that came after it was unplugged', async () => {
    const unplugged: Recorded = { endpoint: 0x81, status: 'no-device' };
    const again = descriptorRequests({ ...DEVICE, address: 5 });
    const addressesOf = async (...transfers: Recorded[]) =>
      (await recordingOf(...transfers)).devices.map(({ addresses }) => addresses);
    const first = descriptorRequests(DEVICE);
    expect(await addressesOf(...first, unplugged, ...again)).toEqual([[2, 5]]);
    expect(await addressesOf(...first, ...again)).toEqual([[2], [5]]); // two devices
    expect(await addressesOf(...first, ...again, unplugged)).toEqual([[2], [5]]);
    const other = descriptorRequests({ ...DEVICE, address: 5, pid: 1 });
    expect(await addressesOf(...first, unplugged, ...other)).toEqual([[2], [5]]);
    expect(await addressesOf(unplugged, { endpoint: 0x81, device: 5 })).toEqual([[2], [5]]);
  });

  it('keeps the longest answer of each descriptor, and what was selected last', async () => {
    const [device, configuration] = descriptorRequests(DEVICE);
    const head = configuration?.data?.subarray(0, 9) ?? Buffer.alloc(0);
    const select = (value: number) => controlRequest([0, 9, value, 0], Buffer.alloc(0));
    const { devices } = await recordingOf(
      ...[device, configuration].filter((one) => one !== undefined),
      controlRequest([0x80, 6, 0x0200, 0], head),
      controlRequest([0x80, 6, 0x0100, 0], Buffer.alloc(18), 'stall'),
      ...[select(2), select(1)],
    );
    const descriptors = devices[0]?.descriptors;
    expect(descriptors?.device?.subarray(8, 12).toString('hex')).toBe('34127856');
    expect(descriptors?.configurations.map(({ length }) => length)).toEqual([32]);
    expect(descriptors?.selected).toBe(1);
    const { devices: partial } = await recordingOf(controlRequest([0x80, 6, 0x0200, 0], head));
    expect(partial[0]?.descriptors.configurations).toEqual([]); // the rest is not known
  });
});

describe('a device file', () => {
  const DESCRIPTORS = `12011001000000087a1c7005${'00'.repeat(6)}`;
  const [file] = parseDeviceFile(
    `P: /devices/x\nN: bus/usb/003/007=${DESCRIPTORS}\nE: BUSNUM=003\nE: DEVNUM=007\nA: serial=A=B`,
  );

  it('has devices whose descriptors it has', () => {
    expect(file).toMatchObject({ bus: 3, address: 7, serial: 'A=B', speed: undefined });
    expect(parseDeviceFile('')).toEqual([]);
    expect(parseDeviceFile('P: /devices/y\nE: BUSNUM=1\nN: null')).toEqual([]);
    expect(parseDeviceFile(`P: /x\nN: bus/usb/001/001=${DESCRIPTORS.slice(2)}`)).toEqual([]);
  });

  it('describes the device with the same IDs, or at the same place if they are unknown', async () => {
    const found = async (...transfers: Recorded[]) => {
      const [device] = (await recordingOf(...transfers)).devices;
      return device && file && findRecorded([file], device) === file;
    };
    const at = (bus: number, device: number) => ({ endpoint: 0x81, bus, device });
    const answer = controlRequest([0x80, 6, 0x0100, 0], Buffer.from(DESCRIPTORS, 'hex'));
    expect(await found(at(3, 7))).toBe(true);
    expect(await found(at(3, 8))).toBe(false);
    expect(await found({ ...answer, bus: 1, device: 2 })).toBe(true);
    expect(await found(...descriptorRequests({ ...DEVICE, bus: 3, address: 7 }))).toBe(false);
  });
});
