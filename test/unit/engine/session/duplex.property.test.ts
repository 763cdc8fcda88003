import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Duplex } from '../../../../src/engine/session/duplex.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';
import { UsbError } from '../../../../src/usb/errors.js';
import type { TransferStatus } from '../../../../src/usb/transfer-status.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { MemorySource } from '../support/memory-source.js';
import { RecordingObserver } from '../support/recording-observer.js';
import { ScriptedEndpoint } from '../support/scripted-endpoint.js';

/** A device that fills each transfer with the number of its submission. */
class Talker extends ScriptedEndpoint {
  /** By number of submission. */
  readonly sent: Buffer[] = [];
  readonly #numbers = new Map<object, number>();

  look(): void {
    for (const submission of this.submissions) {
      if (!this.#numbers.has(submission)) {
        this.#numbers.set(submission, this.#numbers.size);
      }
    }
  }

  reply(nth: number, status: TransferStatus, part: number): void {
    this.look();
    const submission = this.submissions[nth % Math.max(this.submissions.length, 1)];
    if (submission !== undefined) {
      const number = this.#numbers.get(submission) ?? 0;
      const length = Math.floor(part * submission.length);
      submission.buffer.fill(number + 1, 0, length);
      this.sent[number] = Buffer.alloc(length, number + 1);
      submission.complete(status, length);
      this.look();
    }
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

const status = fc.constantFrom<TransferStatus>(
  ...Array<'completed'>(12).fill('completed'),
  'error',
  'timed-out',
  'cancelled',
  'stall',
  'no-device',
  'overflow',
);
const part = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const code = fc.constantFrom('no-memory' as const, 'no-memory' as const, 'io' as const);

const event = fc.oneof(
  { weight: 5, arbitrary: fc.record({ reply: fc.nat(6), status, part }) },
  { weight: 5, arbitrary: fc.record({ take: status, part }) },
  { weight: 4, arbitrary: fc.record({ turns: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ held: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 4000 }) }) },
  { weight: 1, arbitrary: fc.record({ refuseIn: code }) },
  { weight: 1, arbitrary: fc.record({ refuseOut: code }) },
  { weight: 1, arbitrary: fc.constant({ stop: true }) },
);

const situation = fc.record({
  depth: fc.integer({ min: 1, max: 5 }),
  packets: fc.integer({ min: 1, max: 4 }),
  writeBuffer: fc.integer({ min: 1, max: 2000 }),
  bytes: fc.option(fc.integer({ min: 1, max: 4000 }), { nil: undefined }),
  transferSize: fc.integer({ min: 1, max: 1500 }),
  zlp: fc.constantFrom('auto' as const, 'always' as const, 'never' as const),
  input: fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 5 }),
  capacity: fc.option(fc.nat(3000), { nil: undefined }),
  readerGoes: fc.boolean(),
  linger: fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
  events: fc.array(event, { maxLength: 60 }),
});

it('both directions end, and every byte is accounted for, in any order of events', async () => {
  await fc.assert(
    fc.asyncProperty(situation, async (given) => {
      const before = timers();
      const incoming = new Talker(64);
      const outgoing = new ScriptedEndpoint(64, 0x02);
      const observer = new RecordingObserver();
      const sink = new MemorySink();
      sink.capacity = given.capacity ?? sink.capacity;
      if (given.readerGoes) {
        sink.failure = Object.assign(new Error('closed'), { code: 'EPIPE' });
      }
      let offered = 0;
      const more = (bytes: number): Buffer => {
        offered += bytes;
        return counterBytes(offered - bytes, bytes);
      };
      const source = new MemorySource(...given.input.map(more));
      const { depth, writeBuffer, bytes, transferSize, zlp, linger } = given;
      const streams = new Duplex(
        {
          source,
          sink,
          receive: { depth, transferSize: given.packets * 64, writeBuffer, bytes },
          send: { depth, transferSize, zlp, prompt: true },
          linger,
        },
        observer,
      );
      let end: Outcome | undefined;
      const ended = streams.run(incoming, outgoing).then((reason) => {
        end = reason;
      });
      for (const happening of given.events) {
        incoming.look();
        if ('reply' in happening) {
          incoming.reply(happening.reply, happening.status, happening.part);
        } else if ('take' in happening) {
          const [submission] = outgoing.submissions;
          submission?.complete(happening.take, Math.floor(happening.part * submission.length));
        } else if ('turns' in happening) {
          for (let i = 0; i < happening.turns; i += 1) {
            await turn();
          }
        } else if ('held' in happening) {
          sink.held = happening.held;
          source.held = happening.held;
        } else if ('push' in happening) {
          source.push(more(happening.push));
        } else if ('refuseIn' in happening) {
          incoming.refusals.push(new UsbError(happening.refuseIn, 'refused'));
        } else if ('refuseOut' in happening) {
          outgoing.refusals.push(new UsbError(happening.refuseOut, 'refused'));
        } else {
          streams.stop({ reason: 'interrupted' });
        }
      }
      // From here on every transfer succeeds.
      [sink.held, source.held] = [false, false];
      const deadline = performance.now() + 5000;
      for (let i = 0; end === undefined; i += 1) {
        expect(performance.now(), 'hangs').toBeLessThan(deadline);
        sink.release();
        source.release();
        for (const submission of [...outgoing.submissions]) {
          submission.complete(
            submission.cancelled ? 'cancelled' : 'completed',
            submission.cancelled ? 0 : submission.length,
          );
        }
        const cancelled = incoming.submissions.findIndex((submission) => submission.cancelled);
        if (cancelled >= 0) {
          incoming.reply(cancelled, 'cancelled', 0);
        } else if (linger === Number.POSITIVE_INFINITY && i > 100) {
          streams.stop({ reason: 'interrupted' });
        }
        await turn();
      }
      await ended;
      const { in: received, out: sent } = streams.statistics;
      expect(incoming.submissions).toHaveLength(0);
      expect(outgoing.submissions).toHaveLength(0);
      expect(sent.bytesAccepted + sent.bytesUnsent).toBe(sent.bytesRead);
      expect(sent.bytesMoved).toBe(sent.bytesAccepted + sent.bytesAfterGap);
      const all = Buffer.concat(incoming.sent.filter((reply) => reply !== undefined));
      expect(received.bytesReceived).toBe(all.length);
      expect(received.bytesReceived).toBe(
        received.bytesWritten + received.bytesDiscarded + received.bytesUnwritten,
      );
      expect(received.bytesBuffered).toBe(0);
      expect(end?.reason).not.toBe('internal');
      expect(observer.bytes(0x82).equals(all)).toBe(true);
      expect(observer.bytes(0x02)).toHaveLength(sent.bytesMoved);
      const accepted = observer.bytes(0x02).subarray(0, sent.bytesAccepted);
      expect(accepted.equals(counterBytes(0, sent.bytesAccepted))).toBe(true);
      expect(sink.contents).toHaveLength(received.bytesWritten);
      expect(sink.contents.equals(all.subarray(0, received.bytesWritten))).toBe(true);
      if (given.capacity === undefined) {
        expect(received.bytesUnwritten).toBe(0);
      }
      expect(timers()).toBeLessThanOrEqual(before);
    }),
    { numRuns: 300 },
  );
}, 60_000);
