/*
 * The measured process of the bare loop and of the engine:
 * `child.js bare|engine|strip|record|read|borrowed|node|web DEPTH SIZE BYTES`.
 * Like the command, it writes the bytes to stdout and the measurements to stderr.
 */
import { openSync } from 'node:fs';
import { VirtualBackend } from '../../src/backends/virtual/backend.js';
import { PcapngFormat } from '../../src/cli/record/pcapng-format.js';
import { FdSink } from '../../src/engine/io/fd-sink.js';
import { TransferRecorder } from '../../src/engine/record/transfer-recorder.js';
import { capture } from '../../src/engine/session/capture.js';
import { locateIn } from '../../src/usb/locate.js';
import { bareLoop } from './bare-loop.js';
import { isLibrary } from './case.js';
import { useLibrary } from './use-library.js';

const STDOUT = 1;

const [path, ...numbers] = process.argv.slice(2);
const [depth = 1, size = 512, bytes = 512] = numbers.map(Number);

const backend = new VirtualBackend();
const [device] = await backend.list();
if (device === undefined) {
  throw new Error('the virtual bus is empty');
}
const location = locateIn(device, {});

if (path === 'bare') {
  const seconds = await bareLoop(backend, device, location, { depth, size, bytes });
  console.error(JSON.stringify({ bytes_written: bytes, seconds, end_reason: 'limit' }));
} else if (isLibrary(path)) {
  const { seconds, reason } = await useLibrary(path, backend, { depth, size, bytes });
  console.error(JSON.stringify({ bytes_written: bytes, seconds, end_reason: reason }));
} else {
  const receive = { depth, transferSize: size, bytes, stripPacket: path === 'strip' ? 2 : 0 };
  const observer =
    path === 'record'
      ? new TransferRecorder(new FdSink(openSync('/dev/null', 'w')), new PcapngFormat(device), [
          receive,
        ])
      : undefined;
  const { end, statistics } = await capture({
    backend,
    device,
    location,
    sink: new FdSink(STDOUT),
    receive,
    observer,
    signal: new AbortController().signal,
  });
  const { bytesWritten, seconds } = statistics;
  console.error(JSON.stringify({ bytes_written: bytesWritten, seconds, end_reason: end.reason }));
}
