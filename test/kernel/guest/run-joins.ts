/*
 * Reads a counting device many times, each time a different number of bytes, and checks that each
 * capture starts where the previous one ended. Runs in the guest:
 * `node run-joins.js SPEED SEED COUNT`. Prints the number of captures that joined.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { LibusbBackend } from '../../../src/backends/libusb/backend.js';
import { createRandom } from '../../../src/backends/virtual/scenario.js';
import { capture } from '../../../src/engine/session/capture.js';
import { locateIn } from '../../../src/usb/locate.js';
import { counterBytes } from '../../support/counter-stream.js';
import { MemorySink } from '../../unit/engine/support/memory-sink.js';

const [, , speed = 'super', seed = '1', count = '50'] = process.argv;
const random = createRandom(Number(seed));
const upTo = (most: number) => 1 + Math.floor(random() * most);

const gadget = (...args: string[]) => execFileSync('gadget', args, { encoding: 'utf8' }).trim();
gadget('down', 'joins');
// Messages end in short packets, which may be anywhere in a capture.
const steps = 'messages 3000 20, send 300k, messages 1024 20, repeat';
const path = gadget('up', 'joins', 'ffs', '--speed', speed, '--', steps);

const backend = new LibusbBackend();
let position = 0;
for (let i = 0; i < Number(count); i += 1) {
  const device = (await backend.list()).find((candidate) => candidate.path === path);
  assert(device !== undefined);
  const location = locateIn(device, {});
  const sink = new MemorySink();
  const bytes = upTo(400_000);
  const packets = upTo(64);
  const { end, statistics } = await capture({
    backend,
    device,
    location,
    sink,
    receive: {
      depth: upTo(32),
      transferSize: packets * location.endpoint.maxPacketSize,
      bytes,
    },
    signal: new AbortController().signal,
  });
  assert.equal(end.reason, 'limit');
  assert.equal(sink.contents.length, bytes);
  assert(sink.contents.equals(counterBytes(position, bytes)), `capture ${i} at byte ${position}`);
  // Bytes of the last packet beyond the limit are counted, and are less than a packet.
  assert(statistics.bytesDiscarded < location.endpoint.maxPacketSize);
  position += bytes + statistics.bytesDiscarded;
}
gadget('down', 'joins');
process.stdout.write(`${count}\n`);
