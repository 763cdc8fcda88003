import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEVICE_VALUES } from '../../../../src/cli/completion/bus-values.js';
import { completionLines } from '../../../../src/cli/completion/complete.js';
import { addPrefix, type Candidate } from '../../../../src/cli/completion/values.js';
import type { DeviceInfo } from '../../../../src/usb/model.js';
import { deviceInfo } from '../../../support/device-info.js';

function values(option: string, devices: readonly DeviceInfo[]): Candidate[] {
  return DEVICE_VALUES[option]?.(devices, {}) ?? [];
}

describe('completion lines', () => {
  it.each([
    ['line\nfeed'],
    ['ta\tb'],
    ['\u001b]0;title\u0007'],
    ['nul\u0000'],
    ['c1\u009b31m'],
    ['reversed \u202e'],
    ['line\u2028separator'],
    ['\ud800'],
    [''],
  ])('omit the serial number %j', (serial) => {
    expect(completionLines(values('--serial', [deviceInfo({ serial })]), '')).toEqual([]);
  });

  it.each([
    ['$(reboot)'],
    ['a b'],
    ["'"],
    ['"'],
    ['`'],
    ['-x'],
    [':files'],
    ['\u00fc'],
  ])('contain the serial number %j unquoted: the script quotes it', (serial) => {
    expect(completionLines(values('--serial', [deviceInfo({ serial })]), '')).toEqual([
      `${serial}\t1234:5678 maker thing`,
    ]);
  });

  it('have one line per candidate, whatever the device strings are', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, (serial, product, manufacturer) => {
        const device = deviceInfo({ serial, product, manufacturer });
        for (const line of completionLines(
          [...values('--serial', [device]), ...values('--device', [device])],
          '',
        )) {
          expect(line).toMatch(/^[^\p{Cc}]+(\t[^\p{Cc}]+)?$/u);
        }
      }),
    );
  });

  it('limit the length of device strings', () => {
    const [line = ''] = completionLines(
      values('--device', [deviceInfo({ product: 'x'.repeat(10_000) })]),
      '',
    );
    expect(line.length).toBeLessThan(200);
  });

  it('contain only candidates that start with the word', () => {
    const candidates = [{ text: '--json' }, { text: '--bytes', description: 'limit' }];
    expect(completionLines(candidates, '--b')).toEqual(['--bytes\tlimit']);
  });

  it('ask for file names after a prefix', () => {
    expect(completionLines(addPrefix('--scenario=', { prefix: '@' }), '--scenario=@x')).toEqual([
      '\t--scenario=@',
    ]);
  });
});
