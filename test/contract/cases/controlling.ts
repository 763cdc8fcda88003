import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Device } from '../../../src/usb/backend.js';
import { type ControlRequest, MAX_CONTROL_DATA } from '../../../src/usb/control.js';
import { assertRefused, eventually, within } from '../expect.js';
import type { ContractCase, Fixture, FixtureDevice } from '../fixture.js';
import { OpenDevice } from '../open-device.js';

/** Timeout that is long enough for any response, in milliseconds. */
const PATIENCE = 10_000;

const FOREVER = Number.POSITIVE_INFINITY;

const KIB = 1024;
const DEVICE_LENGTH = 18;
const GET_DEVICE_DESCRIPTOR = { requestType: 0x80, request: 6, value: 0x0100, index: 0 };

/** Vendor requests of the counter device: see `Fixture.counters`. */
const START = { requestType: 0x40, request: 0x01, value: 1, index: 0 };
const WRITE = { requestType: 0x40, request: 0x02, value: 0, index: 0 };
const READ = { requestType: 0xc0, request: 0x02, value: 0, index: 0 };
const MEMORY_SIZE = 64;

const UNKNOWN_IN = { requestType: 0xc0, request: 0xee, value: 0, index: 0 };
const UNKNOWN_OUT = { requestType: 0x40, request: 0xee, value: 0, index: 0 };

