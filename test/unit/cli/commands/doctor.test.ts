import { describe, expect, it } from 'vitest';
import {
  checkEndpoints,
  checklist,
  checkMemory,
  conclusion,
} from '../../../../src/cli/commands/doctor.js';
import type { CheckResult, CheckStatus } from '../../../../src/usb/check-result.js';
import { deviceInfo, deviceWith, setting } from '../../../support/device-info.js';

const RESULTS: CheckResult[] = [
  { id: 'bus', device: undefined, status: 'ok', message: 'a bus' },
  { id: 'link', device: '1-1', status: 'warning', message: 'slow', remedy: { kind: 'replug' } },
  {
    id: 'mounted',
    device: '1-1',
    status: 'problem',
    message: 'held by \x1b[2J\u202e',
    remedy: { kind: 'unmount', source: 'a\nb' },
  },
];
const paint = (_: string, text: string) => text;

function results(...statuses: CheckStatus[]): CheckResult[] {
  return statuses.map((status) => ({ id: 'bus', device: undefined, status, message: '' }));
}

it.each<[CheckStatus[], string]>([
  [['ok', 'ok'], 'All checks passed.'],
  [['ok', 'warning'], 'No problems, 1 warning.'],
  [['problem', 'ok'], '1 problem.'],
  [['warning', 'problem', 'warning', 'problem'], '2 problems, 2 warnings.'],
])('after %j, the checklist ends with %s', (statuses, expected) => {
  expect(conclusion(results(...statuses))).toBe(expected);
});

describe('the checklist', () => {
  it('marks each result, with the fix below it, safe to print', () => {
    const device = deviceInfo({ manufacturer: 'Acme\x07', product: 'x'.repeat(200) });
    expect(checklist(RESULTS, [device], { unicode: true, paint }).split('\n')).toEqual([
      'System',
      '  ✔ a bus',
      '',
      `1-1  1234:5678  Acme\\x07 ${'x'.repeat(122)}…`,
      '  ! slow',
      '    → plug the device in again',
      '  ✘ held by \\x1b[2J\\u{202e}',
      '    → unmount it first: sudo umount a\\x0ab',
    ]);
  });

  it('is ASCII without Unicode', () => {
    const device = deviceInfo({ manufacturer: undefined, product: undefined });
    expect(checklist(RESULTS, [device], { unicode: false, paint }).split('\n')).toEqual([
      'System',
      '  ok   a bus',
      '',
      '1-1  1234:5678',
      '  warn slow',
      '       -> plug the device in again',
      '  FAIL held by \\x1b[2J\\u{202e}',
      '       -> unmount it first: sudo umount a\\x0ab',
    ]);
  });

  it('names the manufacturer once', () => {
    const device = deviceInfo({ manufacturer: 'Acme', product: 'Acme Thing' });
    expect(checklist([], [device], { unicode: false, paint })).toMatch(/1234:5678 {2}Acme Thing$/);
  });

  it('styles headings and problems', () => {
    const tag = (style: string, text: string) => `<${style}>${text}</>`;
    const text = checklist(RESULTS, [deviceInfo()], { unicode: true, paint: tag });
    expect(text.match(/<.*?>.*?<\/>/g)).toEqual([
      '<bold>System</>',
      '<bold>1-1  1234:5678  maker thing</>',
      '<red>✘</>',
    ]);
  });
});

const MIB = 1024 * 1024;

function withLimit(mib: number) {
  const raise = (bytes: number) => ({ kind: 'raise-scenario-memory', bytes }) as const;
  return checkMemory({ bytes: mib * MIB, raise });
}

/** 16 transfers of 256 KiB, each with 512 bytes for every 16 KiB. */
const RAISE = { kind: 'raise-scenario-memory', bytes: 4 * MIB + 16 * 16 * 512 };

describe('the memory check', () => {
  it.each([5, 16])('passes with %d MiB', (mib) => {
    const { status, remedy, message } = withLimit(mib);
    expect([status, remedy]).toEqual(['ok', undefined]);
    expect(message).toMatch(
      /^the kernel limits USB transfers to .* MiB .*; usbxfer read uses 4\.00 MiB$/,
    );
  });

  it.each([
    [4, 15],
    [1, 3],
  ])('fails with %d MiB, which hold %d transfers', (mib, transfers) => {
    expect(withLimit(mib)).toMatchObject({
      id: 'memory',
      device: undefined,
      status: 'problem',
      message: expect.stringContaining(`limits USB transfers to ${mib}.00 MiB for`),
      remedy: { kind: 'any-of', remedies: [RAISE, { kind: 'use-fewer-transfers', transfers }] },
    });
  });

  it('suggests no number of transfers if none fits', () => {
    expect(withLimit(0.1).remedy).toEqual(RAISE);
  });

  it('passes without a limit', () => {
    expect(checkMemory(undefined).status).toBe('ok');
  });
});

describe('the endpoint check', () => {
  it('names each endpoint once', () => {
    const device = deviceWith(setting(0, 0, 0x82, 0x01), setting(0, 1, 0x82), setting(1, 0, 0x83));
    expect(checkEndpoints(device)).toMatchObject({
      id: 'endpoint',
      device: '1-1',
      status: 'ok',
      message: 'it has bulk IN endpoints: 0x82, 0x83',
    });
  });

  it('names interrupt endpoints if there are no bulk endpoints', () => {
    const interrupt = { address: 0x81, type: 'interrupt', maxPacketSize: 8 } as const;
    expect(checkEndpoints(deviceWith(setting(0, 0, interrupt, 0x02)))).toMatchObject({
      status: 'ok',
      message: 'it has interrupt IN endpoints: 0x81',
    });
  });

  it('warns about a device without one', () => {
    expect(checkEndpoints(deviceWith(setting(0, 0, 0x01)))).toMatchObject({
      status: 'warning',
      message: 'it has no IN endpoint to read from',
    });
    expect(checkEndpoints(deviceInfo({ configurationValue: undefined }))).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('no configuration'),
      remedy: { kind: 'replug' },
    });
  });
});
