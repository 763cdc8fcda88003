import assert from 'node:assert/strict';
import type { Endpoint } from '../../../src/usb/backend.js';
import { assertRefused, eventually } from '../expect.js';
import { type Flight, Session } from '../session.js';
import type { ContractCase, Stage, StagedDevice } from '../stage.js';

const KIB = 1024;

/** Bytes on their way out: every count is that of the bytes that the device took. */
export const sendingCases: readonly ContractCase[] = [
  {
    name: 'sends transfers of any length, also none, to a bulk endpoint',
    run: async (stage) => sendLengths(stage, await stage.sink()),
  },
  {
    name: 'sends transfers of any length, also none, to an interrupt endpoint',
    run: async (stage) => sendLengths(stage, await stage.interruptSink()),
  },
  {
    name: 'refuses to send what the buffer does not have, and goes on',
    async run(stage) {
      const staged = await stage.sink();
      await withOut(stage, staged, async (session, out) => {
        const transfer = out.createTransfer(() => {});
        for (const length of [513, -1, 0.5, Number.NaN]) {
          await assertRefused(() => transfer.submit(Buffer.alloc(512), length), 'invalid');
        }
        await assertTaken(session.fly(512, undefined, out));
      });
    },
  },
  {
    name: 'keeps a pool of transfers on their way out',
    async run(stage) {
      const staged = await stage.sink();
      await withOut(stage, staged, async (session, out) => {
        for (let i = 0; i < 16; i++) {
          session.fly(16 * KIB, ({ number }) => number < 128, out);
        }
        await session.landed();
        for (const flight of session.flights) {
          await assertTaken(flight);
        }
        const answers = session.flights.map(({ answer }) => answer);
        assert.deepEqual(
          answers,
          answers.toSorted((a, b) => a - b),
        );
      });
    },
  },
  {
    name: 'tells what was taken of transfers that were cancelled on their way out',
    async run(stage) {
      const taken = 14 * KIB;
      const staged = await stage.silentOutAfter(taken);
      await withOut(stage, staged, async (session, out) => {
        const flights = Array.from({ length: 8 }, () => session.fly(4 * KIB, undefined, out));
        await flights[2]?.answered; // 12 KiB; the device has all the time to take 2 more
        await new Promise((resolve) => setTimeout(resolve, 200));
        session.cancelAll();
        await session.landed();
        assert.deepEqual(flights.map(endOf), [
          ...Array(3).fill(['completed', 4 * KIB]),
          ['cancelled', 2 * KIB],
          ...Array(4).fill(['cancelled', 0]),
        ]);
      });
    },
  },
  {
    name: 'tells what was taken before a stall, and nothing of what is queued behind it is',
    async run(stage) {
      const taken = 6 * KIB;
      const staged = await stage.stallOutAfter(taken);
      await withOut(stage, staged, async (session, out) => {
        const flights = Array.from({ length: 8 }, () => session.fly(4 * KIB, undefined, out));
        await session.landed();
        assert.deepEqual(flights.map(endOf), [
          ['completed', 4 * KIB],
          ['stall', 2 * KIB],
          ...Array(6).fill(['stall', 0]),
        ]);
        const halted = session.fly(4 * KIB, undefined, out);
        await session.landed();
        assert.deepEqual(endOf(halted), ['stall', 0], 'halted still');
        await out.clearHalt();
        await assertTaken(session.fly(4 * KIB, undefined, out));
      });
    },
  },
  {
    name: 'answers what waits to be taken when the device is unplugged',
    async run(stage) {
      const staged = await stage.silentOutAfter(4 * KIB);
      await withOut(stage, staged, async (session, out) => {
        const flights = Array.from({ length: 8 }, () => session.fly(4 * KIB, undefined, out));
        await flights[0]?.answered;
        await stage.unplug(staged);
        await session.landed();
        assert.deepEqual(
          flights.map(({ data }) => data.length),
          [4 * KIB, ...Array(7).fill(0)],
        );
        assert(flights.slice(1).every(({ status }) => status !== 'completed'));
        await eventually('it is not connected', async () => !(await session.device.isConnected()));
      });
    },
  },
];

async function sendLengths(stage: Stage, staged: StagedDevice): Promise<void> {
  await withOut(stage, staged, async (session, out) => {
    const { maxPacketSize } = out;
    const packets = [maxPacketSize - 1, maxPacketSize, maxPacketSize + 1, 2 * maxPacketSize];
    for (const length of [0, 1, ...packets, 0, 0, 3000, 16 * KIB]) {
      await assertTaken(session.fly(length, undefined, out));
    }
    const transfer = out.createTransfer(() => {});
    transfer.cancel(); // of no effect: it is not in flight
  });
}

function withOut(
  stage: Stage,
  staged: StagedDevice,
  body: (session: Session, out: Endpoint) => Promise<void>,
): Promise<void> {
  return Session.use(stage, staged, async (session) => {
    assert(session.out !== undefined);
    await body(session, session.out);
  });
}

function endOf({ status, data }: Flight): [string | undefined, number] {
  return [status, data.length];
}

/** All that was to be sent was taken. */
async function assertTaken(flight: Flight): Promise<void> {
  assert.deepEqual(endOf(await flight.answered), ['completed', flight.length]);
}
