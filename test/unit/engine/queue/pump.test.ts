import { expect, it } from 'vitest';
import { Pump, type TransferHandler } from '../../../../src/engine/queue/pump.js';
import type { TransferQueue } from '../../../../src/engine/queue/transfer-queue.js';
import { ReceiveStatistics } from '../../../../src/engine/stats/statistics.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

/** A handler that receives, and writes nothing. */
function receive(): TransferHandler {
  return {
    statistics: new ReceiveStatistics(2),
    start: () => {},
    onComplete: () => false,
    collect: (queue: TransferQueue) => {
      while (queue.head !== undefined) {
        queue.removeHead();
      }
    },
    outcome: () => undefined,
    submit: (queue, now) => {
      queue.submit(Buffer.alloc(512), 512, now);
      return 'submitted';
    },
    flush: () => 'none',
    finish: () => ({}),
  };
}

it.each([
  'onSubmit',
  'onComplete',
] as const)('an observer whose %s throws ends the run, not the completion', async (method) => {
  const endpoint = new ScriptedEndpoint();
  const observer = {
    [method]: ({ sequence }: { sequence: number }) => {
      if (sequence === 2) {
        throw new Error('bug');
      }
    },
  };
  const ended = new Pump(receive(), { depth: 2 }, observer).run(endpoint);
  while (endpoint.submissions.length > 0) {
    endpoint.submissions[0]?.complete('completed', 512);
  }
  expect(endpoint.requests.length).toBeGreaterThan(2);
  expect(await ended).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
});

// In the native layer, an exception thrown from a completion is lost.
it.each([
  'onComplete',
  'collect',
  'outcome',
  'submit',
  'flush',
] as const)('a handler whose %s throws in a completion ends the run, not the completion', async (method) => {
  const endpoint = new ScriptedEndpoint();
  const handler = receive();
  const ended = new Pump(handler, { depth: 2 }).run(endpoint);
  handler[method] = () => {
    throw new Error('bug');
  };
  while (endpoint.submissions.length > 0) {
    endpoint.submissions[0]?.complete('completed', 512);
  }
  expect(await ended).toMatchObject({ reason: 'internal', cause: { message: 'bug' } });
});
