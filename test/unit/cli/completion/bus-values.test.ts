import { describe, expect, it } from 'vitest';
import { DEVICE_VALUES, endpoints } from '../../../../src/cli/completion/bus-values.js';
import type { Candidate } from '../../../../src/cli/completion/values.js';
import { inEndpoints, outEndpoints } from '../../../../src/usb/locate.js';
import type { DeviceInfo } from '../../../../src/usb/model.js';
import { deviceInfo, deviceWith, setting } from '../../../support/device-info.js';

function values(option: string, devices: readonly DeviceInfo[]): Candidate[] {
  return DEVICE_VALUES[option]?.(devices, {}) ?? [];
}

describe('values from the bus', () => {
  it('contain each value once', () => {
    const devices = [deviceInfo({ address: 2 }), deviceInfo({ address: 3, serial: '0002' })];
    expect(values('--device', devices)).toEqual([
      { text: '1234:5678', description: 'maker thing' },
    ]);
    expect(values('--address', devices).map(({ text }) => text)).toEqual(['2', '3']);
    expect(values('--bus', devices)).toEqual([{ text: '1', description: '2 devices' }]);
  });

  it('contain only bulk IN endpoints, in the given settings', () => {
    const device = deviceWith(
      setting(0, 0, 0x81, 0x01),
      setting(2, 1, 0x82, { address: 0x83, type: 'interrupt', maxPacketSize: 8 }),
    );
    const candidates = endpoints(inEndpoints);
    expect(candidates([device], {})).toEqual([
      { text: '0x81', description: 'bulk IN, 512 bytes, interface 0' },
      { text: '0x82', description: 'bulk IN, 512 bytes, interface 2 alt 1' },
    ]);
    expect(candidates([device], { interface: 2 }).map(({ text }) => text)).toEqual(['0x82']);
    expect(candidates([{ ...device, configurationValue: undefined }], {})).toEqual([]);
  });

  it('contain OUT endpoints: interrupt endpoints if there is no bulk one', () => {
    const interrupt = { address: 0x03, type: 'interrupt', maxPacketSize: 8 } as const;
    const device = deviceWith(setting(0, 0, 0x81, 0x01, interrupt), setting(1, 0, interrupt));
    expect(endpoints(outEndpoints)([device], {})).toEqual([
      { text: '0x01', description: 'bulk OUT, 512 bytes, interface 0' },
    ]);
    expect(endpoints(outEndpoints)([device], { interface: 1 })).toEqual([
      { text: '0x03', description: 'interrupt OUT, 8 bytes, interface 1' },
    ]);
  });
});
