import { expect, it } from 'vitest';
import { type ReceiveOptions, Receiver } from '../../../../src/engine/receive/receiver.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { MemorySink } from '../support/memory-sink.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

/** A receiver that has received 3 bytes before it may write: `begin` decides. */
function waiting(options: Partial<ReceiveOptions> = {}) {
  let begin: (failure: Outcome | undefined) => void = () => {};
  const begun = new Promise<Outcome | undefined>((resolve) => {
    begin = resolve;
  });
  const endpoint = new ScriptedEndpoint();
  const sink = new MemorySink();
  const receiver = new Receiver(sink, { depth: 4, transferSize: 1024, ...options });
  const ended = receiver.run(endpoint, () => begun);
  const answer = (byte: number, length: number) => {
    const [submission] = endpoint.submissions;
    submission?.buffer.fill(byte, 0, length);
    submission?.complete('completed', length);
  };
  const drain = () => {
    for (const submission of [...endpoint.cancellations]) {
      submission.complete('cancelled', 5);
    }
  };
  answer(7, 3);
  return { receiver, sink, ended, begin, answer, drain };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise(setImmediate);
  }
}

it('writes nothing before the start, and everything after it', async () => {
  const { sink, begin, answer } = waiting();
  await turns();
  expect([...sink.contents]).toEqual([]);
  begin(undefined);
  await turns();
  answer(8, 2);
  await turns();
  expect([...sink.contents]).toEqual([7, 7, 7, 8, 8]);
});

it('writes nothing if the start fails, and ends at once although the sink accepts nothing', async () => {
  const failure = { reason: 'request-failed', cause: new Error('refused') } as const;
  const { receiver, sink, ended, begin, drain } = waiting();
  sink.held = true;
  begin(failure);
  await turns();
  drain();
  expect(await ended).toMatchObject(failure);
  expect([...sink.contents]).toEqual([]);
  const { bytesReceived, bytesUnwritten } = receiver.statistics;
  expect([bytesReceived, bytesUnwritten]).toEqual([23, 23]);
});

it('writes what the device sent before it was lost', async () => {
  const { receiver, sink, ended, begin, drain } = waiting();
  begin({ reason: 'device-lost' });
  await turns();
  receiver.stop({ reason: 'device-lost' });
  drain();
  expect((await ended).reason).toBe('device-lost');
  expect([...sink.contents.subarray(0, 3)]).toEqual([7, 7, 7]);
});

it('ends with all data if it reaches its limit before the start', async () => {
  const { sink, ended, begin, drain } = waiting({ bytes: 3 });
  drain();
  await turns();
  expect([...sink.contents]).toEqual([]);
  begin(undefined);
  expect((await ended).reason).toBe('limit');
  expect([...sink.contents]).toEqual([7, 7, 7]);
});

it('ends without the start if it is stopped before, and nothing was received', async () => {
  const endpoint = new ScriptedEndpoint();
  const receiver = new Receiver(new MemorySink(), { depth: 1, transferSize: 1024 });
  void receiver.run(endpoint, () => new Promise(() => {}));
  receiver.stop({ reason: 'interrupted' });
  endpoint.submissions[0]?.complete('cancelled', 0);
  expect(receiver.statistics.endedAt).toBeGreaterThan(0);
});
