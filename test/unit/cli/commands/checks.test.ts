import { describe, expect, it } from 'vitest';
import { endpointFinding, memoryFinding } from '../../../../src/cli/commands/doctor.js';
import { deviceInfo, deviceWith, setting } from '../../../support/device-info.js';

const MIB = 1024 * 1024;

function lending(mib: number) {
  const raise = (bytes: number) => `raise it to ${Math.ceil(bytes / MIB)} MiB`;
  return memoryFinding({ bytes: mib * MIB, raise });
}

describe('the memory of transfers', () => {
  it.each([5, 16])('is enough with %d MiB', (mib) => {
    const { status, fix, message } = lending(mib);
    expect([status, fix]).toEqual(['ok', undefined]);
    expect(message).toMatch(/^the kernel lends .* MiB .*; usbxfer read takes 4\.00 MiB of it$/);
  });

  it.each([
    [4, 15],
    [1, 3],
  ])('is not enough with %d MiB, which %d transfers fit into', (mib, transfers) => {
    expect(lending(mib)).toMatchObject({
      id: 'memory',
      device: undefined,
      status: 'problem',
      message: expect.stringContaining(`lends ${mib}.00 MiB to`),
      fix: `raise it: raise it to 5 MiB; or read with --transfers ${transfers}`,
    });
  });

  it('may be too little for any transfer', () => {
    expect(lending(0.1).fix).toBe('raise it: raise it to 5 MiB');
  });

  it('has no limit that is known', () => {
    expect(memoryFinding(undefined).status).toBe('ok');
  });
});

describe('the endpoints', () => {
  it('are named once', () => {
    const device = deviceWith(setting(0, 0, 0x82, 0x01), setting(0, 1, 0x82), setting(1, 0, 0x83));
    expect(endpointFinding(device)).toMatchObject({
      id: 'endpoint',
      device: '1-1',
      status: 'ok',
      message: 'it has bulk IN endpoints: 0x82, 0x83',
    });
  });

  it('may be missing', () => {
    expect(endpointFinding(deviceWith(setting(0, 0, 0x01)))).toMatchObject({
      status: 'warning',
      message: 'it has no bulk IN endpoint to read from',
    });
    expect(endpointFinding(deviceInfo({ activeConfiguration: undefined }))).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('not configured'),
      fix: 'plug it in again',
    });
  });
});
