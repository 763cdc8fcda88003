import assert from 'node:assert/strict';
import { requestTypeOf } from '../../../../src/usb/control.js';
import type { FixtureDevice } from '../../../contract/fixture.js';
import { OpenDevice } from '../../../contract/open-device.js';
import type { GadgetFixture } from '../gadget-fixture.js';
import type { TestusbCase } from './cases.js';
import {
  captureFrom,
  packetSizeOf,
  patternBytes,
  sendTo,
  sourceSink,
  variedLengths,
} from './streams.js';

/** Lengths in a case. */
const COUNT = 30;

/** The value of a byte that no transfer may change. */
const GUARD = 0xa5;

/** Requests of SourceSink: they write its buffer, and read it. */
const WRITE_BUFFER = { requestType: requestTypeOf('out', 'vendor', 'device'), request: 0x5b };
const READ_BUFFER = { requestType: requestTypeOf('in', 'vendor', 'device'), request: 0x5c };

/** GET_STATUS of an endpoint (USB 2.0 §9.4.5): bit 0 is its halt. */
const GET_STATUS = {
  requestType: requestTypeOf('in', 'standard', 'endpoint'),
  request: 0,
  value: 0,
};

/** Cases with one transfer in flight. SourceSink checks what it receives. */
export const singleCases: readonly TestusbCase[] = [
  {
    name: '1: sends transfers of one packet, one at a time',
    async run(fixture) {
      const device = await sourceSink(fixture);
      const transferSize = packetSizeOf(device);
      const data = patternBytes(300 * transferSize, transferSize);
      const { end, statistics } = await sendTo(fixture, device, [data], {
        depth: 1,
        transferSize,
        zlp: 'auto',
      });
      assert.deepEqual([end.reason, statistics.bytesAccepted], ['input-ended', data.length]);
      assert.deepEqual([statistics.transfersWithData, statistics.zeroLengthPackets], [300, 1]);
      await assertNotHalted(fixture, device);
    },
  },
  {
    name: '2: receives transfers of one packet, one at a time',
    async run(fixture) {
      const device = await sourceSink(fixture);
      const transferSize = packetSizeOf(device);
      const bytes = 300 * transferSize;
      const captured = await captureFrom(fixture, device, { depth: 1, transferSize, bytes });
      assert.deepEqual([captured.end.reason, captured.statistics.transfers], ['limit', 300]);
      assert(captured.bytes.equals(patternBytes(bytes, transferSize)));
    },
  },
  {
    name: '3: sends transfers of varied lengths, one at a time',
    async run(fixture) {
      const device = await sourceSink(fixture);
      const packetSize = packetSizeOf(device);
      for (const length of variedLengths(COUNT, 4 * packetSize)) {
        const { end, statistics } = await sendTo(
          fixture,
          device,
          [patternBytes(length, packetSize)],
          { depth: 1, transferSize: length, zlp: 'auto' },
        );
        assert.deepEqual([end.reason, statistics.bytesAccepted], ['input-ended', length]);
      }
      await assertNotHalted(fixture, device);
    },
  },
  {
    name: '4: reads varied numbers of bytes, one transfer at a time',
    async run(fixture) {
      const device = await sourceSink(fixture);
      const packetSize = packetSizeOf(device);
      for (const bytes of variedLengths(COUNT, 4 * packetSize)) {
        const captured = await captureFrom(fixture, device, {
          depth: 1,
          transferSize: 4 * packetSize,
          bytes,
        });
        assert.equal(captured.end.reason, 'limit');
        assert(captured.bytes.equals(patternBytes(bytes, packetSize)), `${bytes} bytes differ`);
      }
    },
  },
  {
    name: '14: writes and reads back control data of varied lengths',
    run: (fixture) => controlData(fixture, 0),
  },
  {
    name: '21: writes and reads back control data at odd addresses',
    run: (fixture) => controlData(fixture, 1),
  },
  {
    name: '17 and 19: sends from odd addresses',
    async run(fixture) {
      const device = await sourceSink(fixture);
      const packetSize = packetSizeOf(device);
      // The engine cuts its memory into pieces, of which every other one starts at an odd address.
      const transferSize = 2 * packetSize - 3;
      const transfer = patternBytes(transferSize, packetSize);
      const transfers = Array.from({ length: 100 }, () => transfer);
      const { end, statistics } = await sendTo(fixture, device, [Buffer.concat(transfers)], {
        depth: 1,
        transferSize,
      });
      assert.deepEqual([end.reason, statistics.bytesAccepted], ['input-ended', 100 * transferSize]);
      await assertNotHalted(fixture, device);
    },
  },
  {
    name: '18 and 20: receives at odd addresses, and changes no byte around the buffer',
    async run(fixture) {
      const device = await sourceSink(fixture);
      const packetSize = packetSizeOf(device);
      await OpenDevice.use(fixture, device, async (opened) => {
        for (let packets = 1; packets <= 8; packets += 1) {
          const length = packets * packetSize;
          const memory = Buffer.alloc(length + 2, GUARD);
          const { completion } = opened.submitBuffer(memory.subarray(1, 1 + length));
          const { status, data } = await completion;
          assert.equal(status, 'completed');
          assert(data.equals(patternBytes(length, packetSize)), `${length} bytes differ`);
          assert.deepEqual([memory[0], memory[length + 1]], [GUARD, GUARD]);
        }
      });
    },
  },
];

/** Writes data to the device's buffer and reads it back, with memory that starts at this offset. */
async function controlData(fixture: GadgetFixture, offset: number): Promise<void> {
  const target = await sourceSink(fixture);
  const toDevice = { ...WRITE_BUFFER, value: 0, index: 0 };
  const toHost = { ...READ_BUFFER, value: 0, index: 0 };
  await OpenDevice.use(fixture, target, async ({ device }) => {
    for (const [number, length] of variedLengths(COUNT, 4096).entries()) {
      const data = Buffer.from(Uint8Array.from({ length: offset + length }, (_, i) => number + i));
      const memory = Buffer.alloc(offset + length + 1, GUARD);
      const received = memory.subarray(offset, offset + length);
      assert.equal(await device.control(toDevice, data.subarray(offset), 5000), length);
      assert.equal(await device.control(toHost, received, 5000), length);
      assert(received.equals(data.subarray(offset)), `${length} bytes differ`);
      assert.equal(memory[offset + length], GUARD);
      assert(offset === 0 || memory[0] === GUARD);
    }
  });
}

/** Asserts that the device found no wrong byte: it would have halted its OUT endpoint. */
async function assertNotHalted(fixture: GadgetFixture, target: FixtureDevice): Promise<void> {
  await OpenDevice.use(fixture, target, async ({ device }) => {
    const status = Buffer.alloc(2);
    await device.control({ ...GET_STATUS, index: 0x02 }, status, 5000);
    assert.equal(status.readUInt16LE(), 0);
  });
}
