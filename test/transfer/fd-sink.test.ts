import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FdSink } from '../../src/transfer/fd-sink.js';

function write(sink: FdSink, bytes: Buffer): Promise<[Error | undefined, number]> {
  return new Promise((resolve) => {
    sink.write(bytes, bytes.length, (error, written) => resolve([error, written]));
  });
}

it('writes all of it to a non-blocking pipe that is full, bit by bit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fd-sink-'));
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.alloc(1_000_000, 'abcdefg');
    let finished = false;
    const written = write(new FdSink(fd), bytes).finally(() => {
      finished = true;
    });
    const chunks: Buffer[] = [];
    const chunk = Buffer.alloc(50_000);
    while (!finished) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      try {
        chunks.push(Buffer.from(chunk.subarray(0, readSync(fd, chunk))));
      } catch (error) {
        expect(error).toMatchObject({ code: 'EAGAIN' });
      }
    }
    expect(await written).toEqual([undefined, bytes.length]);
    let rest = 0;
    do {
      const sum = chunks.reduce((total, { length }) => total + length, 0);
      rest = sum < bytes.length ? readSync(fd, chunk) : 0;
      chunks.push(Buffer.from(chunk.subarray(0, rest)));
    } while (rest > 0);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});

it('tells how much was written when it fails', async () => {
  const fd = openSync('/dev/null', 'r');
  try {
    const [error, written] = await write(new FdSink(fd), Buffer.alloc(10));
    expect(error).toMatchObject({ code: 'EBADF' });
    expect(written).toBe(0);
  } finally {
    closeSync(fd);
  }
});

it('does not call back from within write', () => {
  const fd = openSync('/dev/null', 'w');
  let called = false;
  new FdSink(fd).write(Buffer.alloc(10), 10, () => {
    called = true;
    closeSync(fd);
  });
  expect(called).toBe(false);
});
