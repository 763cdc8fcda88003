import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
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
  variedLengths,
} from './streams.js';

const KIB = 1024;

const MEMORY_LIMIT = '/sys/module/usbcore/parameters/usbfs_memory_mb';

/** Transfers in a queue: testusb's default number of scatterlist entries. */
const ENTRIES = 32;

/** Lengths of messages; most end in a short packet. */
const MESSAGES = variedLengths(ENTRIES, 4096);
const ALL_MESSAGES = MESSAGES.reduce((sum, length) => sum + length, 0);
const SEND_MESSAGES = `${MESSAGES.map((length) => `message ${length}`).join(', ')}, repeat`;

/** Queues of transfers. Scripted devices check the order, because each of their packets is different. */
export const queueCases: readonly TestusbCase[] = [
  {
    name: '4: reads messages of varied lengths, each with its short packet',
    async run(fixture) {
      const device = await scripted(fixture, SEND_MESSAGES);
      for (const length of MESSAGES) {
        const captured = await captureFrom(fixture, device, {
          depth: 1,
          transferSize: 8192,
          untilShort: true,
        });
        assert.deepEqual([captured.end.reason, captured.bytes.length], ['limit', length]);
        assertNext(device, captured.bytes);
      }
    },
  },
  {
    name: '8: receives messages of varied lengths in a queue, in order',
    async run(fixture) {
      const device = await scripted(fixture, SEND_MESSAGES);
      const captured = await captureFrom(fixture, device, {
        depth: ENTRIES,
        transferSize: 4096,
        bytes: 10 * ALL_MESSAGES,
      });
      assert.deepEqual([captured.end.reason, captured.bytes.length], ['limit', 10 * ALL_MESSAGES]);
      assertNext(device, captured.bytes);
    },
  },
  {
    name: '5: sends a queue of equal transfers in order',
    async run(fixture) {
      const device = await scripted(fixture, 'silence');
      const transferSize = packetSizeOf(device);
      const data = counterBytes(0, 20 * ENTRIES * transferSize);
      const { end } = await sendTo(fixture, device, [data], {
        depth: ENTRIES,
        transferSize,
        zlp: 'auto',
      });
      assert.equal(end.reason, 'input-ended');
      await assertAccepted(fixture, device, data, 1);
    },
  },
  {
    name: '7: sends a queue of transfers of varied lengths in order',
    async run(fixture) {
      const device = await scripted(fixture, 'silence');
      const transferSize = 4 * packetSizeOf(device);
      // Every chunk becomes a transfer immediately, because a transfer of the queue is free.
      const lengths = variedLengths(ENTRIES, transferSize);
      let sent = 0;
      const queues = 10;
      for (let queue = 0; queue < queues; queue += 1) {
        const chunks = lengths.map((length) => {
          sent += length;
          return counterBytes(sent - length, length);
        });
        const { end, statistics } = await sendTo(fixture, device, chunks, {
          depth: ENTRIES,
          transferSize,
          prompt: true,
          zlp: 'always',
        });
        assert.deepEqual([end.reason, statistics.transfersWithData], ['input-ended', ENTRIES]);
      }
      await assertAccepted(fixture, device, counterBytes(0, sent), queues * ENTRIES);
    },
  },
  {
    name: '29: sends an odd number of packets before and after a halt is cleared',
    async run(fixture) {
      const target = await scripted(fixture, 'silence');
      const size = 2 * packetSizeOf(target);
      const transfers = 20;
      await OpenDevice.use(fixture, target, async (opened) => {
        const { out } = opened;
        assert(out !== undefined);
        for (let i = 0; i < transfers; i += 1) {
          await out.clearHalt();
          opened.submitBuffer(counterBytes(i * size, size), undefined, out);
          opened.submit(0, undefined, out); // the third packet
          await opened.allCompleted();
        }
        assert(opened.submissions.every(({ status }) => status === 'completed'));
      });
      await assertAccepted(fixture, target, counterBytes(0, transfers * size), transfers);
    },
  },
  {
    name: '6: receives a queue of equal transfers in order',
    async run(fixture) {
      const device = await scripted(fixture, 'send forever');
      const transferSize = packetSizeOf(device);
      const bytes = 50 * ENTRIES * transferSize;
      const captured = await captureFrom(fixture, device, { depth: ENTRIES, transferSize, bytes });
      assert.deepEqual([captured.end.reason, captured.bytes.length], ['limit', bytes]);
      assertNext(device, captured.bytes);
    },
  },
  {
    name: '6: keeps the order of transfers of every size, with 1 to 64 in flight',
    async run(fixture) {
      const device = await scripted(fixture, 'send forever');
      await withoutMemoryLimit(async () => {
        for (const depth of [1, 2, 16, 64]) {
          for (const transferSize of [packetSizeOf(device), 64 * KIB, 1024 * KIB]) {
            // Every transfer of the queue is used more than once.
            const bytes = Math.max(1_024_000, 1.25 * depth * transferSize);
            const captured = await captureFrom(fixture, device, { depth, transferSize, bytes });
            assert.deepEqual([captured.end.reason, captured.bytes.length], ['limit', bytes]);
            assertNext(device, captured.bytes);
          }
        }
      });
    },
  },
];

/** Runs `body` with as much memory for transfers as it needs: 64 MiB exceed the kernel's default limit. */
async function withoutMemoryLimit(body: () => Promise<void>): Promise<void> {
  const limit = readFileSync(MEMORY_LIMIT);
  writeFileSync(MEMORY_LIMIT, '0');
  try {
    await body();
  } finally {
    writeFileSync(MEMORY_LIMIT, limit);
  }
}
