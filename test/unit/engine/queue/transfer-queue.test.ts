import { expect, it } from 'vitest';
import { TransferQueue } from '../../../../src/engine/queue/transfer-queue.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

function poolOf(depth: number) {
  const endpoint = new ScriptedEndpoint();
  const completions: [sequence: number, status: string, bytes: number][] = [];
  const pool = new TransferQueue(
    endpoint,
    depth,
    100,
    (sequence, _buffer, _asked, status, bytes) => {
      completions.push([sequence, status, bytes]);
    },
  );
  for (let i = 0; i < depth; i += 1) {
    pool.submit(Buffer.alloc(512), 512, 10 * i);
  }
  return { endpoint, completions, pool };
}

it('numbers submissions, whatever order they complete in', () => {
  const { endpoint, completions, pool } = poolOf(3);
  const [first, second, third] = endpoint.flights;
  second?.complete('completed', 2);
  pool.submit(Buffer.alloc(512), 512, 1000);
  third?.complete('completed', 3);
  first?.complete('completed', 1);
  endpoint.flights[0]?.complete('completed', 4);
  expect(completions.map(([sequence]) => sequence)).toEqual([101, 102, 100, 103]);
  expect([pool.inFlight, pool.bytesInFlight, pool.hasIdle]).toEqual([0, 0, true]);
});

it('cancels newest first, also after others left the middle', () => {
  const { endpoint, pool } = poolOf(5);
  const [first, second, third, fourth, fifth] = endpoint.flights;
  third?.complete('completed', 1);
  first?.complete('completed', 1);
  pool.submit(Buffer.alloc(512), 512, 1000);
  const sixth = endpoint.flights.at(-1);
  pool.cancelAll();
  expect(endpoint.cancellations).toEqual([sixth, fifth, fourth, second]);
});

it('expires newest first, each once, and tells since when the others wait', () => {
  const { endpoint, completions, pool } = poolOf(2);
  const [first, second] = endpoint.flights;
  expect(pool.oldestSubmission).toBe(0);
  pool.expire(10);
  expect(endpoint.cancellations).toEqual([second, first]);
  expect(pool.oldestSubmission).toBeUndefined();
  pool.expire(10);
  expect(endpoint.cancellations).toHaveLength(2);
  first?.complete('cancelled', 7);
  second?.complete('completed', 8);
  expect(completions).toEqual([
    [100, 'timed-out', 7],
    [101, 'completed', 8],
  ]);
  pool.submit(Buffer.alloc(512), 512, 1000);
  expect(pool.oldestSubmission).toBe(1000);
});

it('expires the oldest alone', () => {
  const { endpoint, pool } = poolOf(3);
  expect(pool.expireOldest()).toBe(100);
  expect(endpoint.cancellations).toEqual([endpoint.flights[0]]);
  expect(poolOf(0).pool.expireOldest()).toBeUndefined();
});
