import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hexBytes,
  parseRequest,
  request,
} from '../../../../../src/cli/commands/control/request.js';
import {
  MAX_CONTROL_DATA,
  RECIPIENTS,
  REQUEST_TYPES,
  requestTypeOf,
} from '../../../../../src/usb/control.js';

function bytesOf(text: string): number[] {
  return [...request(text).data];
}

describe('the words of a request', () => {
  it('say type, recipient, request, value and index', () => {
    expect(request('in vendor device 0x0e 0x1234 258 64').request).toEqual({
      requestType: 0xc0,
      request: 14,
      value: 0x1234,
      index: 258,
    });
  });

  it('may have a number for the first three', () => {
    expect(request('0xc0 0x0e 1 2 3')).toEqual(request('in vendor device 0x0e 1 2 3'));
    expect(request('33 9')).toEqual(request('out class interface 9'));
  });

  it('may leave out zeros', () => {
    expect(request('in vendor device 1')).toEqual(request('in vendor device 1 0 0 0'));
    expect(request('out vendor device 1')).toEqual(request('out vendor device 1 0 0'));
  });

  it('may stand apart', () => {
    expect(request('  out\tvendor  device 1 0 0 01 ')).toEqual(
      request('out vendor device 1 0 0 01'),
    );
  });

  it('end with a length where the device answers', () => {
    expect(request('in vendor device 1 0 0 64').data.length).toBe(64);
    expect(request(`in vendor device 1 0 0 ${MAX_CONTROL_DATA}`).data.length).toBe(4096);
  });

  it.each(['0102ff', '01 02 ff', '01:02:FF', '0102 ff'])('end with data elsewhere: %s', (data) => {
    expect(bytesOf(`out vendor device 1 0 0 ${data}`)).toEqual([1, 2, 255]);
  });

  it('say what they say in any spelling', () => {
    const byte = fc.integer({ min: 0, max: 0xff });
    const word = fc.integer({ min: 0, max: 0xffff });
    const message = fc.record({
      direction: fc.constantFrom('in', 'out'),
      type: fc.constantFrom(...REQUEST_TYPES),
      recipient: fc.constantFrom(...RECIPIENTS),
      code: byte,
      value: word,
      index: word,
      data: fc.uint8Array({ maxLength: 40 }),
      spell: fc.constantFrom(
        (number: number) => String(number),
        (number: number) => `0x${number.toString(16)}`,
        (number: number) => `0x${number.toString(16).toUpperCase().padStart(4, '0')}`,
      ),
    });
    fc.assert(
      fc.property(message, ({ direction, type, recipient, code, value, index, data, spell }) => {
        const requestType = requestTypeOf(direction, type, recipient);
        const tail = direction === 'in' ? spell(data.length) : Buffer.from(data).toString('hex');
        const numbers = [code, value, index].map(spell);
        const read = parseRequest([direction, type, recipient, ...numbers, tail]);
        expect(read.request).toEqual({ requestType, request: code, value, index });
        expect(read.data).toEqual(
          direction === 'in' ? Buffer.alloc(data.length) : Buffer.from(data),
        );
        expect(parseRequest([spell(requestType), ...numbers, tail])).toEqual(read);
      }),
    );
  });
});

describe('words that mean no request', () => {
  it.each([
    ['', 'start with in or out, or with bmRequestType, such as 0xc0'],
    ['vendor device 1', 'start with in or out, or with bmRequestType, such as 0xc0'],
    ['in', 'give standard, class or vendor after in'],
    ['in vendr device 1', 'give standard, class or vendor after in (did you mean vendor?)'],
    ['out class 1', 'give device, interface, endpoint or other after class'],
    ['in class intreface 1', /after class \(did you mean interface\?\)$/],
    ['in vendor device', /^give the request \(bRequest\) as a number from 0 to 255, /],
    ['in vendor device 256', /^give the request \(bRequest\) as a number from 0 to 255, /],
    ['in vendor device 0e', /^give the request \(bRequest\) as a number/],
    ['in vendor device -1', /^give the request \(bRequest\) as a number/],
    ['0x100 1', /^give bmRequestType as a number from 0 to 255, /],
    ['0xc0', /^give the request \(bRequest\)/],
    ['out vendor device 1 65536', /^give the value \(wValue\) as a number from 0 to 65535, /],
    ['out vendor device 1 0 0x10000', /^give the index \(wIndex\) as a number from 0 to 65535, /],
    ['in vendor device 1 0 0 4097', /^give the length \(wLength\) as a number from 0 to 4096, /],
    [
      'in vendor device 1 0 0 01 02',
      'an IN request ends with its length; remove the words after it',
    ],
    ['out vendor device 1 0 0 1', /^give the data as two hexadecimal digits per byte/],
    ['out vendor device 1 0 0 0x01', /^give the data as two hexadecimal digits per byte/],
    ['out vendor device 1 0 0 01:', /^give the data as two hexadecimal digits per byte/],
  ])('%j: the message says what would', (text, message) => {
    expect(() => request(text)).toThrow(message);
  });

  it('send no more than the largest data', () => {
    expect(hexBytes('00'.repeat(MAX_CONTROL_DATA)).length).toBe(MAX_CONTROL_DATA);
    expect(() => hexBytes('00'.repeat(MAX_CONTROL_DATA + 1))).toThrow('at most 4096 bytes');
  });
});
