import { describe, expect, it } from 'vitest';
import type { InReport, StreamResult } from '../../../../src/cli/report/report.js';
import { explainClosedReader } from '../../../../src/cli/session/closed-reader.js';
import type { Outcome } from '../../../../src/engine/session/outcome.js';

/** A capture to stdout that ended this way. */
function capture(end: Outcome, output?: InReport['output']): StreamResult {
  const received: Partial<InReport> = { output };
  return { end, in: received as InReport, restoreError: undefined };
}

/** A signal that was received at a time, or will be received after some milliseconds. */
function signal({ at, after }: { at?: number; after?: number }) {
  const controller = new AbortController();
  const shutdown = { signal: controller.signal, receivedAt: at };
  if (after !== undefined) {
    setTimeout(() => {
      shutdown.receivedAt = performance.now();
      controller.abort();
    }, after);
  }
  return shutdown;
}

const NONE = signal({});
const INTERRUPTED = { reason: 'interrupted', readerClosed: true };

/** A reader that is there for this many checks. */
function reader(checks: number): () => boolean {
  let left = checks;
  return () => {
    left -= 1;
    return left >= 0;
  };
}

describe('the end of the reader', () => {
  it.each([
    ['before it', -3],
    ['long before it', -5000],
    ['after it', 20],
    ['a second after it', 1000],
  ])('is attributed to a signal %s', async (_, difference) => {
    const at = performance.now() - 6000;
    const result = capture({ reason: 'reader-closed', at });
    const { end } = await explainClosedReader(result, signal({ at: at + difference }));
    expect(end).toMatchObject(INTERRUPTED);
  });

  it('is attributed to a signal that comes soon', async () => {
    const result = capture({ reason: 'reader-closed', at: performance.now() });
    const { end } = await explainClosedReader(result, signal({ after: 5 }));
    expect(end).toMatchObject(INTERRUPTED);
  });

  it('is the reason without a signal, or with a later one', async () => {
    const at = performance.now() - 2000;
    const result = capture({ reason: 'reader-closed', at });
    expect(await explainClosedReader(result, NONE)).toBe(result);
    expect(await explainClosedReader(result, signal({ at: at + 1001 }))).toBe(result);
  });
});

describe('a signal', () => {
  const received = () => signal({ at: performance.now() });

  it.each([0, 3])('may end the reader, too: after %i checks', async (checks) => {
    const result = capture({ reason: 'interrupted' });
    const { end } = await explainClosedReader(result, received(), reader(checks));
    expect(end).toMatchObject(INTERRUPTED);
  });

  it('may leave the reader', async () => {
    const result = capture({ reason: 'interrupted' });
    expect(await explainClosedReader(result, received(), () => true)).toBe(result);
  });

  it('says nothing about a reader if stdout is no pipe, or has no data', async () => {
    const toFile = capture({ reason: 'interrupted' }, { files: 1, first: 'a', last: 'a' });
    const { in: _, ...sent } = toFile;
    for (const [result, hasReader] of [
      [capture({ reason: 'interrupted' }), () => undefined],
      [toFile, () => false],
      [sent, () => false],
    ] as const) {
      expect(await explainClosedReader(result, received(), hasReader)).toBe(result);
    }
  });
});

it('changes no other end', async () => {
  for (const reason of ['limit', 'idle', 'output-failed', 'device-lost'] as const) {
    const result = capture({ reason });
    const shutdown = signal({ at: performance.now() });
    expect(await explainClosedReader(result, shutdown, () => false)).toBe(result);
  }
});
