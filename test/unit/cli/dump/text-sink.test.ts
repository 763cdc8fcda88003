import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TextSink } from '../../../../src/cli/dump/text-sink.js';
import { MemorySink } from '../../engine/support/memory-sink.js';

/** Writes pieces one after the other, and returns the text. */
async function textOf(...pieces: readonly (string | Buffer)[]): Promise<string> {
  const memory = new MemorySink();
  const sink = new TextSink(memory);
  await sink.start();
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    const written = await new Promise((resolve) => {
      sink.write([bytes], (error, count) => resolve(error ?? count));
    });
    expect(written).toBe(bytes.length);
  }
  await sink.close();
  expect(memory.closed).toBe(true);
  return memory.contents.toString();
}

it.each([
  [['OK\r\n', '1.5\tV\n'], 'OK\n1.5\tV\n'],
  [['OK\r', '\nnext\n'], 'OK\nnext\n'],
  [['a\rb\n'], 'a\\x0db\n'],
  [['\x1b[31m\x07\x9b\n'], '\\x1b[31m\\x07\\x9b\n'],
  [[Buffer.from('caf\xc3', 'latin1'), Buffer.from('\xa9\n', 'latin1')], 'café\n'],
  [[Buffer.from('\xff\n', 'latin1')], '\ufffd\n'],
  [['no end'], 'no end\n'],
  [['end\r'], 'end\\x0d\n'],
  [[Buffer.from('\xc3', 'latin1')], '\ufffd\n'],
  [[], ''],
])('shows %j as %j', async (pieces, text) => {
  expect(await textOf(...pieces)).toBe(text);
});

it('shows the same text however the data is cut, and nothing that a terminal acts on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 6 }),
      async (pieces) => {
        const text = await textOf(...pieces.map((piece) => Buffer.from(piece)));
        expect(text).toBe(await textOf(Buffer.concat(pieces)));
        expect(text.replace(/[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      },
    ),
  );
});

it('passes a failure on, and closes the output after it', async () => {
  const memory = new MemorySink();
  memory.capacity = 2;
  const sink = new TextSink(memory);
  await sink.start();
  const [error, bytes] = await new Promise<unknown[]>((resolve) => {
    sink.write([Buffer.from('text')], (...result) => resolve(result));
  });
  expect([error, bytes]).toEqual([expect.any(Error), 0]);
  await sink.close();
  expect(memory.closed).toBe(true);
});
