import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  fittingLength,
  fittingTransfers,
  maxMemory,
  minMemory,
} from '../../../src/usb/transfer-memory.js';

const MIB = 1024 * 1024;

// The number of transfers that Linux 6.1 on amd64 accepted with this limit in MiB.
it.each([
  [1, 512, 1310],
  [1, 4096, 239],
  [1, 16384, 62],
  [1, 32768, 31],
  [4, 65536, 63],
  [16, 262144, 63],
  [16, 524288, 31],
  [16, 1048576, 15],
])('in %i MiB, transfers of %i bytes fit %i times', (mib, length, times) => {
  expect(times * minMemory(length)).toBeLessThanOrEqual(mib * MIB);
  expect(fittingTransfers(mib * MIB, length)).toBeLessThanOrEqual(times);
  expect(fittingTransfers(mib * MIB, length)).toBeGreaterThan(times * 0.7);
});

it('the fitting length fits, and no greater length does', () => {
  const memory = fc.integer({ min: 1, max: 1024 * MIB });
  fc.assert(
    fc.property(memory, fc.integer({ min: 1, max: 1024 }), (bytes, transfers) => {
      const length = fittingLength(bytes, transfers);
      expect(length === 0 || transfers * maxMemory(length) <= bytes).toBe(true);
      expect(transfers * maxMemory(length + 1)).toBeGreaterThan(bytes);
    }),
  );
});
