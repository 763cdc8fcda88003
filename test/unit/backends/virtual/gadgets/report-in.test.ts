import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../../src/backends/virtual/backend.js';
import { assertCounter } from '../../../../contract/expect.js';
import { ManualClock } from '../../simulation/bus/manual-clock.js';

it('the counter sends a report of 8 bytes every 10 ms on its interrupt endpoint', async () => {
  const clock = new ManualClock();
  const backend = new VirtualBackend({ clock });
  const [info] = await backend.list();
  const device = await backend.open(info ?? expect.fail());
  const claimed = await device.claim(0, 1);
  const endpoint = claimed.endpoint(0x84);
  const reports: Buffer[] = [];
  const transfers = Array.from({ length: 4 }, () => {
    const buffer = Buffer.alloc(64);
    const transfer = endpoint.createTransfer((_, length) => {
      reports.push(buffer.subarray(0, length));
    });
    transfer.submit(buffer, 64);
    return transfer;
  });
  clock.settle();
  expect(reports).toHaveLength(1);
  clock.pass(9);
  expect(reports).toHaveLength(1);
  clock.pass(1);
  expect(reports).toHaveLength(2);
  clock.pass(10);
  expect(reports.map(({ length }) => length)).toEqual([8, 8, 8]);
  assertCounter(Buffer.concat(reports), 0);
  transfers.at(-1)?.cancel();
  clock.settle();
  await claimed.release();
  await device.close();
});
