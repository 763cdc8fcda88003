import { describe, expect, it } from 'vitest';
import {
  type EndpointRequest,
  inEndpoints,
  locateIn,
  locateOut,
  locatePair,
  type PairRequest,
} from '../../../src/usb/locate.js';
import type { AlternateSetting } from '../../../src/usb/model.js';
import { deviceInfo, deviceWith, setting } from '../../support/device-info.js';

const ISOCHRONOUS = { address: 0x83, type: 'isochronous', maxPacketSize: 1024 } as const;
const INTERRUPT = { address: 0x84, type: 'interrupt', maxPacketSize: 8 } as const;
const NO_PACKETS = { address: 0x81, type: 'bulk', maxPacketSize: 0 } as const;

type Found = readonly [interfaceNumber: number, alternateSetting: number, address: number];

describe('locateIn', () => {
  it.each<[string, AlternateSetting[], EndpointRequest, Found]>([
    ['the only bulk IN endpoint', [setting(0, 0, 0x02, INTERRUPT, 0x81)], {}, [0, 0, 0x81]],
    ['an address', [setting(0, 0, 0x81), setting(3, 0, 0x82)], { address: 0x82 }, [3, 0, 0x82]],
    [
      'an interface by number',
      [setting(1, 0, 0x81), setting(3, 0, 0x82)],
      { interfaceNumber: 3 },
      [3, 0, 0x82],
    ],
    ['an alternate setting', [setting(0, 0), setting(0, 1, 0x81)], {}, [0, 1, 0x81]],
    [
      'the default one of several settings',
      [setting(0, 0, 0x81), setting(0, 1, 0x81, ISOCHRONOUS)],
      {},
      [0, 0, 0x81],
    ],
    [
      'the setting asked for',
      [setting(0, 0, 0x81), setting(0, 1, 0x81)],
      { alternateSetting: 1 },
      [0, 1, 0x81],
    ],
  ])('finds %s', (_, settings, request, [interfaceNumber, alternateSetting, address]) => {
    expect(locateIn(deviceWith(...settings), request)).toMatchObject({
      interfaceNumber,
      alternateSetting,
      endpoint: { address },
    });
  });

  it.each<[string, AlternateSetting[], EndpointRequest, string, RegExp]>([
    ['no endpoints', [setting(0, 0)], {}, 'not-found', /no bulk or interrupt IN endpoint.*: none/],
    [
      'an address that is not there',
      [setting(0, 0, 0x81)],
      { address: 0x85 },
      'not-found',
      /no endpoint 0x85; bulk or interrupt IN endpoints: 0x81 \(interface 0 alt 0\)/,
    ],
    [
      'an OUT endpoint',
      [setting(0, 0, 0x02, 0x81)],
      { address: 0x02 },
      'not-found',
      /0x02 is bulk OUT/,
    ],
    [
      'an isochronous endpoint',
      [setting(0, 0, ISOCHRONOUS)],
      { address: 0x83 },
      'not-found',
      /0x83 is isochronous IN/,
    ],
    [
      'a missing interface',
      [setting(0, 0, 0x81)],
      { interfaceNumber: 2 },
      'not-found',
      /no interface 2; it has interface 0 alt 0/,
    ],
    [
      'a missing setting',
      [setting(0, 0, 0x81)],
      { alternateSetting: 2 },
      'not-found',
      /no alternate setting 2/,
    ],
    ['two endpoints', [setting(0, 0, 0x81, 0x82)], {}, 'ambiguous', /0x81 .*0x82 /],
    [
      'one address in two interfaces',
      [setting(0, 0, 0x81), setting(1, 0, 0x81)],
      { address: 0x81 },
      'ambiguous',
      /interface 0 alt 0.*interface 1 alt 0/,
    ],
    [
      'one address in two settings but not the default',
      [setting(0, 1, 0x81), setting(0, 2, 0x81)],
      { address: 0x81 },
      'ambiguous',
      /interface 0 alt 1.*interface 0 alt 2/,
    ],
    ['a packet size of 0', [setting(0, 0, NO_PACKETS)], {}, 'not-found', /wMaxPacketSize 0/],
  ])('refuses %s', (_, settings, request, code, message) => {
    expect(() => locateIn(deviceWith(...settings), request)).toThrow(
      expect.objectContaining({ name: 'UsbError', code, message: expect.stringMatching(message) }),
    );
  });

  it('says how to choose', () => {
    expect(() => locateIn(deviceWith(setting(0, 0, 0x81, 0x82)), {})).toThrow(
      expect.objectContaining({ remedy: { kind: 'choose-endpoint' } }),
    );
  });

  it('refuses a device that is not configured', () => {
    expect(() => locateIn(deviceInfo({ configurationValue: undefined }), {})).toThrow(
      'no configuration',
    );
  });
});

