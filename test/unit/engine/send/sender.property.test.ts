import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReadDone, Source } from '../../../../src/engine/io/source.js';
import { Sender, type SendOptions } from '../../../../src/engine/send/sender.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { UsbError } from '../../../../src/usb/errors.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { ScriptedEndpoint, type Submission } from '../support/scripted-endpoint.js';

/** A source whose reads are answered by the test. */
class ScriptedSource implements Source {
  readonly size = undefined;
  /** Bytes that were given. */
  given = 0;
  #answer: ((most: number, error?: Error) => void) | undefined;

  read(buffer: Buffer, start: number, end: number, done: ReadDone): void {
    expect(this.#answer).toBeUndefined();
    expect(end).toBeGreaterThan(start);
    expect(end).toBeLessThanOrEqual(buffer.length);
    this.#answer = (most, error) => {
      const bytes = counterBytes(this.given, Math.min(most, end - start)).copy(buffer, start);
      this.given += bytes;
      done(error, bytes);
    };
  }

  /** Answers the pending read, if there is one. */
  answer(most: number, error?: Error): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(most, error);
  }

  async close(): Promise<void> {}
}

/** One transfer, from its submission on. */
interface Sent {
  readonly submission: Submission;
  readonly content: Buffer;
  status: TransferStatus | undefined;
  taken: number;
}

/** Remembers all that is submitted, and fails if anything is submitted after a known gap. */
class Wire extends ScriptedEndpoint {
  readonly sent: Sent[] = [];
  hasGap = false;

  /** Notes new submissions. */
  look(): void {
    for (const submission of this.submissions) {
      if (!this.sent.some((known) => known.submission === submission)) {
        expect(this.hasGap).toBe(false);
        const content = Buffer.from(submission.buffer.subarray(0, submission.length));
        this.sent.push({ submission, content, status: undefined, taken: 0 });
      }
    }
  }

  complete(nth: number, status: TransferStatus, part: number): void {
    const submission = this.submissions[nth % Math.max(this.submissions.length, 1)];
    const sent = this.sent.find((known) => known.submission === submission);
    if (submission === undefined || sent === undefined) {
      return;
    }
    expect(submission.buffer.subarray(0, submission.length).equals(sent.content)).toBe(true);
    sent.status = status;
    sent.taken =
      status === 'completed' && part > 0.2
        ? submission.length
        : Math.floor(part * submission.length);
    this.hasGap ||= status !== 'completed' || sent.taken < submission.length;
    submission.complete(status, sent.taken);
  }
}

const status = fc.constantFrom<TransferStatus>(
  'completed',
  'completed',
  'completed',
  'completed',
  'error',
  'timed-out',
  'cancelled',
  'stall',
  'no-device',
  'overflow',
);

const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      complete: fc.nat(8),
      status,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 9000 }) }) },
  { weight: 4, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ room: fc.integer({ min: 0, max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      refuse: fc.constantFrom('no-memory' as const, 'io' as const, 'no-device' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ failWith: fc.nat(3000) }) },
  { weight: 1, arbitrary: fc.constant({ inputEnds: true }) },
  { weight: 1, arbitrary: fc.constant({ stop: true }) },
);

const options = fc.record({
  depth: fc.integer({ min: 1, max: 6 }),
  transferSize: fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.constantFrom(64, 128, 512)),
  prompt: fc.boolean(),
  readAhead: fc.integer({ min: 1, max: 5000 }),
  bytes: fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined }),
  zlp: fc.constantFrom('auto' as const, 'always' as const, 'never' as const),
});

type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

