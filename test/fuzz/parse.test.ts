import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type DescriptorTree,
  parseConfigurations,
  parseDescriptorTree,
} from '../../src/usb/descriptors/tree.js';
import { advertisedSpeed } from '../../src/usb/speed.js';
import { deviceBytes, SYSTEM } from '../support/sysfs-tree.js';
import { treeSize } from '../support/tree-size.js';
import { runsOf, TIMEOUT } from './cases.js';
import { countedBytes } from './counted-bytes.js';
import { hostileBos, hostileDescriptors } from './hostile-bytes.js';

const DEVICE = deviceBytes({ vid: 0x1234, pid: 0x5678 }).length;

/** Returns all descriptors of the configurations. */
function decodedIn({ configurations, others }: DescriptorTree): Uint8Array[] {
  const settings = configurations.flatMap((node) => node.settings);
  const nodes = [...configurations, ...settings, ...settings.flatMap(({ endpoints }) => endpoints)];
  return [...others, ...nodes.flatMap((node) => [node.bytes, ...node.others])];
}

function checkTree(bytes: Uint8Array): void {
  parseDescriptorTree(countedBytes(bytes));
  const tree = parseDescriptorTree(bytes);
  expect(treeSize(tree)).toBe(bytes.length);
  for (const whole of decodedIn(tree)) {
    expect(whole).toHaveLength(whole[0] ?? 0);
  }
  if (bytes.length >= DEVICE) {
    const shown = tree.configurations.map(({ fields, settings }) => [
      fields.bConfigurationValue,
      settings.map(({ endpoints }) => endpoints.map(({ fields: end }) => end.bEndpointAddress)),
    ]);
    const used = parseConfigurations(bytes.subarray(DEVICE)).map(({ value, settings }) => [
      value,
      settings.map(({ endpoints }) => endpoints.map(({ address }) => address)),
    ]);
    expect(shown).toEqual(used);
  }
}

it(
  'decodes descriptors in linear time, loses no byte, and shows the endpoints that are used',
  () => {
    fc.assert(fc.property(hostileDescriptors, checkTree), runsOf('tree'));
  },
  TIMEOUT,
);

it('decodes valid descriptors that are cut at any byte', () => {
  for (const { descriptors } of SYSTEM) {
    for (let length = 0; length <= descriptors.length; length += 1) {
      checkTree(descriptors.subarray(0, length));
    }
  }
});

it(
  'decodes the speeds of a BOS descriptor in linear time',
  () => {
    fc.assert(
      fc.property(hostileBos, fc.nat(0xffff), (bytes, usb) => {
        const speed = advertisedSpeed(usb, countedBytes(bytes));
        expect(speed === undefined || (Number.isFinite(speed) && speed >= 0)).toBe(true);
      }),
      runsOf('bos'),
    );
  },
  TIMEOUT,
);
