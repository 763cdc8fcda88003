import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Transfer } from '../../../src/usb/backend.js';
import { assertCounter, assertRefused, eventually } from '../expect.js';
import { Session } from '../session.js';
import type { ContractCase } from '../stage.js';

const KIB = 1024;
const DEPTH = 16;

/** Moving bytes: order, ends of messages, one completion for each submission. */
export const movingCases: readonly ContractCase[] = [
  {
    name: 'completes each submission once, and never within a call',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        for (let i = 0; i < 4; i++) {
          session.submit(KIB, ({ number }) => number < 500);
        }
        await session.allCompleted();
        assert(session.submissions.every(({ status }) => status === 'completed'));
        assertCounter(session.bytes(), 0);
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
      async run(stage) {
        const staged = await stage.counters();
        await Session.use(stage, staged, async (session) => {
          for (let i = 0; i < DEPTH; i++) {
            session.submit(size, () => session.submissions.length * size < total);
          }
          await session.allCompleted();
          assert(session.submissions.every(({ data }) => data.length === size));
          assertCounter(session.bytes(), 0);
        });
      },
    }),
  ),
  {
    name: 'moves single packets, too',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        const { maxPacketSize } = session.in;
        for (let i = 0; i < 4; i++) {
          session.submit(maxPacketSize, ({ number }) => number < 200);
        }
        await session.allCompleted();
        assert(session.submissions.every(({ data }) => data.length === maxPacketSize));
        assertCounter(session.bytes(), 0);
      });
    },
  },
  {
    name: 'ends a transfer at a short packet',
    async run(stage) {
      const staged = await stage.messages(3000);
      await Session.use(stage, staged, async (session) => {
        for (let i = 0; i < 4; i++) {
          session.submit(8 * KIB, ({ number }) => number < 100);
        }
        await session.allCompleted();
        assert(session.submissions.every(({ status }) => status === 'completed'));
        assert(session.submissions.every(({ data }) => data.length === 3000));
        assertCounter(session.bytes(), 0);
      });
    },
  },
  {
    name: 'ends a transfer at a zero-length packet, which may be its only packet',
    async run(stage) {
      const staged = await stage.messages(2 * KIB);
      await Session.use(stage, staged, async (session) => {
        for (let i = 0; i < 20; i++) {
          await session.submit(2 * KIB).completion; // filled by the message: the ZLP is not in it
        }
        const lengths = session.submissions.map(({ data }) => data.length);
        assert.deepEqual(
          lengths,
          lengths.map((_, index) => (index % 2 === 0 ? 2 * KIB : 0)),
        );
        for (let i = 0; i < 20; i++) {
          assert.equal((await session.submit(4 * KIB).completion).data.length, 2 * KIB);
        }
        assert(session.submissions.every(({ status }) => status === 'completed'));
        assertCounter(session.bytes(), 0);
      });
    },
  },
  {
    name: 'receives from a loopback the bytes that were sent',
    async run(stage) {
      const staged = await stage.loopback();
      await Session.use(stage, staged, async (session) => {
        const { out } = session;
        assert(out !== undefined);
        // Each ends in a short packet, so that the device detects its end.
        const messages = [1, 63, 511, 513, 1000, 4095, 4097, 9999, 60_001].map((n) =>
          randomBytes(n),
        );
        const sent = Buffer.concat(messages);
        const arrived = (): Buffer =>
          Buffer.concat(
            session.submissions.filter((f) => incoming.has(f.transfer)).map((f) => f.data),
          );
        const incoming: ReadonlySet<Transfer> = new Set(
          [1, 2, 3, 4].map(
            () => session.submit(4 * KIB, () => arrived().length < sent.length).transfer,
          ),
        );
        const outgoing = messages.map((message) => session.submitBuffer(message, undefined, out));
        await eventually('all that went out is back', async () => arrived().length >= sent.length);
        session.cancelAll();
        await session.allCompleted();
        for (const { status, data, length } of outgoing) {
          assert.deepEqual([status, data.length], ['completed', length]);
        }
        assert(arrived().equals(sent));
      });
    },
  },
  {
    name: 'refuses to submit a transfer in flight, which remains in flight',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        const submission = session.submit(4 * KIB);
        await assertRefused(() => session.submitAgain(submission), 'invalid');
        await session.allCompleted();
        assert.equal(submission.status, 'completed');
      });
    },
  },
  {
    name: 'submits a transfer again after a refused submission',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        let submits = 0;
        const submission = session.submit(4 * KIB, () => ++submits < 3);
        await assertRefused(() => session.submitAgain(submission), 'invalid');
        await assertRefused(() => session.submitAgain(submission), 'invalid');
        await session.allCompleted();
        assert.equal(session.submissions.length, 3);
        assertCounter(session.bytes(), 0);
      });
    },
  },
  {
    name: 'refuses to submit after the interface was released',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        const submission = session.submit(4 * KIB);
        await session.allCompleted();
        await session.release();
        await assertRefused(() => session.submitAgain(submission), 'invalid');
      });
    },
  },
];
