import { describe, expect, it } from 'vitest';
import { filterDevices, selectDevice, withOperand } from '../../../../src/cli/options/device.js';
import { deviceSelector, isDeviceSelector } from '../../../../src/cli/options/parsers.js';
import { deviceInfo } from '../../../support/device-info.js';

const A = deviceInfo({ path: '1-1', vid: 0x1234, pid: 1, address: 2 });
const B = deviceInfo({ path: '1-2', vid: 0x1234, pid: 2, address: 3 });
const C = deviceInfo({ path: '1-3', vid: 0x1234, pid: 2, address: 4 });

describe('the error for several devices', () => {
  it('suggests the IDs if they differ', () => {
    expect(() => selectDevice([A, B], {})).toThrow(
      expect.objectContaining({ advice: 'select one with -d VID:PID, --path or --serial' }),
    );
  });

  it('does not suggest the IDs if they are the same', () => {
    expect(() => selectDevice([B, C], {})).toThrow(
      expect.objectContaining({
        advice: 'select one with --path, --serial, or --bus and --address',
      }),
    );
  });
});

describe('the device operand', () => {
  it.each([
    ['1234', { vid: 0x1234 }],
    ['1234:5678', { vid: 0x1234, pid: 0x5678 }],
    ['0x12:0xaB', { vid: 0x12, pid: 0xab }],
    ['3-1.2', { path: '3-1.2' }],
    ['usb3', { path: 'usb3' }],
  ])('%s is a device', (text, filter) => {
    expect(deviceSelector(text)).toEqual(filter);
  });

  it.each([
    '',
    'dump.bin',
    'x',
    'in',
    '1 2',
    'usbmon',
    'beef.bin',
    '-',
    'a/b',
  ])('%j is refused: give VID:PID or a port path', (text) => {
    expect(() => deviceSelector(text)).toThrow(/^give a device as VID:PID, such as 1234:5678, /);
  });

  it.each([
    ['12345:1', /1 to 4 hexadecimal digits/],
    ['1234:x', /1 to 4 hexadecimal digits/],
    ['1:2:3', /VID:PID or VID/],
    ['3-', /port path/],
    ['1-file', /port path/],
  ])('%s is refused: it is not quite a device', (text, reason) => {
    expect(() => deviceSelector(text)).toThrow(reason);
  });

  it.each([
    ['1234:5678', true],
    ['1:', true],
    ['x:y', true],
    ['3-1.2', true],
    ['usb1', true],
    ['in', false],
    ['0xc0', false],
    ['192', false],
    ['vendor', false],
    ['out vendor device 1 0 0 01:02', false],
    [':', false],
    ['', false],
  ])('is distinguished from the words of a control request: %j', (word, expected) => {
    expect(isDeviceSelector(word)).toBe(expected);
  });

  it('restricts the devices of the options', () => {
    const operand = [{ path: '1-2' }];
    const options = withOperand({ device: [{ vid: 0x1234, pid: 2 }] }, operand);
    expect(filterDevices([A, B, C], options)).toEqual([B]);
    expect(filterDevices([A, B, C], withOperand({}, []))).toEqual([A, B, C]);
    expect(filterDevices([A, B, C], withOperand({}, [...operand, { pid: 1 }]))).toEqual([A, B]);
  });

  it.each([
    [{ device: [{ vid: 1 }] }, 'IDs'],
    [{ pid: [{ pid: 1 }] }, 'IDs'],
    [{ path: [{ path: '1-1' }] }, 'port path'],
  ])('conflicts with an option for the same property: %j', (options, property) => {
    const operand = property === 'IDs' ? { vid: 1, pid: 1 } : { path: '1-1' };
    expect(() => withOperand(options, [operand])).toThrow(
      `an argument and an option both give the ${property} of the device`,
    );
  });
});
