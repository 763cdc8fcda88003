import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, vi } from 'vitest';
import { LibusbBackend } from '../../src/backends/libusb/backend.js';
import { parseDescriptorTree } from '../../src/usb/descriptors/tree.js';
import { advertisedSpeed } from '../../src/usb/speed.js';
import { SYSTEM, type SysfsDevice, writeSystem } from '../support/sysfs-tree.js';
import { countedBytes } from './counted-bytes.js';
import { hostileBos, hostileDescriptors } from './hostile-bytes.js';
import { hostileAttribute, hostileString } from './hostile-strings.js';

/** The ports of the devices: the second may be below the first. */
export const PATHS = ['1-1', '1-1.2'] as const;

const interfaces = fc.dictionary(
  fc.constantFrom('0', '1', '255'),
  fc.record(
    {
      driver: fc.constantFrom('cdc_acm', 'usbfs', 'usb-storage'),
      name: hostileString,
      folders: fc.constant({ 'tty/ttyACM0': 'ttyACM0' }),
    },
    { requiredKeys: [] },
  ),
  { maxKeys: 2 },
);

function device(path: string, address: number): fc.Arbitrary<SysfsDevice> {
  return fc.record(
    {
      path: fc.constant(path),
      address: fc.constant(address),
      speed: fc.constantFrom(1.5, 12, 480, 5000, 20_000),
      descriptors: hostileDescriptors,
      bos: hostileBos,
      manufacturer: hostileAttribute,
      product: hostileAttribute,
      serial: hostileAttribute,
      configuration: fc.constantFrom(1, 1, 1, 0, 2, 255),
      interfaces: fc.oneof(fc.constant({}), interfaces),
      hasFile: fc.boolean(),
    },
    { requiredKeys: ['path', 'address', 'speed', 'descriptors'] },
  );
}

/** Generates the hostile devices of a bus. */
export const hostileDevices: fc.Arbitrary<readonly SysfsDevice[]> = fc.oneof(
  { weight: 3, arbitrary: device(PATHS[0], 2).map((only) => [only]) },
  { weight: 1, arbitrary: fc.tuple(device(PATHS[0], 2), device(PATHS[1], 3)) },
);

const ROOT_HUB: SysfsDevice = {
  path: 'usb1',
  address: 1,
  speed: 480,
  descriptors: SYSTEM[0]?.descriptors ?? new Uint8Array(),
};

/** A directory in memory, if the system has one. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/**
 * A directory that stands for /, with a root hub and hostile devices. The commands of this process use
 * it.
 */
export class HostileSystem {
  readonly #root = mkdtempSync(join(PLACE, 'usbxfer-'));
  #devices: readonly SysfsDevice[] = [];

  constructor() {
    vi.stubEnv('USBXFER_SYSFS', this.#root);
    vi.stubEnv('USBXFER_BACKEND', 'libusb');
    this.#keepSurrogates();
    writeSystem(this.#root, [ROOT_HUB]);
    afterAll(() => rmSync(this.#root, { recursive: true }));
  }

  /** The same backend as the commands use. */
  readonly backend = new LibusbBackend(this.#root);

  /** Replaces all devices. */
  plug(devices: readonly SysfsDevice[]): void {
    for (const { descriptors, bos } of devices) {
      // A walk that does not end fails here. A command would hang.
      parseDescriptorTree(countedBytes(descriptors));
      advertisedSpeed(0, bos && countedBytes(bos));
    }
    this.#devices = devices;
    for (const folder of ['sys/bus/usb/devices', 'dev/bus/usb/001']) {
      for (const name of readdirSync(join(this.#root, folder))) {
        if (name !== ROOT_HUB.path && name !== '001') {
          rmSync(join(this.#root, folder, name), { recursive: true });
        }
      }
    }
    writeSystem(this.#root, devices);
  }

  /** Gives devices their lone surrogates, which a file cannot hold. */
  #keepSurrogates(): void {
    const { list } = LibusbBackend.prototype;
    const devices = () => this.#devices;
    vi.spyOn(LibusbBackend.prototype, 'list').mockImplementation(async function (
      this: LibusbBackend,
    ) {
      return (await list.call(this)).map((info) => {
        const device = devices().find(({ path }) => path === info.path);
        const exact = (name: 'manufacturer' | 'product' | 'serial') => {
          const text = device?.[name];
          const isInFile = typeof text !== 'string' || !/\p{Cs}/u.test(text);
          return info[name] === undefined || isInFile ? info[name] : text;
        };
        return {
          ...info,
          manufacturer: exact('manufacturer'),
          product: exact('product'),
          serial: exact('serial'),
        };
      });
    });
  }
}
