import assert from 'node:assert/strict';
import { createRandom } from '../../../../src/backends/virtual/scenario.js';
import { OpenDevice } from '../../../contract/open-device.js';
import { counterBytes } from '../../../support/counter-stream.js';
import type { TestusbCase } from './cases.js';
import {
  assertAccepted,
  assertNext,
  captureFrom,
  packetSizeOf,
  scripted,
  sendTo,
} from './streams.js';

/** A device that sends or accepts packets at this rate has not done a queue when it is cancelled. */
const RATE = '4M';
const SLOW = ['--take-rate', RATE, 'silence'];
/** A device that still has most of a short queue to accept after the host process waited for its CPU. */
const VERY_SLOW = ['--take-rate', '200k', 'silence'];

/** Cancelled transfers: `unlink` is the kernel's word. */
export const unlinkCases: readonly TestusbCase[] = [
  {
    name: '11: cancels reads, and the next read continues at the next byte',
    async run(fixture) {
      const device = await scripted(fixture, `rate ${RATE}, send forever`);
      const random = createRandom(11);
      let received = 0;
      let cancelled = 0;
      for (let i = 0; i < 20; i += 1) {
        const captured = await captureFrom(
          fixture,
          device,
          { depth: 1 + Math.floor(8 * random()), transferSize: 128 * 1024 },
          20 * random(),
        );
        assert.equal(captured.end.reason, 'interrupted');
        assertNext(device, captured.bytes);
        received += captured.bytes.length;
        cancelled += captured.statistics.statuses.cancelled;
      }
      assert(received > 0);
      assert(cancelled > 0);
    },
  },
  {
    name: '12: cancels writes, and the next write continues at the next byte',
    async run(fixture) {
      const device = await scripted(fixture, ...SLOW);
      const random = createRandom(12);
      let sent = 0;
      let cancelled = 0;
      for (let i = 0; i < 20; i += 1) {
        const { end, statistics } = await sendTo(
          fixture,
          device,
          [counterBytes(sent, 1_000_000)],
          { depth: 1 + Math.floor(8 * random()), transferSize: 1 + Math.floor(20_000 * random()) },
          40 * random(),
        );
        assert.equal(end.reason, 'interrupted');
        assert.equal(statistics.bytesAfterGap, 0);
        sent += statistics.bytesAccepted;
        cancelled += statistics.statuses.cancelled;
      }
      assert(sent > 0);
      assert(cancelled > 0);
      await assertAccepted(fixture, device, counterBytes(0, sent));
    },
  },
  {
    name: '24: cancels two transfers of a queue, and the others are sent in order',
    async run(fixture) {
      const target = await scripted(fixture, ...VERY_SLOW);
      const size = 2 * packetSizeOf(target);
      const entries = 32;
      const cancelled = [entries - 4, entries - 2];
      const queues = 3;
      const accepted: Buffer[] = [];
      for (let queue = 0; queue < queues; queue += 1) {
        const buffers = Array.from({ length: entries }, (_, i) =>
          counterBytes((queue * entries + i) * size, size),
        );
        await OpenDevice.use(fixture, target, async (opened) => {
          const { out } = opened;
          assert(out !== undefined);
          const queued = buffers.map((buffer) => opened.submitBuffer(buffer, undefined, out));
          for (const { transfer } of queued.filter(({ number }) => cancelled.includes(number))) {
            transfer.cancel();
          }
          await opened.allCompleted();
          const others = queued.filter(({ number }) => !cancelled.includes(number));
          assert.deepEqual(
            queued.map(({ status, data }) => [status, data.length]),
            queued.map(({ number }) =>
              cancelled.includes(number) ? ['cancelled', 0] : ['completed', size],
            ),
          );
          const order = others.map(({ completionIndex }) => completionIndex);
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
        });
        accepted.push(...buffers.filter((_, number) => !cancelled.includes(number)));
      }
      await assertAccepted(fixture, target, Buffer.concat(accepted));
    },
  },
];
