import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Transfer } from '../../../src/usb/backend.js';
import { assertCounter, assertRefused, eventually } from '../expect.js';
import type { ContractCase } from '../fixture.js';
import { OpenDevice } from '../open-device.js';

const KIB = 1024;
const DEPTH = 16;

/** Moving bytes: order, ends of messages, one completion for each submission. */
export const movingCases: readonly ContractCase[] = [
  {
    name: 'completes each submission once, and never within a call',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        for (let i = 0; i < 4; i++) {
          opened.submit(KIB, ({ number }) => number < 500);
        }
        await opened.allCompleted();
        assert(opened.submissions.every(({ status }) => status === 'completed'));
        assertCounter(opened.bytes(), 0);
      });
    },
  },
  ...[
    { size: KIB, total: 512 * KIB },
    { size: 4 * KIB, total: 1024 * KIB },
    { size: 63 * KIB, total: 2048 * KIB },
    { size: 256 * KIB, total: 8192 * KIB },
  ].map(
    ({ size, total }): ContractCase => ({
      name: `carries a stream in order, ${DEPTH} × ${size / KIB} KiB in flight`,
      async run(fixture) {
        const target = await fixture.counters();
        await OpenDevice.use(fixture, target, async (opened) => {
          for (let i = 0; i < DEPTH; i++) {
            opened.submit(size, () => opened.submissions.length * size < total);
          }
          await opened.allCompleted();
          assert(opened.submissions.every(({ data }) => data.length === size));
          assertCounter(opened.bytes(), 0);
        });
      },
    }),
  ),
  {
    name: 'moves single packets, too',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        const { maxPacketSize } = opened.in;
        for (let i = 0; i < 4; i++) {
          opened.submit(maxPacketSize, ({ number }) => number < 200);
        }
        await opened.allCompleted();
        assert(opened.submissions.every(({ data }) => data.length === maxPacketSize));
        assertCounter(opened.bytes(), 0);
      });
    },
  },
  {
    name: 'ends a transfer at a short packet',
    async run(fixture) {
      const target = await fixture.messages(3000);
      await OpenDevice.use(fixture, target, async (opened) => {
        for (let i = 0; i < 4; i++) {
          opened.submit(8 * KIB, ({ number }) => number < 100);
        }
        await opened.allCompleted();
        assert(opened.submissions.every(({ status }) => status === 'completed'));
        assert(opened.submissions.every(({ data }) => data.length === 3000));
        assertCounter(opened.bytes(), 0);
      });
    },
  },
  {
    name: 'ends a transfer at a zero-length packet, which may be its only packet',
    async run(fixture) {
      const target = await fixture.messages(2 * KIB);
      await OpenDevice.use(fixture, target, async (opened) => {
        for (let i = 0; i < 20; i++) {
          await opened.submit(2 * KIB).completion; // filled by the message: the ZLP is not in it
        }
        const lengths = opened.submissions.map(({ data }) => data.length);
        assert.deepEqual(
          lengths,
          lengths.map((_, index) => (index % 2 === 0 ? 2 * KIB : 0)),
        );
        for (let i = 0; i < 20; i++) {
          assert.equal((await opened.submit(4 * KIB).completion).data.length, 2 * KIB);
        }
        assert(opened.submissions.every(({ status }) => status === 'completed'));
        assertCounter(opened.bytes(), 0);
      });
    },
  },
  {
    name: 'receives from a loopback the bytes that were sent',
    async run(fixture) {
      const target = await fixture.loopback();
      await OpenDevice.use(fixture, target, async (opened) => {
        const { out } = opened;
        assert(out !== undefined);
        // Each ends in a short packet, so that the device detects its end.
        const messages = [1, 63, 511, 513, 1000, 4095, 4097, 9999, 60_001].map((n) =>
          randomBytes(n),
        );
        const sent = Buffer.concat(messages);
        const arrived = (): Buffer =>
          Buffer.concat(
            opened.submissions.filter((f) => incoming.has(f.transfer)).map((f) => f.data),
          );
        const incoming: ReadonlySet<Transfer> = new Set(
          [1, 2, 3, 4].map(
            () => opened.submit(4 * KIB, () => arrived().length < sent.length).transfer,
          ),
        );
        const outgoing = messages.map((message) => opened.submitBuffer(message, undefined, out));
        await eventually('all that went out is back', async () => arrived().length >= sent.length);
        opened.cancelAll();
        await opened.allCompleted();
        for (const { status, data, length } of outgoing) {
          assert.deepEqual([status, data.length], ['completed', length]);
        }
        assert(arrived().equals(sent));
      });
    },
  },
  {
    name: 'refuses to submit a transfer in flight, which remains in flight',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        const submission = opened.submit(4 * KIB);
        await assertRefused(() => opened.submitAgain(submission), 'invalid');
        await opened.allCompleted();
        assert.equal(submission.status, 'completed');
      });
    },
  },
  {
    name: 'submits a transfer again after a refused submission',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        let submits = 0;
        const submission = opened.submit(4 * KIB, () => ++submits < 3);
        await assertRefused(() => opened.submitAgain(submission), 'invalid');
        await assertRefused(() => opened.submitAgain(submission), 'invalid');
        await opened.allCompleted();
        assert.equal(opened.submissions.length, 3);
        assertCounter(opened.bytes(), 0);
      });
    },
  },
  {
    name: 'refuses to submit after the interface was released',
    async run(fixture) {
      const target = await fixture.counters();
      await OpenDevice.use(fixture, target, async (opened) => {
        const submission = opened.submit(4 * KIB);
        await opened.allCompleted();
        await opened.release();
        await assertRefused(() => opened.submitAgain(submission), 'invalid');
      });
    },
  },
];
