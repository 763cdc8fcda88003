import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Device } from '../../../src/usb/backend.js';
import { type ControlRequest, LARGEST_CONTROL_DATA } from '../../../src/usb/control.js';
import { assertRefused, eventually, within } from '../expect.js';
import { Session } from '../session.js';
import type { ContractCase, Stage, StagedDevice } from '../stage.js';

/** Long enough for any answer, in milliseconds. */
const PATIENCE = 10_000;

const KIB = 1024;
const DEVICE_LENGTH = 18;
const GET_DEVICE_DESCRIPTOR = { requestType: 0x80, request: 6, value: 0x0100, index: 0 };

/** The vendor requests that each staged counter knows: see `Stage.counters`. */
const START = { requestType: 0x40, request: 0x01, value: 1, index: 0 };
const WRITE = { requestType: 0x40, request: 0x02, value: 0, index: 0 };
const READ = { requestType: 0xc0, request: 0x02, value: 0, index: 0 };
const MEMORY_SIZE = 64;

const UNKNOWN_IN = { requestType: 0xc0, request: 0xee, value: 0, index: 0 };
const UNKNOWN_OUT = { requestType: 0x40, request: 0xee, value: 0, index: 0 };

/** Requests on endpoint 0. */
export const controllingCases: readonly ContractCase[] = [
  {
    name: 'asks for the device descriptor, which is the one that descriptors() gives',
    async run(stage) {
      const staged = await stage.counters();
      const { descriptors } = await stage.backend.descriptors(staged.info);
      await withDevice(stage, staged, async (device) => {
        const answer = await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        assert.deepEqual(answer, Buffer.from(descriptors.subarray(0, DEVICE_LENGTH)));
      });
    },
  },
  {
    name: 'tells how short an answer was, and leaves the room behind it alone',
    async run(stage) {
      const staged = await stage.counters();
      await withDevice(stage, staged, async (device) => {
        for (const room of [DEVICE_LENGTH + 1, 255, LARGEST_CONTROL_DATA]) {
          const data = Buffer.alloc(room, 0xee);
          const moved = await send(device, GET_DEVICE_DESCRIPTOR, data);
          assert.equal(moved, DEVICE_LENGTH);
          assert(data.subarray(DEVICE_LENGTH).every((byte) => byte === 0xee));
        }
      });
    },
  },
  {
    name: 'takes as much of an answer as there is room for',
    async run(stage) {
      const staged = await stage.counters();
      await withDevice(stage, staged, async (device) => {
        const whole = await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        for (const room of [1, 8, 17]) {
          const part = await ask(device, GET_DEVICE_DESCRIPTOR, room);
          assert.deepEqual(part, whole.subarray(0, room));
        }
      });
    },
  },
  {
    name: 'sends data that come back, and requests without data',
    async run(stage) {
      const staged = await stage.counters();
      await withDevice(stage, staged, async (device) => {
        assert.equal(await send(device, START, Buffer.alloc(0)), 0);
        for (let round = 0; round < 3; round++) {
          const data = randomBytes(MEMORY_SIZE);
          const sent = Buffer.from(data);
          assert.equal(await send(device, WRITE, data), MEMORY_SIZE);
          assert(data.equals(sent), 'what is sent stays as it is');
          assert.deepEqual(await ask(device, READ, 200), sent);
        }
      });
    },
  },
  {
    name: 'is refused with a stall what the device does not support, and goes on',
    async run(stage) {
      const staged = await stage.counters();
      await withDevice(stage, staged, async (device) => {
        for (let round = 0; round < 2; round++) {
          await assertRefused(() => ask(device, UNKNOWN_IN, 8), 'stall');
          await assertRefused(() => send(device, UNKNOWN_OUT, Buffer.alloc(0)), 'stall');
          await assertRefused(() => send(device, UNKNOWN_OUT, Buffer.alloc(8)), 'stall');
          const answer = await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
          assert.equal(answer.length, DEVICE_LENGTH);
        }
      });
    },
  },
  {
    name: 'answers requests that are under way at the same time, each with its own',
    async run(stage) {
      const staged = await stage.counters();
      await withDevice(stage, staged, async (device) => {
        const whole = await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        const rooms = Array.from({ length: DEVICE_LENGTH }, (_, index) => index + 1);
        const answers = await Promise.all(
          rooms.map((room) => ask(device, GET_DEVICE_DESCRIPTOR, room)),
        );
        assert.deepEqual(
          answers,
          rooms.map((room) => whole.subarray(0, room)),
        );
      });
    },
  },
  {
    name: 'sends requests while a stream runs',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        let streaming = true;
        for (let i = 0; i < 4; i++) {
          session.fly(16 * KIB, () => streaming);
        }
        for (let i = 0; i < 10; i++) {
          await ask(session.device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        }
        streaming = false;
        await session.landed();
        assert(session.flights.every(({ status }) => status === 'completed'));
      });
    },
  },
  {
    name: 'refuses data that is too long, and goes on',
    async run(stage) {
      const staged = await stage.counters();
      await withDevice(stage, staged, async (device) => {
        const tooLong = LARGEST_CONTROL_DATA + 1;
        await assertRefused(() => ask(device, GET_DEVICE_DESCRIPTOR, tooLong), 'invalid');
        await assertRefused(() => send(device, WRITE, Buffer.alloc(tooLong)), 'invalid');
        await assertRefused(() => send(device, WRITE, Buffer.alloc(65_536)), 'invalid');
        await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
      });
    },
  },
  {
    name: 'ends a request that is not answered in time, and goes on',
    async run(stage) {
      const { unanswered } = stage;
      if (unanswered === undefined) {
        return;
      }
      const staged = await stage.counters();
      await withDevice(stage, staged, async (device) => {
        for (let round = 0; round < 2; round++) {
          await assertRefused(
            () => within(device.control(unanswered, Buffer.alloc(8), 100), 'the time-out'),
            'timed-out',
          );
          await ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
        }
      });
    },
  },
  {
    name: 'refuses requests once the device was closed or unplugged',
    async run(stage) {
      const staged = await stage.counters();
      const request = (device: Device) => ask(device, GET_DEVICE_DESCRIPTOR, DEVICE_LENGTH);
      const closed = await stage.backend.open(staged.info);
      await closed.close();
      await assertRefused(() => request(closed), 'invalid');
      await withDevice(stage, staged, async (device) => {
        await stage.unplug(staged);
        await eventually('it is not connected', async () => !(await device.isConnected()));
        await assertRefused(() => request(device), 'no-device');
      });
    },
  },
];

async function withDevice(
  stage: Stage,
  { info }: StagedDevice,
  body: (device: Device) => Promise<void>,
): Promise<void> {
  const device = await stage.backend.open(info);
  try {
    await body(device);
  } finally {
    await device.close();
  }
}

function send(device: Device, request: ControlRequest, data: Buffer): Promise<number> {
  return within(device.control(request, data, PATIENCE), 'the control request');
}

/** The answer to a request with so much room for it. */
async function ask(device: Device, request: ControlRequest, room: number): Promise<Buffer> {
  const data = Buffer.alloc(room);
  return data.subarray(0, await send(device, request, data));
}
