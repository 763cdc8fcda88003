import assert from 'node:assert/strict';
import type { Endpoint } from '../../../src/usb/backend.js';
import { assertRefused, eventually } from '../expect.js';
import type { ContractCase, Fixture, FixtureDevice } from '../fixture.js';
import { OpenDevice, type Submission } from '../open-device.js';

const KIB = 1024;

/** Sending bytes: every count is the number of bytes that the device accepted. */
export const sendingCases: readonly ContractCase[] = [
  {
    name: 'sends transfers of any length, including 0, to a bulk endpoint',
    run: async (fixture) => sendLengths(fixture, await fixture.sink()),
  },
  {
    name: 'sends transfers of any length, including 0, to an interrupt endpoint',
    run: async (fixture) => sendLengths(fixture, await fixture.interruptSink()),
  },
  {
    name: 'refuses a length beyond the buffer, and then continues',
    async run(fixture) {
      const target = await fixture.sink();
      await withOut(fixture, target, async (opened, out) => {
        const transfer = out.createTransfer(() => {});
        for (const length of [513, -1, 0.5, Number.NaN]) {
          await assertRefused(() => transfer.submit(Buffer.alloc(512), length), 'invalid');
        }
        await assertTaken(opened.submit(512, undefined, out));
      });
    },
  },
  {
    name: 'keeps many OUT transfers in flight',
    async run(fixture) {
      const target = await fixture.sink();
      await withOut(fixture, target, async (opened, out) => {
        for (let i = 0; i < 16; i++) {
          opened.submit(16 * KIB, ({ number }) => number < 128, out);
        }
        await opened.allCompleted();
        for (const submission of opened.submissions) {
          await assertTaken(submission);
        }
        const order = opened.submissions.map(({ completionIndex }) => completionIndex);
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
      });
    },
  },
  {
    name: 'counts the bytes accepted of cancelled OUT transfers',
    needsKeptData: true,
    async run(fixture) {
      const taken = 14 * KIB;
      const target = await fixture.silentOutAfter(taken);
      await withOut(fixture, target, async (opened, out) => {
        const submissions = Array.from({ length: 8 }, () => opened.submit(4 * KIB, undefined, out));
        await submissions[2]?.completion; // 12 KiB; then the device has time to accept 2 KiB more
        await new Promise((resolve) => setTimeout(resolve, 200));
        opened.cancelAll();
        await opened.allCompleted();
        assert.deepEqual(submissions.map(endOf), [
          ...Array(3).fill(['completed', 4 * KIB]),
          ['cancelled', 2 * KIB],
          ...Array(4).fill(['cancelled', 0]),
        ]);
      });
    },
  },
  {
    name: 'counts the bytes accepted before a stall, and none of the queued transfers after it',
    async run(fixture) {
      const taken = 6 * KIB;
      const target = await fixture.stallOutAfter(taken);
      await withOut(fixture, target, async (opened, out) => {
        const submissions = Array.from({ length: 8 }, () => opened.submit(4 * KIB, undefined, out));
        await opened.allCompleted();
        assert.deepEqual(submissions.map(endOf), [
          ['completed', 4 * KIB],
          ['stall', 2 * KIB],
          ...Array(6).fill(['stall', 0]),
        ]);
        const halted = opened.submit(4 * KIB, undefined, out);
        await opened.allCompleted();
        assert.deepEqual(endOf(halted), ['stall', 0], 'halted still');
        await out.clearHalt();
        await assertTaken(opened.submit(4 * KIB, undefined, out));
      });
    },
  },
  {
    name: 'completes pending OUT transfers when the device is unplugged',
    async run(fixture) {
      const target = await fixture.silentOutAfter(4 * KIB);
      await withOut(fixture, target, async (opened, out) => {
        const submissions = Array.from({ length: 8 }, () => opened.submit(4 * KIB, undefined, out));
        await submissions[0]?.completion;
        await fixture.unplug(target);
        await opened.allCompleted();
        assert.deepEqual(
          submissions.map(({ data }) => data.length),
          [4 * KIB, ...Array(7).fill(0)],
        );
        assert(submissions.slice(1).every(({ status }) => status !== 'completed'));
        await eventually('it is lost', async () => (await opened.device.loss()) === 'disconnected');
      });
    },
  },
];

async function sendLengths(fixture: Fixture, target: FixtureDevice): Promise<void> {
  await withOut(fixture, target, async (opened, out) => {
    const { maxPacketSize } = out;
    const packets = [maxPacketSize - 1, maxPacketSize, maxPacketSize + 1, 2 * maxPacketSize];
    for (const length of [0, 1, ...packets, 0, 0, 3000, 16 * KIB]) {
      await assertTaken(opened.submit(length, undefined, out));
    }
    const transfer = out.createTransfer(() => {});
    transfer.cancel(); // no effect: it is not in flight
  });
}

function withOut(
  fixture: Fixture,
  target: FixtureDevice,
  body: (opened: OpenDevice, out: Endpoint) => Promise<void>,
): Promise<void> {
  return OpenDevice.use(fixture, target, async (opened) => {
    assert(opened.out !== undefined);
    await body(opened, opened.out);
  });
}

function endOf({ status, data }: Submission): [string | undefined, number] {
  return [status, data.length];
}

/** Asserts that the device accepted the whole transfer. */
async function assertTaken(submission: Submission): Promise<void> {
  assert.deepEqual(endOf(await submission.completion), ['completed', submission.length]);
}
