import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertCounter, assertRefused } from '../expect.js';
import { Session } from '../session.js';
import type { ContractCase } from '../stage.js';

const KIB = 1024;

/** Long enough to see that nothing happens, in milliseconds. */
const A_WHILE = 50;

/** Ends before the time: cancel and stall. Not a byte gets lost over them. */
export const endingCases: readonly ContractCase[] = [
  {
    name: 'cancels a transfer that waits, once',
    async run(stage) {
      const staged = await stage.silentAfter(KIB);
      await Session.use(stage, staged, async (session) => {
        await session.fly(KIB).answered;
        const waiting = [session.fly(4 * KIB), session.fly(4 * KIB)];
        await sleep(A_WHILE);
        assert.deepEqual(
          waiting.map(({ status }) => status),
          [undefined, undefined],
        );
        session.cancelAll();
        session.cancelAll(); // again, before the answers
        await session.landed();
        for (const { status, data } of waiting) {
          assert.deepEqual([status, data.length], ['cancelled', 0]);
        }
      });
    },
  },
  {
    name: 'cancels nothing that is not in flight',
    async run(stage) {
      const staged = await stage.counters();
      await Session.use(stage, staged, async (session) => {
        session.in.createTransfer(() => assert.fail('answered without a submit')).cancel();
        let again = true;
        const flight = session.fly(4 * KIB, (landed) => {
          session.cancel(landed); // it has just landed
          session.cancel(landed);
          return again;
        });
        await flight.answered;
        again = false;
        await session.landed();
        session.cancel(flight);
        await sleep(A_WHILE);
        assert(session.flights.length > 1);
        assert(session.flights.every(({ status }) => status === 'completed'));
        assertCounter(session.bytes(), 0);
      });
    },
  },
  {
    name: 'keeps the bytes of a transfer that was cancelled half full',
    async run(stage) {
      const total = 7 * KIB;
      const staged = await stage.silentAfter(total);
      await Session.use(stage, staged, async (session) => {
        // How soon the bytes come is the device's affair: wait longer and longer for them.
        for (let wait = A_WHILE; session.bytes().length < total && wait < 5000; wait *= 2) {
          session.fly(4 * KIB);
          session.fly(4 * KIB);
          session.fly(4 * KIB);
          await sleep(wait);
          session.cancelAll();
          await session.landed();
        }
        assert.equal(session.bytes().length, total);
        assertCounter(session.bytes(), 0);
        const halfFull = session.flights.filter(
          ({ data, length }) => data.length > 0 && data.length < length,
        );
        assert(halfFull.length > 0 && halfFull.every(({ status }) => status === 'cancelled'));
      });
    },
  },
  ...(['newest', 'oldest'] as const).flatMap((order) =>
    [4 * KIB, 16 * KIB, 256 * KIB].map(
      (size): ContractCase => ({
        name: `loses no byte when a stream is cancelled ${order} first, ${size / KIB} KiB transfers`,
        async run(stage) {
          const staged = await stage.counters();
          let offset = 0;
          for (let opened = 0; opened < 2; opened++) {
            await Session.use(stage, staged, async (session) => {
              for (const from of ['an answer', 'outside', 'an answer', 'outside'] as const) {
                await streamAndCancel(session, size, order, from);
              }
              assertCounter(session.bytes(), offset);
              offset += session.bytes().length;
            });
          }
        },
      }),
    ),
  ),
  {
    name: 'ends everything in flight at a stall, and goes on where it stopped once it is cleared',
    async run(stage) {
      const before = 16 * KIB;
      const staged = await stage.stallAfter(before);
      await Session.use(stage, staged, async (session) => {
        for (let i = 0; i < 8; i++) {
          session.fly(4 * KIB);
        }
        await session.landed();
        const statuses = session.flights.map(({ status }) => status);
        const firstStall = statuses.indexOf('stall');
        assert(firstStall >= 0, 'no stall');
        assert(statuses.slice(0, firstStall).every((status) => status === 'completed'));
        assert(
          statuses.slice(firstStall).every((status) => status === 'stall'),
          statuses.join(),
        );
        assert.equal(session.bytes().length, before);
        assert.equal((await session.fly(4 * KIB).answered).status, 'stall', 'halted still');
        await session.in.clearHalt();
        for (let i = 0; i < 4; i++) {
          session.fly(4 * KIB, ({ number }) => number < 32);
        }
        await session.landed();
        assertCounter(session.bytes(), 0);
        assert(session.bytes().length >= before + 32 * KIB);
      });
    },
  },
  {
    name: 'refuses to release with a transfer in flight, which flies on',
    async run(stage) {
      const staged = await stage.silentAfter(KIB);
      await Session.use(stage, staged, async (session) => {
        await session.fly(KIB).answered;
        const waiting = session.fly(4 * KIB);
        await assertRefused(() => session.release(), 'invalid');
        await sleep(A_WHILE);
        assert.equal(waiting.status, undefined);
        session.cancelAll();
        await session.landed();
        assert.equal(waiting.status, 'cancelled');
        await session.release();
      });
    },
  },
];

/** Streams for some answers, then cancels all that is in flight at once. */
async function streamAndCancel(
  session: Session,
  size: number,
  order: 'newest' | 'oldest',
  from: 'an answer' | 'outside',
): Promise<void> {
  const depth = 8;
  const first = session.flights.length;
  let streaming = true;
  let reached: () => void = () => {};
  const enough = new Promise<void>((resolve) => {
    reached = resolve;
  });
  for (let i = 0; i < depth; i++) {
    session.fly(size, () => {
      if (streaming && session.flights.length - first >= 2 * depth) {
        if (from === 'an answer') {
          streaming = false;
          session.cancelAll(order);
        }
        reached();
      }
      return streaming;
    });
  }
  await enough;
  if (streaming) {
    streaming = false;
    session.cancelAll(order);
  }
  await session.landed();
  for (const { status } of session.flights.slice(first)) {
    assert(status === 'completed' || status === 'cancelled', status);
  }
}
