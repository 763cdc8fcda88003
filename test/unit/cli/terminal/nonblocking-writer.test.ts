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
  folder = mkdtempSync(join(tmpdir(), 'message-queue-'));
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

/** All that is in the pipe. */
function drain(): string {
  const chunk = Buffer.alloc(1024 * 1024);
  try {
    return chunk.toString('utf8', 0, readSync(pipe, chunk));
  } catch {
    return '';
  }
}

it('has said it by the time it returns, if the descriptor takes it', () => {
  new NonBlockingWriter(pipe).put('hello\n');
  expect(drain()).toBe('hello\n');
});

it('keeps what a full pipe does not take, in order', async () => {
  const queue = new NonBlockingWriter(pipe);
  fill();
  queue.put('one\n');
  queue.put('two\n');
  expect(drain()).toBe('.'.repeat(filling));
  await queue.drained(60_000);
  expect(drain()).toBe('one\ntwo\n');
});

it('says a message longer than the pipe to its end', async () => {
  const queue = new NonBlockingWriter(pipe);
  const text = 'long '.repeat(100_000);
  queue.put(text);
  let said = '';
  while (said.length < text.length) {
    said += drain();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(said).toBe(text);
});

it('waits no longer than it is told to, while the pipe stays full', async () => {
  const queue = new NonBlockingWriter(pipe);
  fill();
  queue.put('later\n');
  await queue.drained(50);
  expect(drain()).toBe('.'.repeat(filling));
  await queue.drained(60_000); // nothing is left to go into the next test's pipe
});

it('keeps no more than a bounded amount', async () => {
  const queue = new NonBlockingWriter(pipe);
  fill();
  for (let i = 0; i < 100; i += 1) {
    queue.put('x'.repeat(10_000));
  }
  drain();
  let empty = false;
  const drained = queue.drained(60_000).then(() => {
    empty = true;
  });
  let said = 0;
  while (!empty) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    said += drain().length;
  }
  await drained;
  expect(said + drain().length).toBe(70_000); // once 64 KiB wait, nothing more is taken
});

it('forgets what nobody can read, without failing', async () => {
  const closed = openSync('/dev/null', 'w');
  closeSync(closed);
  const queue = new NonBlockingWriter(closed);
  queue.put('nobody\n');
  await queue.drained(60_000);
});
