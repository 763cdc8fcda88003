import { describe, expect, it } from 'vitest';
import {
  interfaceToClaim,
  RECIPIENTS,
  REQUEST_TYPES,
  recipientOf,
  requestTypeOf,
  typeOf,
} from '../../../src/usb/control.js';
import { deviceWith, setting } from '../../support/device-info.js';

const to = (requestType: number, index = 0) => ({ requestType, request: 0, value: 0, index });

describe('bmRequestType', () => {
  it.each([
    [0x00, 'out', 'standard', 'device'],
    [0x80, 'in', 'standard', 'device'],
    [0x21, 'out', 'class', 'interface'],
    [0xa1, 'in', 'class', 'interface'],
    [0x02, 'out', 'standard', 'endpoint'],
    [0xc0, 'in', 'vendor', 'device'],
    [0x43, 'out', 'vendor', 'other'],
  ] as const)('%i is %s, %s, %s', (requestType, direction, type, recipient) => {
    expect(requestTypeOf(direction, type, recipient)).toBe(requestType);
    expect(typeOf(to(requestType))).toBe(type);
    expect(recipientOf(to(requestType))).toBe(recipient);
  });

  it('has a number for each type and recipient, and reserved ones', () => {
    expect([REQUEST_TYPES.length, RECIPIENTS.length]).toEqual([3, 4]);
    expect([typeOf(to(0x60)), recipientOf(to(0x1f))]).toEqual([undefined, undefined]);
  });
});

describe('the interface to claim', () => {
  const device = deviceWith(setting(0, 0, 0x81), setting(3, 0, 0x02), setting(3, 1, 0x02, 0x83));

  it.each([
    ['a standard request to the device', 0x80, 3, undefined],
    ['a class request to an interface', 0xa1, 3, 3],
    ['an interface in the low byte of wIndex', 0x21, 0x0703, 3],
    ['a request to an endpoint', 0x02, 0x81, 0],
    ['an endpoint of an alternate setting', 0x82, 0x83, 3],
    ['the control endpoint', 0x82, 0x80, undefined],
    ['a vendor request to an interface', 0xc1, 3, undefined],
    ['a vendor request to an endpoint', 0x42, 0x99, undefined],
    ['a class request to something else', 0xa3, 1, undefined],
    ['a request of a reserved type', 0x61, 3, 3],
  ])('of %s', (_, requestType, index, expected) => {
    expect(interfaceToClaim(device, to(requestType, index))).toBe(expected);
  });

  it('of a missing endpoint is an error', () => {
    expect(() => interfaceToClaim(device, to(0x02, 0x85))).toThrow('no endpoint 0x85');
  });
});
