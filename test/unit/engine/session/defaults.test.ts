import { expect, it } from 'vitest';
import { defaultTransferSize, wholePackets } from '../../../../src/engine/session/defaults.js';

const KIB = 1024;

it.each([
  ['bulk', 512, undefined, 256 * KIB],
  ['interrupt', 8, undefined, 8],
  ['interrupt', 1024, 3, 3072],
] as const)('the default transfer of a %s endpoint with packets of %i bytes, %s per interval, has %i bytes', (type, maxPacketSize, packets, bytes) => {
  const perInterval = packets === undefined ? {} : { packetsPerInterval: packets };
  const endpoint = { address: 0x81, type, maxPacketSize, ...perInterval };
  const location = { interfaceNumber: 0, alternateSetting: 0, endpoint };
  expect(defaultTransferSize(location)).toBe(bytes);
  expect(wholePackets(bytes, location)).toBe(bytes);
});
