import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../../src/backends/virtual/backend.js';
import { maxMemory } from '../../../../../src/usb/transfer-memory.js';
import { Host } from './host.js';

const LENGTH = 1024;
const ROOM = 3;

it('allows transfers up to the memory limit, and more after completions', async () => {
  const host = await Host.counter(`memory=${ROOM * maxMemory(LENGTH)}, silence@2k`);
  const submissions = Array.from({ length: ROOM }, () => host.submit(LENGTH));
  expect(() => host.submit(LENGTH)).toThrow(expect.objectContaining({ code: 'no-memory' }));
  expect(() => host.submit(64, host.out)).toThrow(expect.objectContaining({ code: 'no-memory' }));
  host.clock.settle();
  expect(submissions.map(({ results }) => results.length)).toEqual([1, 1, 0]);
  expect(host.read(2, LENGTH)).toEqual(['waiting', 'waiting']);
  expect(() => host.submit(LENGTH)).toThrow(/no memory left/);
  await host.close();
});

it('lets a refused transfer be submitted later', async () => {
  const host = await Host.counter(`memory=${maxMemory(LENGTH)}`);
  const first = host.submit(LENGTH);
  const results: string[] = [];
  const second = host.in.createTransfer((status, bytes) => results.push(`${status} ${bytes}`));
  const buffer = Buffer.alloc(LENGTH);
  expect(() => second.submit(buffer, LENGTH)).toThrow();
  host.clock.settle();
  second.submit(buffer, LENGTH);
  host.clock.settle();
  expect([first.results, results, buffer.readUInt32LE()]).toEqual([
    ['completed 1024'],
    ['completed 1024'],
    LENGTH / 4,
  ]);
  await host.close();
});

it('reports its limit, if it has one', async () => {
  expect(await new VirtualBackend().transferMemory()).toBeUndefined();
  const { backend, close } = await limited();
  const memory = await backend.transferMemory();
  expect(memory?.bytes).toBe(65536);
  expect(memory?.raise(99)).toEqual({ kind: 'raise-scenario-memory', bytes: 99 });
  await close();
});

async function limited() {
  const host = await Host.counter('memory=64k');
  return { backend: host.backend, close: () => host.close() };
}