/** Requests on endpoint 0. */
export const controllingCases: readonly ContractCase[] = [
  {
    name: 'requests the device descriptor, which equals that of descriptors()',
    async run(fixture) {
      const target = await fixture.idle();
      const { descriptors } = await fixture.backend.descriptors(target.info);
      await withDevice(fixture, target, async (device) => {
        const response = await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        assert.deepEqual(response, Buffer.from(descriptors.subarray(0, DEVICE_LENGTH)));
      });
    },
  },
  {
    name: 'returns the length of a short response, and does not change the rest of the buffer',
    async run(fixture) {
      const target = await fixture.idle();
      await withDevice(fixture, target, async (device) => {
        for (const room of [DEVICE_LENGTH + 1, 255, MAX_CONTROL_DATA]) {
          const data = Buffer.alloc(room, 0xee);
          const moved = await send(device, GET_DEVICE_DESCRIPTOR, data);
          assert.equal(moved, DEVICE_LENGTH);
          assert(data.subarray(DEVICE_LENGTH).every((byte) => byte === 0xee));
        }
      });
    },
  },
  {
    name: 'receives as much of a response as fits the buffer',
    async run(fixture) {
      const target = await fixture.idle();
      await withDevice(fixture, target, async (device) => {
        const whole = await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        for (const room of [1, 8, 17]) {
          const part = await ask(device, GET_DEVICE_DESCRIPTOR, room);
          assert.deepEqual(part, whole.subarray(0, room));
        }
      });
    },
  },
  {
    name: 'sends data that the device returns, and requests without data',
    async run(fixture) {
      const target = await fixture.idle();
      await withDevice(fixture, target, async (device) => {
        assert.equal(await send(device, START, Buffer.alloc(0)), 0);
        for (let round = 0; round < 3; round++) {
          const data = randomBytes(MEMORY_SIZE);
          const sent = Buffer.from(data);
          assert.equal(await send(device, WRITE, data), MEMORY_SIZE);
          assert(data.equals(sent), 'sent data is unchanged');
          assert.deepEqual(await ask(device, READ, 200), sent);
        }
      });
    },
  },
  {
    name: 'rejects an unsupported request with a stall, and then continues',
    async run(fixture) {
      const target = await fixture.idle();
      await withDevice(fixture, target, async (device) => {
        for (let round = 0; round < 2; round++) {
          await assertRefused(() => ask(device, UNKNOWN_IN, 8), 'stall');
          await assertRefused(() => send(device, UNKNOWN_OUT, Buffer.alloc(0)), 'stall');
          await assertRefused(() => send(device, UNKNOWN_OUT, Buffer.alloc(8)), 'stall');
          const response = await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
          assert.equal(response.length, DEVICE_LENGTH);
        }
      });
    },
  },
  {
    name: 'handles concurrent requests, each with its own response',
    async run(fixture) {
      const target = await fixture.idle();
      await withDevice(fixture, target, async (device) => {
        const whole = await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        const rooms = Array.from({ length: DEVICE_LENGTH }, (_, index) => index + 1);
        const responses = await Promise.all(
          rooms.map((room) => ask(device, GET_DEVICE_DESCRIPTOR, room)),
        );
        assert.deepEqual(
          responses,
          rooms.map((room) => whole.subarray(0, room)),
        );
      });
    },
  },
  {
    name: 'sends requests while a stream runs',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        let streaming = true;
        for (let i = 0; i < 4; i++) {
          opened.submit(16 * KIB, () => streaming);
        }
        for (let i = 0; i < 10; i++) {
          await ask(opened.device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        }
        streaming = false;
        await opened.allCompleted();
        assert(opened.submissions.every(({ status }) => status === 'completed'));
      });
    },
  },
  {
    name: 'refuses data that is too long, and then continues',
    async run(fixture) {
      const target = await fixture.idle();
      await withDevice(fixture, target, async (device) => {
        const tooLong = MAX_CONTROL_DATA + 1;
        await assertRefused(() => ask(device, GET_DEVICE_DESCRIPTOR, tooLong), 'invalid');
        await assertRefused(() => send(device, WRITE, Buffer.alloc(tooLong)), 'invalid');
        await assertRefused(() => send(device, WRITE, Buffer.alloc(65_536)), 'invalid');
        await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
      });
    },
  },
  {
    name: 'ends a request without a response after its timeout, and then continues',
    async run(fixture) {
      const { unanswered } = fixture;
      const target = await fixture.idle();
      await withDevice(fixture, target, async (device) => {
        for (let round = 0; round < 2; round++) {
          await assertRefused(
            () => within(device.control(unanswered, Buffer.alloc(8), 100), 'the timeout'),
            'timed-out',
          );
          await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        }
      });
    },
  },
  {
    name: 'cancels a request when its signal aborts, and then continues',
    async run(fixture) {
      const { unanswered } = fixture;
      const target = await fixture.idle();
      await withDevice(fixture, target, async (device) => {
        const data = Buffer.alloc(8);
        for (const delay of [0, 100]) {
          const signal = AbortSignal.timeout(delay);
          const ended = device.control(unanswered, data, FOREVER, signal).catch((error) => error);
          assert.equal(await within(ended, 'the cancel'), signal.reason);
          await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        }
        const aborted = AbortSignal.abort();
        const refused = device.control(START, data, PATIENCE, aborted).catch((error) => error);
        assert.equal(await refused, aborted.reason);
      });
    },
  },
  {
    name: 'ends a request without a response when the device is unplugged',
    async run(fixture) {
      const target = await fixture.counters();
      await withDevice(fixture, target, async (device) => {
        const ended = device.control(fixture.unanswered, Buffer.alloc(8), FOREVER);
        const refused = assertRefused(() => within(ended, 'the unplug'), 'no-device', 'io');
        await fixture.unplug(target);
        await refused;
      });
    },
  },
  {
    name: 'refuses requests after the device was closed or unplugged',
    async run(fixture) {
      const target = await fixture.counters();
      const request = (device: Device) => ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
      const closed = await fixture.backend.open(target.info);
      await closed.close();
      await assertRefused(() => request(closed), 'invalid');
      await withDevice(fixture, target, async (device) => {
        await fixture.unplug(target);
        await eventually('it is lost', async () => (await device.loss()) === 'disconnected');
        await assertRefused(() => request(device), 'no-device');
      });
    },
  },
];

async function withDevice(
  fixture: Fixture,
  { info }: FixtureDevice,
  body: (device: Device) => Promise<void>,
): Promise<void> {
  const device = await fixture.backend.open(info);
  try {
    await body(device);
  } finally {
    await device.close();
  }
}

function send(device: Device, request: ControlRequest, data: Buffer): Promise<number> {
  return within(device.control(request, data, PATIENCE), 'the control request');
}

/** Sends an IN request for at most `room` bytes and returns the response. */
async function ask(device: Device, request: ControlRequest, room: number): Promise<Buffer> {
  const data = Buffer.alloc(room);
  return data.subarray(0, await send(device, request, data));
}
