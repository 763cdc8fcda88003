import { describe, it } from 'vitest';
import { contractCases } from './contract.js';
import { VirtualFixture } from './virtual-fixture.js';

describe.each([
  '',
  'speed=super',
  'speed=full',
  'rate=40M',
  'speed=super, rate=bus',
  'cancel=lose',
])('the contract on the virtual bus, %j', (circumstances) => {
  const losesData = circumstances === 'cancel=lose';
  for (const { name, run } of contractCases.filter((rule) => !(losesData && rule.needsKeptData))) {
    it.concurrent(name, () => run(new VirtualFixture(circumstances)));
  }
});
