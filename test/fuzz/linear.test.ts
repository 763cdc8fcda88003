import { beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../support/run-command.js';
import {
  association,
  bos,
  companion,
  configuration,
  deviceBytes,
  endpoint,
  interfaceBytes,
  type SysfsDevice,
} from '../support/sysfs-tree.js';
import { HostileSystem, PATHS } from './hostile-system.js';
import { expectSafe } from './safe.js';
import { stepsOf } from './steps.js';

const BULK = 2;
const VENDOR = [0xff, 0, 0] as const;

const system = new HostileSystem();

function times(count: number, part: (index: number) => Uint8Array): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => part(index));
}

function device(bytes: Uint8Array[], more: Partial<SysfsDevice> = {}): SysfsDevice {
  const descriptors = deviceBytes({ vid: 0x1234, pid: 0x5678 }, ...bytes);
  return { path: PATHS[0], address: 2, speed: 480, descriptors, ...more };
}

/** Devices with many descriptors of a kind. */
const MANY: Readonly<Record<string, (count: number) => SysfsDevice>> = {
  'the same endpoint': (count) =>
    device([
      configuration(
        1,
        interfaceBytes(0, 0, VENDOR, ...times(count, () => endpoint(0x81, BULK, 512))),
      ),
    ]),
  'different endpoints': (count) =>
    device([
      configuration(
        1,
        interfaceBytes(0, 0, VENDOR, ...times(count, (i) => endpoint(i & 0xff, BULK, 512))),
      ),
    ]),
  'endpoints in different places': (count) =>
    device([
      configuration(
        1,
        ...times(count, (i) => interfaceBytes(i & 0xff, i >> 8, VENDOR, endpoint(0x81, BULK, 512))),
      ),
    ]),
  'alternate settings without an endpoint': (count) =>
    device([configuration(1, ...times(count, (i) => interfaceBytes(0, i & 0xff, VENDOR)))], {
      interfaces: { 0: { driver: 'cdc_acm', name: 'many' } },
    }),
  configurations: (count) => device(times(count, (i) => configuration(i & 0xff))),
  associations: (count) =>
    device([configuration(1, ...times(count, (i) => association(i & 0xff, 1, 2)))]),
  companions: (count) =>
    device([
      configuration(
        1,
        interfaceBytes(
          0,
          0,
          VENDOR,
          endpoint(0x81, BULK, 1024),
          ...times(count, () => companion(1, 0)),
        ),
      ),
    ]),
  'descriptors without a place': (count) => device(times(count, () => Uint8Array.from([2, 0x24]))),
  capabilities: (count) =>
    device([], { bos: Buffer.concat(times(count, () => bos(true).subarray(5))) }),
};

const COMMANDS = [
  'list --verbose --output=CLASS,INTERFACES,MAXSPEED',
  'list --json',
  `info ${PATHS[0]}`,
  `info ${PATHS[0]} --json`,
  'doctor',
];

/** More than the 256 values of a byte. */
const COUNT = 300;

/** The limit of the growth for twice as many descriptors: 2 is linear, 4 is quadratic. */
const GROWTH = 2.5;

async function run(command: string): Promise<void> {
  expectSafe(await runCommand(command.split(' ')));
}

beforeAll(async () => {
  system.plug([device([])]);
  for (const command of COMMANDS) {
    await run(command); // loads its modules
  }
});

describe.each(Object.entries(MANY))('a device with many %s', (_, many) => {
  it.each(COMMANDS)('costs %s a linear number of steps', async (command) => {
    const steps: number[] = [];
    for (const count of [COUNT, 2 * COUNT]) {
      system.plug([many(count)]);
      steps.push(await stepsOf(() => run(command)));
    }
    const [half = 0, whole = 0] = steps;
    expect(whole / half).toBeLessThan(GROWTH);
  });
});
