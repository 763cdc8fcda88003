import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEVICE_FIELDS,
  decodeFields,
  encodeFields,
} from '../../../../src/usb/descriptors/fields.js';
import { parseConfigurations, parseDescriptorTree } from '../../../../src/usb/descriptors/tree.js';
import {
  companion,
  configuration,
  deviceBytes,
  endpoint,
  interfaceBytes,
  SYSTEM,
} from '../../../support/sysfs-tree.js';
import { treeSize } from '../../../support/tree-size.js';

const VENDOR = [0xff, 0, 0] as const;
const IDS = { vid: 0x1234, pid: 0x5678 };

/** Generates bytes that resemble descriptors. */
const descriptors = fc
  .array(
    fc.tuple(
      fc.constantFrom(1, 2, 4, 5, 0x0b, 0x24, 0x30, 0x31),
      fc.uint8Array({ maxLength: 20 }),
      fc.nat(24),
    ),
    { maxLength: 20 },
  )
  .map((parts) =>
    Buffer.concat(
      parts.map(([type, content, lie]) =>
        Buffer.from([lie === 0 ? 0xff : 2 + content.length, type, ...content]),
      ),
    ),
  );

it('loses no byte of any input', () => {
  fc.assert(
    fc.property(fc.oneof(descriptors, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      expect(treeSize(parseDescriptorTree(bytes))).toBe(bytes.length);
    }),
  );
});

/** Finds endpoints without decoding anything else: by configuration value, interface and setting. */
function endpointsIn(bytes: Uint8Array): number[][] {
  const found: number[][] = [];
  let configuration: number | undefined;
  let setting: readonly number[] | undefined;
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [length = 0, type = 0] = bytes.subarray(at, at + 2);
    if (length < 2 || at + length > bytes.length) {
      break;
    }
    const byte = (offset: number) => bytes[at + offset] ?? 0;
    if (type === 2 && length >= 9) {
      configuration = byte(5);
      setting = undefined;
    } else if (type === 4 && length >= 9 && configuration !== undefined) {
      setting = [configuration, byte(2), byte(3)];
    } else if (type === 5 && length >= 7 && setting !== undefined) {
      found.push([...setting, byte(2)]);
    }
    at += length;
  }
  return found;
}

it('finds the endpoints that a plain walk over the bytes finds', () => {
  const check = (bytes: Uint8Array) => {
    const found = parseConfigurations(bytes).flatMap(({ value, settings }) =>
      settings.flatMap(({ interfaceNumber, alternateSetting, endpoints }) =>
        endpoints.map(({ address }) => [value, interfaceNumber, alternateSetting, address]),
      ),
    );
    expect(found).toEqual(endpointsIn(bytes));
  };
  for (const device of SYSTEM) {
    check(device.descriptors);
  }
  fc.assert(fc.property(descriptors, check));
});

it('keeps a companion without an endpoint, and a second companion, undecoded', () => {
  const { configurations } = parseDescriptorTree(
    deviceBytes(
      IDS,
      configuration(
        1,
        companion(1, 0),
        interfaceBytes(
          0,
          0,
          VENDOR,
          companion(2, 0),
          endpoint(0x81, 2, 1024),
          companion(3, 0),
          companion(4, 0),
        ),
      ),
    ),
  );
  const [first] = configurations;
  const [setting] = first?.settings ?? [];
  expect(first?.others).toEqual([Buffer.from(companion(1, 0))]);
  expect(setting?.others).toEqual([Buffer.from(companion(2, 0))]);
  expect(setting?.endpoints[0]).toMatchObject({
    companion: { bMaxBurst: 3 },
    others: [Buffer.from(companion(4, 0))],
  });
});

it('keeps the bytes after the fields of a longer descriptor', () => {
  const audio = Buffer.from('0905810d4000010a0b', 'hex'); // bRefresh, bSynchAddress
  const [node] = parseDescriptorTree(
    deviceBytes(IDS, configuration(1), interfaceBytes(0, 0, VENDOR), audio),
  ).configurations;
  expect(node?.settings[0]?.endpoints[0]?.bytes).toEqual(audio);
});

