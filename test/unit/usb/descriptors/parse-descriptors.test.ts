import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigurations } from '../../../../src/usb/descriptors/tree.js';

const CONFIGURATION = [9, 2, 0, 0, 1, 1, 0, 0x80, 50];
const INTERFACE = [9, 4, 3, 1, 1, 0xff, 0x12, 0x34, 0];
const ENDPOINT = [7, 5, 0x82, 2, 0x00, 0x02, 0];
const COMPANION = [6, 0x30, 15, 0, 0, 0];

const parse = (...descriptors: number[][]) =>
  parseConfigurations(Uint8Array.from(descriptors.flat()));

describe('parseConfigurations', () => {
  it('reads interfaces by number, alternate settings and endpoints', () => {
    expect(parse(CONFIGURATION, INTERFACE, ENDPOINT, COMPANION)).toEqual([
      {
        value: 1,
        settings: [
          {
            interfaceNumber: 3,
            alternateSetting: 1,
            interfaceClass: 0xff,
            interfaceSubClass: 0x12,
            interfaceProtocol: 0x34,
            endpoints: [{ address: 0x82, type: 'bulk', maxPacketSize: 512 }],
          },
        ],
      },
    ]);
  });

  it('reads several configurations', () => {
    const second = CONFIGURATION.with(5, 2);
    const values = parse(CONFIGURATION, INTERFACE, second, ENDPOINT).map(({ value }) => value);
    expect(values).toEqual([1, 2]);
  });

  it('leaves the additional transactions out of the packet size', () => {
    const highBandwidth = ENDPOINT.with(3, 1).with(5, 0x14);
    const [configuration] = parse(CONFIGURATION, INTERFACE, highBandwidth);
    expect(configuration?.settings[0]?.endpoints[0]).toMatchObject({
      type: 'isochronous',
      maxPacketSize: 1024,
    });
  });

  it.each([
    ['a length of 0', [0, 4, 0, 0]],
    ['a length of 1', [1, 4]],
    ['a length past the end', [200, 4, 0, 0, 0]],
  ])('stops at %s', (_, liar) => {
    expect(parse(CONFIGURATION, INTERFACE, liar)[0]?.settings).toHaveLength(1);
  });

  it('passes over descriptors that are too short for their type, and strays', () => {
    expect(parse(INTERFACE, ENDPOINT)).toEqual([]);
    expect(parse(CONFIGURATION, ENDPOINT, [3, 5, 0x81], INTERFACE, [3, 5, 0x81])).toMatchObject([
      { settings: [{ endpoints: [] }] },
    ]);
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const endpoints = parseConfigurations(bytes)
          .flatMap(({ settings }) => settings)
          .flatMap((setting) => setting.endpoints);
        expect(endpoints.length * 7).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
