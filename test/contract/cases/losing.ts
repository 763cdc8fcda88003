import assert from 'node:assert/strict';
import { UsbError } from '../../../src/usb/errors.js';
import type { DeviceInfo } from '../../../src/usb/model.js';
import { assertCounter, assertRefused, eventually } from '../expect.js';
import type { ContractCase, Fixture, FixtureDevice } from '../fixture.js';
import { OpenDevice, type Submission } from '../open-device.js';

const KIB = 1024;

/** Possible statuses of a transfer that was in flight during a disconnection. */
const LOST = ['error', 'no-device', 'cancelled', 'stall', 'timed-out'];

/** Disconnection and reconnection of the device. */
export const losingCases: readonly ContractCase[] = [
  {
    name: 'completes pending transfers when the device is unplugged',
    async run(fixture) {
      const target = await fixture.silentAfter(KIB);
      await OpenDevice.use(fixture, target, async (opened) => {
        await opened.submit(KIB).completion;
        const waiting = Array.from({ length: 8 }, () => opened.submit(4 * KIB));
        await fixture.unplug(target);
        await opened.allCompleted();
        for (const { status, data } of waiting) {
          assert(status !== undefined && LOST.includes(status), status);
          assert.equal(data.length, 0);
        }
        await assertGone(opened);
      });
    },
  },
  {
    name: 'keeps the bytes received before the device was unplugged',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        const submissions = Array.from({ length: 8 }, () =>
          opened.submit(16 * KIB, ({ status }) => status === 'completed'),
        );
        await Promise.all(submissions.map(({ completion }) => completion));
        await fixture.unplug(target);
        await opened.allCompleted();
        const lost = opened.submissions.findIndex(({ status }) => status !== 'completed');
        const ends = opened.submissions.slice(lost < 0 ? opened.submissions.length : lost);
        assert(ends.every(({ status }) => status !== undefined && LOST.includes(status)));
        assertCounter(opened.bytes(), 0);
        await assertGone(opened);
      });
    },
  },
  {
    name: 'forgets a device that was unplugged',
    async run(fixture) {
      const target = await fixture.counters();
      const device = await fixture.backend.open(target.info);
      try {
        await fixture.unplug(target);
        await eventually('it is lost', async () => (await device.loss()) === 'disconnected');
        await assertRefused(() => device.claim(target.interfaceNumber, 0), 'no-device');
        await eventually('it is not in the list', async () => !(await find(fixture, target)));
        await assertRefused(() => fixture.backend.open(target.info), 'no-device');
      } finally {
        await device.close();
        await device.close();
      }
    },
  },
  {
    name: 'finds a device that came back with a new address, and does not revive the old handle',
    async run(fixture) {
      const target = await fixture.counters();
      const old = await fixture.backend.open(target.info);
      try {
        await fixture.unplug(target);
        await eventually('it is not in the list', async () => !(await find(fixture, target)));
        await fixture.replug(target);
        let info: DeviceInfo | undefined;
        await eventually('it is in the list again', async () => {
          info = await find(fixture, target);
          return info !== undefined;
        });
        assert(info !== undefined);
        assert.notEqual(info.address, target.info.address);
        assert.equal(await old.loss(), 'disconnected');
        await assertRefused(() => fixture.backend.open(target.info), 'no-device');
        await OpenDevice.use(fixture, { ...target, info }, async (opened) => {
          const { status, data } = await opened.submit(4 * KIB).completion;
          assert.deepEqual([status, data.length], ['completed', 4 * KIB]);
        });
      } finally {
        await old.close();
      }
    },
  },
  {
    name: 'says that a device was deauthorized, and opens it again when it is authorized',
    needsLossReason: true,
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        await opened.submit(KIB).completion;
        assert.equal(await opened.device.loss(), undefined);
        opened.submit(64 * KIB);
        await fixture.authorize(target, false);
        await eventually('it is lost', async () => (await opened.device.loss()) === 'deauthorized');
        await opened.allCompleted();
        await assertNotAccepted(opened);
        assert.equal((await find(fixture, target))?.configurationValue, undefined);
        await authorizeAgain(fixture, target);
        await opened.release().catch(() => {}); // there is nothing to release
      });
      await OpenDevice.use(fixture, target, async (opened) => {
        const { status } = await opened.submit(4 * KIB).completion;
        assert.equal(status, 'completed');
        assert.equal(await opened.device.loss(), undefined);
      });
    },
  },
  {
    name: 'refuses to claim an interface of a device that was deauthorized',
    needsLossReason: true,
    async run(fixture) {
      const target = await fixture.counters();
      const device = await fixture.backend.open(target.info);
      try {
        await fixture.authorize(target, false);
        await assertRefused(() => device.claim(target.interfaceNumber, 0), 'not-found');
      } finally {
        await device.close();
        await authorizeAgain(fixture, target);
      }
    },
  },
  {
    name: 'says that a claimed interface was lost by the reset of another process',
    needsLossReason: true,
    async run(fixture) {
      const target = await fixture.counters();
      const device = await fixture.backend.open(target.info);
      try {
        const claimed = await device.claim(target.interfaceNumber, 0);
        assert.equal(await device.loss(), undefined);
        await fixture.resetByOther(target);
        await eventually('it is lost', async () => (await device.loss()) === 'reset');
        await claimed.release();
      } finally {
        await device.close();
      }
      await OpenDevice.use(fixture, target, async (opened) => {
        const { status } = await opened.submit(4 * KIB).completion;
        assert.equal(status, 'completed');
        assert.equal(await opened.device.loss(), undefined);
      });
    },
  },
];

/** Checks that the system accepts no transfer. */
async function assertNotAccepted(opened: OpenDevice): Promise<void> {
  await eventually('submit is refused', async () => {
    try {
      opened.submit(KIB);
      opened.cancelAll();
      await opened.allCompleted();
      return false;
    } catch (error) {
      assert(error instanceof UsbError && ['io', 'no-device'].includes(error.code), String(error));
      return true;
    }
  });
}

/** Checks that every operation fails, and that none hangs. */
async function assertGone(opened: OpenDevice): Promise<void> {
  await eventually('submit is refused', async () => {
    try {
      const submission: Submission = opened.submit(4 * KIB);
      opened.cancelAll();
      await opened.allCompleted();
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
  await eventually('it is lost', async () => (await opened.device.loss()) === 'disconnected');
  await opened.release().catch((error) => {
    assert(error instanceof UsbError && error.code === 'no-device', String(error));
  });
}

/** Authorizes the device again. It keeps its address. */
async function authorizeAgain(fixture: Fixture, target: FixtureDevice): Promise<void> {
  await fixture.authorize(target, true);
  await eventually('it is configured', async () => {
    const found = await find(fixture, target);
    return found?.configurationValue !== undefined && found.address === target.info.address;
  });
}

async function find(fixture: Fixture, { info }: FixtureDevice): Promise<DeviceInfo | undefined> {
  return (await fixture.backend.list()).find(({ path }) => path === info.path);
}