it.each([
  ['a length that is too small', 0, 0],
  ['a length that is too small', 0, 9],
  ['a length that is too large', 0, 27],
  ['the type of another descriptor', 1, 5],
])('takes 18 bytes for the device descriptor, even if it has %s (byte %i: %i)', (_, offset, value) => {
  const bytes = deviceBytes(IDS, configuration(1, interfaceBytes(0, 0, VENDOR)));
  const { device, configurations } = parseDescriptorTree(
    Uint8Array.from(bytes).with(offset, value),
  );
  expect(device?.bytes).toHaveLength(18);
  expect(configurations[0]?.settings).toHaveLength(1);
});

it('decodes what it encodes', () => {
  const byte = fc.nat(255);
  const word = fc.nat(65535);
  const values = fc.record(
    Object.fromEntries(DEVICE_FIELDS.map(([name, size]) => [name, size === 1 ? byte : word])),
  );
  fc.assert(
    fc.property(values, (device) => {
      const bytes = encodeFields(DEVICE_FIELDS, device as never);
      expect(bytes).toHaveLength(18);
      expect(decodeFields(DEVICE_FIELDS, bytes)).toEqual(device);
      expect(decodeFields(DEVICE_FIELDS, bytes.subarray(1))).toBeUndefined();
    }),
  );
});

const CONFIGURATION = [9, 2, 0, 0, 1, 1, 0, 0x80, 50];
const INTERFACE = [9, 4, 3, 1, 1, 0xff, 0x12, 0x34, 0];
const ENDPOINT = [7, 5, 0x82, 2, 0x00, 0x02, 0];
const COMPANION = [6, 0x30, 15, 0, 0, 0];

const parse = (...descriptors: number[][]) =>
  parseConfigurations(Uint8Array.from(descriptors.flat()));

describe('parseConfigurations', () => {
  it('decodes interfaces by number, alternate settings and endpoints', () => {
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

  it('decodes several configurations', () => {
    const second = CONFIGURATION.with(5, 2);
    const values = parse(CONFIGURATION, INTERFACE, second, ENDPOINT).map(({ value }) => value);
    expect(values).toEqual([1, 2]);
  });

  it('excludes additional transactions from the packet size', () => {
    const highBandwidth = ENDPOINT.with(3, 1).with(5, 0x14);
    const [configuration] = parse(CONFIGURATION, INTERFACE, highBandwidth);
    expect(configuration?.settings[0]?.endpoints[0]).toMatchObject({
      type: 'isochronous',
      maxPacketSize: 1024,
    });
  });

  it.each([
    ['one packet', [], [0x40, 0x00], undefined],
    ['two packets', [], [0x00, 0x0c], 2],
    ['three packets', [], [0x00, 0x14], 3],
    ['a reserved value', [], [0x00, 0x1c], 3],
    ['a burst at SuperSpeed', COMPANION.with(2, 1), [0x00, 0x04], 2],
    ['an impossible burst', COMPANION.with(2, 255), [0x00, 0x04], 3],
    [
      'no burst, and bits that have no meaning there',
      COMPANION.with(2, 0),
      [0x00, 0x14],
      undefined,
    ],
  ])('decodes %s per interval of an interrupt endpoint', (_, companion, size, packetsPerInterval) => {
    const endpoint = [...ENDPOINT.with(3, 3).slice(0, 4), ...size, 1];
    const [configuration] = parse(CONFIGURATION, INTERFACE, endpoint, companion);
    expect(configuration?.settings[0]?.endpoints[0]?.packetsPerInterval).toBe(packetsPerInterval);
  });

  it.each([
    ['a length of 0', [0, 4, 0, 0]],
    ['a length of 1', [1, 4]],
    ['a length past the end', [200, 4, 0, 0, 0]],
  ])('stops at %s', (_, descriptor) => {
    expect(parse(CONFIGURATION, INTERFACE, descriptor)[0]?.settings).toHaveLength(1);
  });

  it('ignores descriptors that are too short for their type or out of place', () => {
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
