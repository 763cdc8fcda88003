/*
 * Sends many messages to one scripted device: each of 30 lengths with each choice of zero-length
 * packets, in transfers of any size. Then compares the bytes that the device accepted with those sent,
 * and its messages with the expected ones. Runs in the guest:
 * `node run-sendings.js SPEED SEED`. Prints the number of send runs and of messages.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { LibusbBackend } from '../../../src/backends/libusb/backend.js';
import { createRandom } from '../../../src/backends/virtual/scenario.js';
import type { ZeroLengthPackets } from '../../../src/engine/send/sender.js';
import { send } from '../../../src/engine/session/send.js';
import { locateOut } from '../../../src/usb/locate.js';
import { counterBytes } from '../../support/counter-stream.js';
import { MemorySource } from '../../unit/engine/support/memory-source.js';

const LENGTHS = 30;
const CHOICES: readonly ZeroLengthPackets[] = ['never', 'auto', 'always'];
const MESSAGES = '/run/scratch/messages';

const [, , speed = 'super', seed = '1'] = process.argv;
const random = createRandom(Number(seed));
const upTo = (most: number) => 1 + Math.floor(random() * most);

const gadget = (...args: string[]) => execFileSync('gadget', args, { encoding: 'utf8' }).trim();
gadget('down', 'sendings');
const path = gadget('up', 'sendings', 'ffs', '--speed', speed, '--', '--messages', MESSAGES);

const backend = new LibusbBackend();
const device = (await backend.list()).find((candidate) => candidate.path === path);
assert(device !== undefined);
const location = locateOut(device, {});
const packetSize = location.endpoint.maxPacketSize;

/** What the device should have: bytes, complete messages, and bytes of the incomplete message. */
let sent = 0;
let open = 0;
const messages: number[] = [];
const endMessage = (): void => {
  messages.push(open);
  open = 0;
};

/** Every third length is a multiple of the packet size, starting at 0. */
const lengthOf = (index: number): number =>
  index % 3 === 0 ? (index / 3) * upTo(6) * packetSize : upTo(60_000);

for (let i = 0; i < LENGTHS; i += 1) {
  const length = lengthOf(i);
  for (const zlp of CHOICES) {
    // At most 300 transfers; half of the sizes are multiples of the packet size.
    const size = Math.ceil(length / 300) + upTo(15_000);
    const transferSize = random() < 0.5 ? size : Math.ceil(size / packetSize) * packetSize;
    const source = new MemorySource(counterBytes(sent, length));
    const { end, statistics, restoreError } = await send({
      backend,
      device,
      location,
      source,
      send: { depth: upTo(32), transferSize, zlp, readAhead: upTo(1_000_000) },
      signal: new AbortController().signal,
    });
    assert.equal(end.reason, 'input-ended');
    assert.equal(restoreError, undefined);
    assert.equal(statistics.bytesAccepted, length);

    let last = 0;
    for (let left = length; left > 0; left -= last) {
      last = Math.min(left, transferSize);
      open += last;
      if (last % packetSize !== 0 || zlp === 'always') {
        endMessage();
      }
    }
    if (zlp === 'auto' && last % packetSize === 0) {
      endMessage();
    }
    sent += length;
  }
}

gadget('unplug', 'sendings');
assert.deepEqual(readFileSync(MESSAGES, 'latin1').split('\n').slice(0, -1).map(Number), messages);
assert.deepEqual(JSON.parse(gadget('account', 'sendings')), {
  bytes: sent,
  crc32: crc32(counterBytes(0, sent)).toString(16).padStart(8, '0'),
  messages: messages.length,
  open,
  settled: true,
});
gadget('down', 'sendings');
process.stdout.write(`${LENGTHS * CHOICES.length} ${messages.length}\n`);
