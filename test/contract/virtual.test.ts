import { describe, it } from 'vitest';
import { contractCases } from './contract.js';
import { VirtualFixture } from './virtual-fixture.js';

describe.each([
  '',
  'speed=super',
  'speed=full',
  'rate=40M',
  'speed=super, rate=bus',
])('the contract on the virtual bus, %j', (circumstances) => {
  for (const { name, run } of contractCases) {
    it.concurrent(name, () => run(new VirtualFixture(circumstances)));
  }
});
