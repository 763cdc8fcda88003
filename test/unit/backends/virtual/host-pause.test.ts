import { expect, it } from 'vitest';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { ManualClock } from '../simulation/bus/manual-clock.js';

it('fills what is in flight during a pause of the host, and completes it afterwards', async () => {
  const clock = new ManualClock();
  const scenario = parseScenario('rate=1024kB,host-pause=30ms/200ms');
  const backend = new VirtualBackend({ scenario, clock });
  const [info] = await backend.list();
  if (info === undefined) {
    throw new Error('there is no device');
  }
  const device = await backend.open(info);
  const endpoint = (await device.claim(0, 0)).endpoint(0x82);
  const completions: number[] = [];
  // Ten transfers of a millisecond each.
  for (let i = 0; i < 10; i += 1) {
    const transfer = endpoint.createTransfer(() => completions.push(clock.now()));
    transfer.submit(Buffer.alloc(1024), 1024);
  }
  for (let i = 0; i < 60; i += 1) {
    clock.pass(1);
  }
  expect(completions).toHaveLength(10);
  expect(completions.every((time) => time === 30)).toBe(true);
});
