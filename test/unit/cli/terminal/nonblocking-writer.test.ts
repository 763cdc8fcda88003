import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NonBlockingWriter } from '../../../../src/cli/terminal/nonblocking-writer.js';

let folder = '';
let pipe = 0;
let filling = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nonblocking-writer-'));
  const path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  filling = 0;
});
afterEach(() => {
  closeSync(pipe);
  rmSync(folder, { recursive: true });
});

/** Fills the pipe to the last byte. */
function fill(): void {
  for (const size of [4096, 1]) {
    try {
      for (;;) {
        filling += writeSync(pipe, Buffer.alloc(size, '.'));
      }
    } catch {
      // full
    }
  }
}

/** Reads everything in the pipe. */
function drain(): string {
  const chunk = Buffer.alloc(1024 * 1024);
  try {
    return chunk.toString('utf8', 0, readSync(pipe, chunk));
  } catch {
    return '';
  }
}

it('writes synchronously if the descriptor accepts it', () => {
  new NonBlockingWriter(pipe).put('hello\n');
  expect(drain()).toBe('hello\n');
});

it('keeps text that a full pipe does not accept, in order', async () => {
  const writer = new NonBlockingWriter(pipe);
  fill();
  writer.put('one\n');
  writer.put('two\n');
  expect(drain()).toBe('.'.repeat(filling));
  await writer.drained(60_000);
  expect(drain()).toBe('one\ntwo\n');
});

it('writes text that is longer than the pipe', async () => {
  const writer = new NonBlockingWriter(pipe);
  const text = 'long '.repeat(100_000);
  writer.put(text);
  let said = '';
  while (said.length < text.length) {
    said += drain();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(said).toBe(text);
});

it('stops waiting after the timeout while the pipe is full', async () => {
  const writer = new NonBlockingWriter(pipe);
  fill();
  writer.put('later\n');
  await writer.drained(50);
  expect(drain()).toBe('.'.repeat(filling));
  await writer.drained(60_000); // nothing is left to go into the next test's pipe
});

it('keeps a limited amount of text', async () => {
  const writer = new NonBlockingWriter(pipe);
  fill();
  for (let i = 0; i < 100; i += 1) {
    writer.put('x'.repeat(10_000));
  }
  drain();
  let empty = false;
  const drained = writer.drained(60_000).then(() => {
    empty = true;
  });
  let said = 0;
  while (!empty) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    said += drain().length;
  }
  await drained;
  expect(said + drain().length).toBe(70_000); // text is dropped while 64 KiB are pending
});

it('drops text for a closed descriptor and keeps the reason', async () => {
  const closed = openSync('/dev/null', 'w');
  closeSync(closed);
  const writer = new NonBlockingWriter(closed);
  writer.put('lost\n');
  await writer.drained(60_000);
  expect(writer.isEmpty).toBe(true);
  expect(writer.failure).toMatchObject({ code: 'EBADF' });
});
