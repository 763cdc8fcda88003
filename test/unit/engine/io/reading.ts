import type { Source } from '../../../../src/engine/io/source.js';

/** Reads once; resolves with the bytes, of which there are none at the end. */
export function readSome(source: Source, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.alloc(most + 2, '.');
    source.read(buffer, 1, most + 1, (error, bytes) => {
      const outside = buffer.toString('latin1', 0, 1) + buffer.toString('latin1', bytes + 1);
      if (error !== undefined) {
        reject(error);
      } else if (/[^.]/.test(outside)) {
        reject(new Error('wrote outside of what was read'));
      } else {
        resolve(buffer.subarray(1, bytes + 1));
      }
    });
  });
}

/** Reads to the end, in reads of sizes that are taken in turn. */
export async function readAll(
  source: Source,
  sizes: readonly number[] = [65_536],
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let i = 0; ; i += 1) {
    const piece = await readSome(source, sizes[i % sizes.length] ?? 1);
    if (piece.length === 0) {
      return Buffer.concat(pieces);
    }
    pieces.push(piece);
  }
}