describe('locateOut and locateIn', () => {
  const interruptOut = { ...INTERRUPT, address: 0x04 };

  it.each<[string, AlternateSetting[], EndpointRequest, Found]>([
    ['the only bulk endpoint', [setting(0, 0, 0x81, 0x02)], {}, [0, 0, 0x02]],
    [
      'a bulk endpoint before an interrupt one',
      [setting(0, 0, interruptOut, 0x02)],
      {},
      [0, 0, 0x02],
    ],
    [
      'an interrupt endpoint where there is no other',
      [setting(0, 0, interruptOut)],
      {},
      [0, 0, 0x04],
    ],
    [
      'an interrupt endpoint by address',
      [setting(0, 0, 0x02, interruptOut)],
      { address: 4 },
      [0, 0, 4],
    ],
  ])('find %s', (_, settings, request, [interfaceNumber, alternateSetting, address]) => {
    expect(locateOut(deviceWith(...settings), request)).toMatchObject({
      interfaceNumber,
      alternateSetting,
      endpoint: { address },
    });
  });

  it('find it in either direction', () => {
    const device = deviceWith(setting(0, 0, INTERRUPT, 0x02));
    expect(locateIn(device, {}).endpoint.address).toBe(0x84);
    expect(locateOut(device, {}).endpoint.address).toBe(0x02);
  });

  it('say what there is instead', () => {
    const device = deviceWith(setting(0, 0, 0x81, interruptOut, ISOCHRONOUS));
    expect(() => locateOut(device, { address: 0x81 })).toThrow(
      'endpoint 0x81 is bulk IN, not bulk or interrupt OUT; bulk or interrupt OUT endpoints: 0x04',
    );
    expect(() => locateOut(deviceWith(setting(0, 0, 0x81)), {})).toThrow(
      'there is no bulk or interrupt OUT endpoint to write to; bulk or interrupt OUT endpoints: none',
    );
  });
});

const INTERRUPT_PAIR = [
  { address: 0x84, type: 'interrupt', maxPacketSize: 8 },
  { address: 0x04, type: 'interrupt', maxPacketSize: 8 },
] as const;

type FoundPair = readonly [
  interfaceNumber: number,
  alternateSetting: number,
  in_: number,
  out: number,
];

describe('locatePair', () => {
  it.each<[string, AlternateSetting[], PairRequest, FoundPair]>([
    ['the only pair', [setting(0, 0, 0x81, 0x02)], {}, [0, 0, 0x81, 0x02]],
    ['a pair of interrupt endpoints', [setting(0, 0, ...INTERRUPT_PAIR)], {}, [0, 0, 0x84, 0x04]],
    [
      'the interface that has both',
      [setting(0, 0, 0x81), setting(1, 0, 0x82, 0x02), setting(2, 0, 0x03)],
      {},
      [1, 0, 0x82, 0x02],
    ],
    [
      'the pair of which one is named',
      [setting(0, 0, 0x81, 0x01), setting(1, 0, 0x82, 0x02)],
      { out: 0x02 },
      [1, 0, 0x82, 0x02],
    ],
    [
      'alternate setting 0 of several',
      [setting(0, 1, 0x81, 0x01), setting(0, 0, 0x81, 0x01)],
      {},
      [0, 0, 0x81, 0x01],
    ],
    [
      'the setting that has both',
      [setting(0, 0, 0x81), setting(0, 1, 0x81, 0x01)],
      {},
      [0, 1, 0x81, 0x01],
    ],
    [
      'the setting asked for',
      [setting(0, 0, 0x81, 0x01), setting(0, 1, 0x81, 0x01)],
      { alternateSetting: 1 },
      [0, 1, 0x81, 0x01],
    ],
  ])('finds %s', (_, settings, request, [
    interfaceNumber,
    alternateSetting,
    incoming,
    outgoing,
  ]) => {
    const pair = locatePair(deviceWith(...settings), request);
    for (const location of [pair.in, pair.out]) {
      expect(location).toMatchObject({ interfaceNumber, alternateSetting });
    }
    expect([pair.in.endpoint.address, pair.out.endpoint.address]).toEqual([incoming, outgoing]);
  });

  it.each<[string, AlternateSetting[], PairRequest, string, RegExp]>([
    ['no OUT endpoint', [setting(0, 0, 0x81)], {}, 'not-found', /no bulk or interrupt OUT/],
    ['no IN endpoint', [setting(0, 0, 0x01)], {}, 'not-found', /no bulk or interrupt IN/],
    [
      'endpoints of different alternate settings',
      [setting(0, 0, 0x81), setting(0, 1, 0x02)],
      {},
      'not-found',
      /no alternate setting has both.*IN is in interface 0 alt 0, OUT in interface 0 alt 1/,
    ],
    ['two to choose from', [setting(0, 0, 0x81, 0x82, 0x02)], {}, 'ambiguous', /0x81 .*0x82/],
    [
      'two interfaces to choose from',
      [setting(0, 0, 0x81, 0x01), setting(1, 0, 0x82, 0x02)],
      {},
      'ambiguous',
      /interface 0 alt 0, interface 1 alt 0/,
    ],
    [
      'an interface that is not there',
      [setting(0, 0, 0x81, 1)],
      { interfaceNumber: 3 },
      'not-found',
      /no interface 3/,
    ],
  ])('refuses %s', (_, settings, request, code, message) => {
    const refused = () => locatePair(deviceWith(...settings), request);
    expect(refused).toThrow(message);
    expect(refused).toThrow(expect.objectContaining({ code }));
  });

  it.each<[string, AlternateSetting[], PairRequest, Found, Found]>([
    [
      'the only endpoints',
      [setting(0, 0, 0x81), setting(1, 0, 0x02)],
      {},
      [0, 0, 0x81],
      [1, 0, 0x02],
    ],
    [
      'those named, although another pair is in one setting',
      [setting(0, 0, 0x81, 0x02), setting(2, 0, 0x86)],
      { in: 0x86, out: 0x02 },
      [2, 0, 0x86],
      [0, 0, 0x02],
    ],
    [
      'each in its alternate setting',
      [setting(0, 0), setting(0, 1, 0x81), setting(1, 0, 0x02)],
      {},
      [0, 1, 0x81],
      [1, 0, 0x02],
    ],
    [
      'both in the alternate setting asked for',
      [setting(0, 0, 0x81), setting(0, 1, 0x81), setting(1, 0, 0x02), setting(1, 1, 0x02)],
      { alternateSetting: 1 },
      [0, 1, 0x81],
      [1, 1, 0x02],
    ],
  ])('finds endpoints of two interfaces: %s', (_, settings, request, incoming, outgoing) => {
    const pair = locatePair(deviceWith(...settings), request);
    const found = [pair.in, pair.out].map((location) => [
      location.interfaceNumber,
      location.alternateSetting,
      location.endpoint.address,
    ]);
    expect(found).toEqual([incoming, outgoing]);
  });

  it('finds no endpoints of two interfaces if one interface is asked for', () => {
    const device = deviceWith(setting(0, 0, 0x81), setting(1, 0, 0x02));
    expect(() => locatePair(device, { interfaceNumber: 0 })).toThrow(/no bulk or interrupt OUT/);
  });

  it.each<[string, AlternateSetting[]]>([
    ['several endpoints of one setting', [setting(0, 0, 0x81, 0x82, 0x02)]],
    ['several pairs', [setting(0, 0, 0x81, 0x01), setting(1, 0, 0x82, 0x02)]],
    [
      'several IN endpoints, none beside an OUT endpoint',
      [setting(0, 0, 0x81, 0x82), setting(1, 0, 0x02)],
    ],
  ])('suggests how to choose among %s', (_, settings) => {
    expect(() => locatePair(deviceWith(...settings), {})).toThrow(
      expect.objectContaining({ remedy: { kind: 'choose-endpoint-pair' } }),
    );
  });
});

