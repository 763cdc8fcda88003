import { describe, expect, it } from 'vitest';
import { checkEndpoints, checkMemory } from '../../../../src/cli/commands/doctor.js';
import { deviceInfo, deviceWith, setting } from '../../../support/device-info.js';

const MIB = 1024 * 1024;

function withLimit(mib: number) {
  const raise = (bytes: number) => ({ kind: 'raise-scenario-memory', bytes }) as const;
  return checkMemory({ bytes: mib * MIB, raise });
}

/** 16 transfers of 256 KiB, each with 512 bytes for every 16 KiB. */
const RAISE = { kind: 'raise-scenario-memory', bytes: 4 * MIB + 16 * 16 * 512 };

describe('the memory of transfers', () => {
  it.each([5, 16])('is enough with %d MiB', (mib) => {
    const { status, remedy, message } = withLimit(mib);
    expect([status, remedy]).toEqual(['ok', undefined]);
    expect(message).toMatch(
      /^the kernel limits USB transfers to .* MiB .*; usbxfer read uses 4\.00 MiB$/,
    );
  });

  it.each([
    [4, 15],
    [1, 3],
  ])('is not enough with %d MiB, which %d transfers fit into', (mib, transfers) => {
    expect(withLimit(mib)).toMatchObject({
      id: 'memory',
      device: undefined,
      status: 'problem',
      message: expect.stringContaining(`limits USB transfers to ${mib}.00 MiB for`),
      remedy: { kind: 'any-of', remedies: [RAISE, { kind: 'use-fewer-transfers', transfers }] },
    });
  });

  it('may be too little for any transfer', () => {
    expect(withLimit(0.1).remedy).toEqual(RAISE);
  });

  it('has no limit that is known', () => {
    expect(checkMemory(undefined).status).toBe('ok');
  });
});

describe('the endpoints', () => {
  it('are named once', () => {
    const device = deviceWith(setting(0, 0, 0x82, 0x01), setting(0, 1, 0x82), setting(1, 0, 0x83));
    expect(checkEndpoints(device)).toMatchObject({
      id: 'endpoint',
      device: '1-1',
      status: 'ok',
      message: 'it has bulk IN endpoints: 0x82, 0x83',
    });
  });

  it('may be missing', () => {
    expect(checkEndpoints(deviceWith(setting(0, 0, 0x01)))).toMatchObject({
      status: 'warning',
      message: 'it has no bulk IN endpoint to read from',
    });
    expect(checkEndpoints(deviceInfo({ activeConfiguration: undefined }))).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('not configured'),
      remedy: { kind: 'replug' },
    });
  });
});
