import { describe, it } from 'vitest';
import { contractCases } from './contract.js';
import { UsbipFixture } from './usbip-fixture.js';

describe.each([
  '',
  'speed=super',
  'speed=full',
  'cancel=lose',
])('the contract over USB/IP, from a server with the virtual bus, %j', (circumstances) => {
  const losesData = circumstances === 'cancel=lose';
  for (const { name, run } of contractCases.filter((rule) => !(losesData && rule.needsKeptData))) {
    it.concurrent(name, async () => {
      const fixture = new UsbipFixture(circumstances);
      try {
        await run(fixture);
      } finally {
        await fixture.close();
      }
    });
  }
});
