import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../../../src/cli/record/lines.js';
import type { Source } from '../../../../src/engine/io/source.js';

const { signal } = new AbortController();
const MAX_BYTES = 50;
const options = { maxBytes: MAX_BYTES, signal, tooLong: () => new Error('too long') };

/** A source that delivers these pieces. */
function sourceOf(pieces: readonly Buffer[], failure?: Error): Source {
  const left = pieces.filter(({ length }) => length > 0);
  return {
    size: undefined,
    read: (buffer, start, _end, done) => {
      const piece = left.shift();
      const error = piece === undefined ? failure : undefined;
      setImmediate(() => done(error, piece?.copy(buffer, start) ?? 0));
    },
    close: async () => {},
  };
}

async function readAll(reader: LineReader): Promise<string[]> {
  const all: string[] = [];
  for (let lines = await reader.next(); lines.length > 0; lines = await reader.next()) {
    all.push(...lines);
  }
  return all;
}

/** Cuts a buffer at places. */
function cut(buffer: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [0, ...places.map((place) => place % (buffer.length + 1)), buffer.length];
  sorted.sort((a, b) => a - b);
  return sorted.slice(1).map((end, i) => buffer.subarray(sorted[i], end));
}

describe('LineReader', () => {
  it('returns the lines, wherever the pieces of the source end', async () => {
    const line = fc
      .string({ unit: 'grapheme', maxLength: 8 })
      .map((text) => text.replaceAll('\n', ''));
    const places = fc.array(fc.nat(), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(line), line, places, async (lines, rest, cuts) => {
        fc.pre([...lines, rest].every((text) => Buffer.byteLength(text) <= MAX_BYTES));
        const text = Buffer.from([...lines, rest].join('\n'));
        const reader = new LineReader(sourceOf(cut(text, cuts)), options);
        expect(await readAll(reader)).toEqual(lines);
        expect(reader.rest).toBe(rest);
      }),
    );
  });

  it.each([
    ['in one piece', [`${'x'.repeat(MAX_BYTES + 1)}\n`]],
    ['in several', Array<string>(10).fill('x'.repeat(10))],
  ])('refuses a line that is too long, %s', async (_, pieces) => {
    const source = sourceOf(pieces.map((text) => Buffer.from(text)));
    await expect(readAll(new LineReader(source, options))).rejects.toThrow('too long');
  });

  it('returns the lines before a failure, and then throws it', async () => {
    const reader = new LineReader(sourceOf([Buffer.from('a\nb\nc')], new Error('broken')), options);
    expect(await reader.next()).toEqual(['a', 'b']);
    await new Promise((resolve) => setTimeout(resolve, 20)); // the failed read is not awaited yet
    await expect(reader.next()).rejects.toThrow('broken');
  });
});
