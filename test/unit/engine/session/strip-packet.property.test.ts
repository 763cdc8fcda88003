import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { capture } from '../../../../src/engine/session/capture.js';
import { locateIn } from '../../../../src/usb/locate.js';
import { counterBytes, isCounterPrefix } from '../../../support/counter-stream.js';
import { MemorySink } from '../support/memory-sink.js';
import { RecordingObserver } from '../support/recording-observer.js';
import { situation } from '../support/situation.js';

/** The bytes that the packets of a transfer have after their first `length` bytes. */
function payloadOf(bytes: Buffer, length: number, packetSize: number): Buffer {
  const packets: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += packetSize) {
    packets.push(bytes.subarray(start, start + packetSize).subarray(length));
  }
  return Buffer.concat(packets);
}

it('the output is the payload in order, in all situations and with any packet header', async () => {
  await fc.assert(
    fc.asyncProperty(
      situation,
      fc.integer({ min: 1, max: 63 }),
      fc.constantFrom('rate=300K', 'rate=20M', 'seed=1'),
      async ({ faults, setting, ...given }, header, rate) => {
        const clauses = [setting, `packet-header=${header}`, ...faults];
        const backend = new VirtualBackend({
          scenario: parseScenario(
            [...clauses, ...(setting.startsWith('rate') ? [] : [rate])].join(),
          ),
        });
        const [device] = await backend.list();
        if (device === undefined) {
          throw new Error('no device');
        }
        const location = locateIn(device, {});
        const { maxPacketSize } = location.endpoint;
        const sink = new MemorySink();
        sink.capacity = given.capacity ?? sink.capacity;
        const observer = new RecordingObserver();
        const stop = new AbortController();
        setTimeout(() => stop.abort(), given.stopAfter);
        const { end, statistics } = await capture({
          ...{ backend, device, location, sink, observer },
          receive: {
            depth: given.depth,
            transferSize: given.packets * maxPacketSize,
            stripPacket: header,
            bytes: given.bytes,
            skip: given.skip,
            timeout: given.timeout,
          },
          recovery: { keepGoing: given.keepGoing, reconnect: given.reconnect },
          signal: stop.signal,
        });

        const { bytesReceived, bytesWritten, bytesSkipped, bytesDiscarded } = statistics;
        const transfers = observer.completed(0x82).map(({ bytes }) => bytes);
        const payloads = transfers.map((bytes) => payloadOf(bytes, header, maxPacketSize));
        const payload = Buffer.concat(payloads);
        expect(end.reason).not.toBe('internal');
        expect(payload.equals(counterBytes(0, payload.length))).toBe(true);
        expect(sink.contents).toHaveLength(bytesWritten);
        const skipped = counterBytes(0, bytesSkipped);
        expect(isCounterPrefix(Buffer.concat([skipped, sink.contents]))).toBe(true);
        expect(statistics.bytesStripped).toBe(bytesReceived - payload.length);
        expect(payload).toHaveLength(
          bytesWritten + bytesSkipped + bytesDiscarded + statistics.bytesUnwritten,
        );
        expect(statistics.packetsStripped).toBe(
          transfers.reduce((sum, { length }) => sum + Math.ceil(length / maxPacketSize), 0),
        );
        expect(statistics.transfersWithData).toBe(
          payloads.filter(({ length }) => length > 0).length,
        );
        expect(bytesDiscarded).toBeLessThan(maxPacketSize - header);
        expect(bytesWritten).toBeLessThanOrEqual(given.bytes ?? bytesWritten);
        if (end.reason === 'limit') {
          expect(bytesWritten).toBe(given.bytes);
        }
        for (const { offset } of statistics.gaps) {
          expect(offset).toBeLessThanOrEqual(bytesWritten + statistics.bytesUnwritten);
        }
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

it('consecutive runs join without a gap: no run requests more than its limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 5 }),
      fc.constantFrom('message=510', 'message=1..3000', 'seed=1'),
      fc.integer({ min: 1, max: 20 }),
      async (packets, circumstance, depth) => {
        const scenario = parseScenario(`${circumstance}, packet-header=2`);
        const backend = new VirtualBackend({ scenario });
        const outputs: Buffer[] = [];
        for (const count of packets) {
          const [device] = await backend.list();
          if (device === undefined) {
            throw new Error('no device');
          }
          const sink = new MemorySink();
          const { end, statistics } = await capture({
            ...{ backend, device, location: locateIn(device, {}), sink },
            receive: { depth, transferSize: 4096, bytes: count * 510, stripPacket: 2 },
            signal: new AbortController().signal,
          });
          expect(end.reason).toBe('limit');
          const last = Buffer.concat(outputs).length;
          outputs.push(
            sink.contents,
            counterBytes(last + sink.contents.length, statistics.bytesDiscarded),
          );
        }
        expect(isCounterPrefix(Buffer.concat(outputs))).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
