import { describe, expect, it } from 'vitest';
import { locatePair, type PairRequest } from '../../../src/usb/locate.js';
import type { AlternateSetting } from '../../../src/usb/model.js';
import { deviceWith, setting } from '../../support/device-info.js';

const INTERRUPT = [
  { address: 0x84, type: 'interrupt', maxPacketSize: 8 },
  { address: 0x04, type: 'interrupt', maxPacketSize: 8 },
] as const;

type Found = readonly [interfaceNumber: number, alternateSetting: number, in_: number, out: number];

describe('locatePair', () => {
  it.each<[string, AlternateSetting[], PairRequest, Found]>([
    ['the only pair', [setting(0, 0, 0x81, 0x02)], {}, [0, 0, 0x81, 0x02]],
    ['a pair of interrupt endpoints', [setting(0, 0, ...INTERRUPT)], {}, [0, 0, 0x84, 0x04]],
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
      'the setting in force by default',
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
      'endpoints that are nowhere together',
      [setting(0, 0, 0x81), setting(1, 0, 0x02)],
      {},
      'not-found',
      /no alternate setting has both.*IN is in interface 0 alt 0, OUT in interface 1 alt 0/,
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
});
