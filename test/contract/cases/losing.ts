import assert from 'node:assert/strict';
import { UsbError } from '../../../src/usb/errors.js';
import type { DeviceInfo } from '../../../src/usb/model.js';
import { assertCounter, assertRefused, eventually } from '../expect.js';
import { Session, type Submission } from '../session.js';
import type { ContractCase, Stage, StagedDevice } from '../stage.js';

const KIB = 1024;

/** Possible statuses of a transfer that was in flight during a disconnection. */
const LOST = ['error', 'no-device', 'cancelled', 'stall', 'timed-out'];

/** Disconnection and reconnection of the device. */
export const losingCases: readonly ContractCase[] = [
  {
    name: 'completes pending transfers when the device is unplugged',
    async run(stage) {
      const staged = await stage.silentAfter(KIB);
      await Session.use(stage, staged, async (session) => {
        await session.submit(KIB).completion;
        const waiting = Array.from({ length: 8 }, () => session.submit(4 * KIB));
        await stage.unplug(staged);
        await session.allCompleted();
        for (const { status, data } of waiting) {
          assert(status !== undefined && LOST.includes(status), status);
          assert.equal(data.length, 0);
        }
        await assertGone(session);
      });
    },
  },
  {
    name: 'keeps the bytes received before the device was unplugged',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        const submissions = Array.from({ length: 8 }, () =>
          session.submit(16 * KIB, ({ status }) => status === 'completed'),
        );
        await Promise.all(submissions.map(({ completion }) => completion));
        await stage.unplug(staged);
        await session.allCompleted();
        const lost = session.submissions.findIndex(({ status }) => status !== 'completed');
        const ends = session.submissions.slice(lost < 0 ? session.submissions.length : lost);
        assert(ends.every(({ status }) => status !== undefined && LOST.includes(status)));
        assertCounter(session.bytes(), 0);
        await assertGone(session);
      });
    },
  },
  {
    name: 'forgets a device that was unplugged',
    async run(stage) {
      const staged = await stage.counters();
      const device = await stage.backend.open(staged.info);
      try {
        await stage.unplug(staged);
        await eventually('it is not connected', async () => !(await device.isConnected()));
        await assertRefused(() => device.claim(staged.interfaceNumber, 0), 'no-device');
        await eventually('it is not in the list', async () => !(await find(stage, staged)));
        await assertRefused(() => stage.backend.open(staged.info), 'no-device');
      } finally {
        await device.close();
        await device.close();
      }
    },
  },
  {
    name: 'finds a device that came back with a new address, and does not revive the old handle',
    async run(stage) {
      const staged = await stage.counters();
      const old = await stage.backend.open(staged.info);
      try {
        await stage.unplug(staged);
        await eventually('it is not in the list', async () => !(await find(stage, staged)));
        await stage.replug(staged);
        let info: DeviceInfo | undefined;
        await eventually('it is in the list again', async () => {
          info = await find(stage, staged);
          return info !== undefined;
        });
        assert(info !== undefined);
        assert.notEqual(info.address, staged.info.address);
        assert.equal(await old.isConnected(), false);
        await assertRefused(() => stage.backend.open(staged.info), 'no-device');
        await Session.use(stage, { ...staged, info }, async (session) => {
          const { status, data } = await session.submit(4 * KIB).completion;
          assert.deepEqual([status, data.length], ['completed', 4 * KIB]);
        });
      } finally {
        await old.close();
      }
    },
  },
];

/** Checks that every operation fails, and that none hangs. */
async function assertGone(session: Session): Promise<void> {
  await eventually('submit is refused', async () => {
    try {
      const submission: Submission = session.submit(4 * KIB);
      session.cancelAll();
      await session.allCompleted();
      assert(
        submission.status !== undefined && LOST.includes(submission.status),
        submission.status,
      );
      return false;
    } catch (error) {
      assert(error instanceof UsbError && error.code === 'no-device', String(error));
      return true;
    }
  });
  await eventually('it is not connected', async () => !(await session.device.isConnected()));
  await session.release().catch((error) => {
    assert(error instanceof UsbError && error.code === 'no-device', String(error));
  });
}

async function find(stage: Stage, { info }: StagedDevice): Promise<DeviceInfo | undefined> {
  return (await stage.backend.list()).find(({ path }) => path === info.path);
}
