/*
 * Checks that memory stays flat over ten million small transfers through the engine, from a simulated
 * device that is as fast as memory allows. With `--record`, each transfer is recorded and indexed, too.
 */
import { closeSync, openSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { VirtualBackend } from '../../src/backends/virtual/backend.js';
import { IndexFormat } from '../../src/cli/record/index-format.js';
import { OutputPosition } from '../../src/cli/record/output-position.js';
import { PcapngFormat } from '../../src/cli/record/pcapng-format.js';
import { FdSink } from '../../src/engine/io/fd-sink.js';
import { PacketHeaders } from '../../src/engine/receive/packet-headers.js';
import { groupObservers } from '../../src/engine/record/observer-group.js';
import { TransferRecorder } from '../../src/engine/record/transfer-recorder.js';
import { capture } from '../../src/engine/session/capture.js';
import type { ReceiveStatistics } from '../../src/engine/stats/statistics.js';
import { locateIn } from '../../src/usb/locate.js';
import { saveResults } from '../results.js';
import { growth, type Memory, memoryTable, takeMemory } from './memory.js';

const DEPTH = 16;
const SIZE = 512;

/** Number of samples. The others are compared with the first. */
const SAMPLES = 10;

/** Minimum number of transfers. With fewer, buffers and compiled code may still grow after the first sample. */
const FEWEST = 1_000_000;

/** Polling interval, in milliseconds. */
const POLL = 5;

const { values: options } = parseArgs({
  options: {
    transfers: { type: 'string', default: '10000000' },
    record: { type: 'boolean', default: false },
  },
});
const transfers = Number(options.transfers);
if (!Number.isInteger(transfers) || transfers < FEWEST) {
  throw new Error(`--transfers must be a whole number of at least ${FEWEST}`);
}

const samples: Memory[] = [];
const { end, seconds, bytes } = await soak();
console.log(memoryTable(samples));
console.log(`\n${transfers} transfers of ${SIZE} bytes in ${seconds.toFixed(1)} s; ended: ${end}`);

const faults = growth(samples);
const results = {
  transfers,
  size: SIZE,
  depth: DEPTH,
  seconds,
  samples,
  flat: faults.length === 0,
};
console.log(saveResults(options.record ? 'soak-record' : 'soak', results));
if (end !== 'limit' || bytes !== transfers * SIZE) {
  faults.push(`${bytes} bytes written, not ${transfers * SIZE}`);
}
console.log(faults.length === 0 ? 'memory is flat' : faults.join('\n'));
process.exitCode = faults.length === 0 ? 0 : 1;

async function soak() {
  const backend = new VirtualBackend();
  const [device] = await backend.list();
  if (device === undefined) {
    throw new Error('the virtual bus is empty');
  }
  const fd = openSync('/dev/null', 'w');
  const location = locateIn(device, {});
  const receive = { depth: DEPTH, transferSize: SIZE, count: transfers };
  const position = new OutputPosition(new PacketHeaders(0));
  const formats = options.record
    ? [new PcapngFormat(device), new IndexFormat(device, location, position)]
    : [];
  const observers = formats.map(
    (format) => new TransferRecorder(new FdSink(fd), format, [receive]),
  );
  let poll: NodeJS.Timeout | undefined;
  const { end, statistics } = await capture({
    backend,
    device,
    ...{ location, receive },
    sink: new FdSink(fd),
    observer: groupObservers(observers),
    signal: new AbortController().signal,
    onStart(live) {
      poll = setInterval(() => follow(live), POLL);
    },
  });
  clearInterval(poll);
  closeSync(fd);
  if (samples.length < SAMPLES) {
    samples.push(takeMemory(statistics.transfersWithData));
  }
  return { end: end.reason, seconds: statistics.seconds, bytes: statistics.bytesWritten };
}

/** Takes a sample after each tenth of the transfers. */
function follow({ transfersWithData }: ReceiveStatistics): void {
  if (transfersWithData >= ((samples.length + 1) * transfers) / SAMPLES) {
    samples.push(takeMemory(transfersWithData));
  }
}