async function play(given: SendOptions, events: readonly Event[], endsBy: 'input' | 'stop') {
  const wire = new Wire(64);
  const source = new ScriptedSource();
  const sender = new Sender(source, given);
  let end: Outcome | undefined;
  const ended = sender.run(wire).then((reason) => {
    end = reason;
  });
  for (const happening of events) {
    wire.look();
    if ('complete' in happening) {
      wire.complete(happening.complete, happening.status, happening.part);
    } else if ('read' in happening) {
      source.answer(happening.read);
    } else if ('turns' in happening) {
      for (let i = 0; i < happening.turns; i += 1) {
        await turn();
        wire.look();
      }
    } else if ('room' in happening) {
      wire.room = happening.room;
    } else if ('refuse' in happening) {
      wire.refusals.push(new UsbError(happening.refuse, happening.refuse));
    } else if ('failWith' in happening) {
      source.answer(happening.failWith, new Error('EIO'));
    } else if ('inputEnds' in happening) {
      source.answer(0);
    } else {
      sender.stop({ reason: 'interrupted' });
    }
  }
  // From here on all transfers complete, until the run ends.
  for (let i = 0; end === undefined; i += 1) {
    expect(i, 'hangs').toBeLessThan(20_000);
    wire.look();
    if (endsBy === 'stop') {
      sender.stop({ reason: 'interrupted' });
    }
    source.answer(0);
    const nth = wire.submissions.findIndex(({ cancelled }) => cancelled);
    if (nth >= 0) {
      wire.complete(nth, 'cancelled', 0);
    } else {
      wire.complete(0, 'completed', 1);
    }
    wire.look();
    await turn();
  }
  await ended;
  return { wire, source, sender, end: end as Outcome };
}

/** Plays, and checks the sums. */
async function check(
  given: SendOptions,
  events: readonly Event[],
  endsBy: 'input' | 'stop',
): Promise<void> {
  const { wire, source, sender, end } = await play(given, events, endsBy);
  const { sent } = wire;
  const { bytesRead, bytesAccepted, bytesAfterGap, bytesUnsent, bytesMoved } = sender.statistics;
  const { zeroLengthPackets, submissions, transfers } = sender.statistics;
  expect(wire.submissions).toHaveLength(0);
  expect([submissions, transfers]).toEqual([sent.length, sent.length]);
  expect(bytesRead).toBe(source.given);
  expect(bytesAccepted + bytesUnsent).toBe(bytesRead);
  expect(bytesRead).toBeLessThanOrEqual(given.bytes ?? bytesRead);
  // What was submitted is the input, in order, none of it twice.
  const content = Buffer.concat(sent.map((each) => each.content));
  expect(content.equals(counterBytes(0, content.length))).toBe(true);
  expect(content.length).toBeLessThanOrEqual(bytesRead);
  const lengths = sent.map(({ submission }) => submission.length).filter((length) => length > 0);
  if (!given.prompt) {
    expect(lengths.slice(0, -1).every((length) => length === given.transferSize)).toBe(true);
  }
  const isGap = ({ submission, taken, status }: Sent) =>
    taken < submission.length || (submission.length === 0 && status !== 'completed');
  const gap = sent.findIndex(isGap);
  const upTo = gap < 0 ? sent : sent.slice(0, gap + 1);
  const sum = (of: readonly Sent[]) => of.reduce((total, { taken }) => total + taken, 0);
  expect(bytesAccepted).toBe(sum(upTo));
  expect(bytesAccepted + bytesAfterGap).toBe(sum(sent));
  expect(bytesMoved).toBe(sum(sent));
  expect(zeroLengthPackets).toBe(
    sent.filter((each) => each.submission.length === 0 && !isGap(each)).length,
  );
  if (end.reason === 'input-ended' || end.reason === 'limit') {
    expect(bytesUnsent).toBe(0);
  }
  if (end.reason === 'limit') {
    expect(bytesAccepted).toBe(given.bytes);
  }
}

it('accounts for every byte and submits nothing after a gap, for any order of events', async () => {
  const endsBy = fc.constantFrom('input' as const, 'stop' as const);
  await fc.assert(fc.asyncProperty(options, fc.array(event, { maxLength: 60 }), endsBy, check), {
    numRuns: 400,
  });
}, 60_000);

it('reuses memory only when all of it was taken, for any order of completion', async () => {
  const large = fc.record({
    depth: fc.integer({ min: 1, max: 4 }),
    transferSize: fc.integer({ min: 1000, max: 6000 }).map((packets) => packets * 64),
    prompt: fc.boolean(),
    readAhead: fc.constant(1),
    zlp: fc.constantFrom('always' as const, 'never' as const),
  });
  const step = fc.oneof(
    fc.record({
      complete: fc.nat(4),
      status: fc.constant('completed' as const),
      part: fc.constant(1),
    }),
    fc.record({ read: fc.integer({ min: 1, max: 800_000 }) }),
  );
  const steps = fc.array(step, { minLength: 40, maxLength: 80, size: 'max' });
  await fc.assert(
    fc.asyncProperty(large, steps, (given, events) => check(given, events, 'input')),
    { numRuns: 40 },
  );
}, 60_000);