describe('a device with several configurations', () => {
  const device = deviceInfo({
    configurations: [
      { value: 1, settings: [setting(0, 0, 0x81, 0x02)] },
      { value: 3, settings: [setting(0, 0, 0x83), setting(1, 0, INTERRUPT, 0x04)] },
    ],
  });

  it('has the endpoints of the active one, or of the one asked for', () => {
    expect(locateIn(device, {})).toMatchObject({ endpoint: { address: 0x81 } });
    expect(locateIn(device, {}).configuration).toBeUndefined();
    expect(locateIn(device, { configuration: 3 })).toMatchObject({
      configuration: 3,
      endpoint: { address: 0x83 },
    });
    const pair = locatePair(device, { configuration: 3 });
    expect([pair.in.configuration, pair.out.configuration]).toEqual([3, 3]);
    expect(inEndpoints(device, { configuration: 3 })).toHaveLength(1);
    expect(inEndpoints(device, { configuration: 2 })).toEqual([]);
  });

  it.each<[string, EndpointRequest, string, number]>([
    [
      'an address',
      { address: 0x84 },
      'there is no endpoint 0x84; bulk or interrupt IN endpoints: 0x81 (interface 0 alt 0); ' +
        'configuration 3 has 0x84 (interface 1 alt 0)',
      3,
    ],
    [
      'an interface',
      { interfaceNumber: 1 },
      'the device has no interface 1; it has interface 0 alt 0; ' +
        'configuration 3 has 0x84 (interface 1 alt 0)',
      3,
    ],
    [
      'the active one',
      { configuration: 3, address: 0x81 },
      'there is no endpoint 0x81; bulk or interrupt IN endpoints: 0x83 (interface 0 alt 0), ' +
        '0x84 (interface 1 alt 0); configuration 1 has 0x81 (interface 0 alt 0)',
      1,
    ],
  ])('names the one that has the endpoint: %s', (_, request, message, value) => {
    const remedy = { kind: 'select-configuration', value };
    expect(() => locateIn(device, request)).toThrow(expect.objectContaining({ message, remedy }));
  });

  it('lists those that exist', () => {
    expect(() => locateIn(device, { configuration: 2 })).toThrow(
      expect.objectContaining({
        code: 'not-found',
        message: 'the device has no configuration 2; it has 1 (active), 3',
      }),
    );
  });

  it('may have none that is active', () => {
    const none = { ...device, configurationValue: undefined };
    expect(() => locateIn(none, {})).toThrow(
      expect.objectContaining({ remedy: { kind: 'configure', path: '1-1', configuration: 1 } }),
    );
    expect(locateIn(none, { configuration: 3 }).endpoint.address).toBe(0x83);
  });
});
