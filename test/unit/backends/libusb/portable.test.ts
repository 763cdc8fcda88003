import { usb } from 'usb';
import { describe, expect, it } from 'vitest';
import type { NativeDevice, NodeUsb } from '../../../../src/backends/libusb/native/node-usb.js';
import { portablePlatform } from '../../../../src/backends/libusb/portable.js';
import {
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  decodeFields,
  ENDPOINT_FIELDS,
  INTERFACE_FIELDS,
} from '../../../../src/usb/descriptors/fields.js';
import { parseConfigurations } from '../../../../src/usb/descriptors/tree.js';
import { deviceInfo } from '../../../support/device-info.js';
import {
  COMPOSITE,
  CONFIGURATIONS,
  configuration,
  deviceBytes,
  endpoint,
  interfaceBytes,
  STORAGE,
  SUPER,
} from '../../../support/sysfs-tree.js';

const GONE = Object.assign(new Error('LIBUSB_ERROR_NO_DEVICE'), {
  errno: usb.LIBUSB_ERROR_NO_DEVICE,
});

/** A descriptor as node-usb has it: its fields by their names, and what follows it as `extra`. */
interface Parsed {
  [field: string]: unknown;
  extra: Buffer;
}

/** Parses the descriptors of a device as libusb does. */
function parse(bytes: Uint8Array) {
  const configurations: (Parsed & { interfaces: Parsed[][] })[] = [];
  let last: Parsed = { extra: Buffer.alloc(0) };
  for (let at = 18; at < bytes.length; at += bytes[at] ?? 1) {
    const one = bytes.subarray(at, at + (bytes[at] ?? 1));
    const extra = Buffer.alloc(0);
    switch (one[1]) {
      case 2: {
        const config = { ...decodeFields(CONFIGURATION_FIELDS, one), extra, interfaces: [] };
        configurations.push(config);
        last = config;
        break;
      }
      case 4:
        last = { ...decodeFields(INTERFACE_FIELDS, one), extra, endpoints: [] };
        configurations.at(-1)?.interfaces.push([last]);
        break;
      case 5: {
        const setting = configurations.at(-1)?.interfaces.at(-1)?.at(-1);
        last = { ...decodeFields(ENDPOINT_FIELDS, one), extra };
        (setting?.['endpoints'] as Parsed[]).push(last);
        break;
      }
      default:
        last.extra = Buffer.concat([last.extra, one]);
    }
  }
  return { deviceDescriptor: decodeFields(DEVICE_FIELDS, bytes), configurations };
}

/** A device of node-usb, which needs no open to have its descriptors. */
function native(
  place: { bus?: number; address?: number; ports?: number[] | undefined },
  bytes: Uint8Array,
  overrides: object = {},
): NativeDevice {
  const { deviceDescriptor, configurations } = parse(bytes);
  const device = {
    busNumber: place.bus ?? 1,
    deviceAddress: place.address ?? 2,
    portNumbers: place.ports,
    deviceDescriptor,
    allConfigDescriptors: configurations,
    configDescriptor: configurations[0],
  };
  return Object.create(device, Object.getOwnPropertyDescriptors(overrides));
}

function platformWith(...devices: NativeDevice[]) {
  const list = [...devices];
  const load = async () => ({ getDeviceList: () => list }) as unknown as NodeUsb;
  return { platform: portablePlatform(load), list };
}

const COUNTER = deviceBytes(
  { vid: 0x1234, pid: 0x5678 },
  configuration(
    1,
    interfaceBytes(2, 0, [0xff, 1, 2], endpoint(0x81, 2, 512), endpoint(0x03, 3, 64)),
  ),
);

describe('the list', () => {
  it('describes devices without opening them: no strings, no speed', async () => {
    const { platform } = platformWith(native({ bus: 3, address: 9, ports: [1, 2] }, COUNTER));
    expect(await platform.list()).toEqual([
      {
        path: '3-1.2',
        bus: 3,
        address: 9,
        vid: 0x1234,
        pid: 0x5678,
        usbVersion: 0x0200,
        deviceClass: 0,
        deviceSubClass: 0,
        deviceProtocol: 0,
        speed: undefined,
        manufacturer: undefined,
        product: undefined,
        serial: undefined,
        configurations: [
          {
            value: 1,
            settings: [
              {
                interfaceNumber: 2,
                alternateSetting: 0,
                interfaceClass: 0xff,
                interfaceSubClass: 1,
                interfaceProtocol: 2,
                endpoints: [
                  { address: 0x81, type: 'bulk', maxPacketSize: 512 },
                  { address: 0x03, type: 'interrupt', maxPacketSize: 64 },
                ],
              },
            ],
          },
        ],
        configurationValue: 1,
        cancelKeepsData: true,
      },
    ]);
  });

  it('orders devices by port, hubs before what is connected to them', async () => {
    const places = [
      { bus: 2, ports: [1] },
      { bus: 1, ports: [1, 10] },
      { bus: 1, ports: [1, 2] },
      { bus: 1, ports: [1] },
      { bus: 1, ports: undefined }, // a root hub, on some systems
      { bus: 2, ports: [] },
    ];
    const { platform } = platformWith(...places.map((place) => native(place, COUNTER)));
    const paths = (await platform.list()).map(({ path }) => path);
    expect(paths).toEqual(['usb1', '1-1', '1-1.2', '1-1.10', 'usb2', '2-1']);
  });

  it('knows the packet size without the bits for extra transactions', async () => {
    const bytes = deviceBytes(
      { vid: 1, pid: 2 },
      configuration(1, interfaceBytes(0, 0, [3, 0, 0], endpoint(0x81, 3, 0x1400))),
    );
    const [device] = await platformWith(native({ ports: [1] }, bytes)).platform.list();
    expect(device?.configurations[0]?.settings[0]?.endpoints).toEqual([
      { address: 0x81, type: 'interrupt', maxPacketSize: 1024, packetsPerInterval: 3 },
    ]);
  });

  it('keeps a device whose configurations cannot be read, and the others', async () => {
    const broken = {
      get allConfigDescriptors(): never {
        throw GONE;
      },
      get configDescriptor(): never {
        throw GONE;
      },
    };
    const { platform } = platformWith(
      native({ ports: [1] }, COUNTER, broken),
      native({ address: 3, ports: [2] }, COUNTER, { configDescriptor: undefined }),
    );
    expect(await platform.list()).toMatchObject([
      { path: '1-1', vid: 0x1234, configurations: [], configurationValue: undefined },
      { path: '1-2', configurations: [{ value: 1 }], configurationValue: undefined },
    ]);
  });

  it('is empty without devices, and fails where libusb cannot be loaded', async () => {
    expect(await platformWith().platform.list()).toEqual([]);
    const failure = new Error('cannot load');
    const platform = portablePlatform(() => Promise.reject(failure));
    await expect(platform.list()).rejects.toBe(failure);
  });
});

describe('the descriptors', () => {
  it.each(
    Object.entries({ COMPOSITE, CONFIGURATIONS, STORAGE, SUPER }),
  )('of %s are those that the device sent', async (_, { descriptors }) => {
    const info = deviceInfo({ bus: 1, address: 2 });
    const { platform } = platformWith(native({ ports: [1] }, descriptors));
    const read = await platform.descriptors(info);
    expect(Buffer.from(read.descriptors)).toEqual(Buffer.from(descriptors));
    expect(read.bos).toBeUndefined();
    const [listed] = await platform.list();
    expect(parseConfigurations(read.descriptors.subarray(18))).toEqual(listed?.configurations);
  });

  it('of an audio endpoint leave out the fields that libusb parses apart', async () => {
    const audio = Uint8Array.of(9, 5, 0x81, 1, 0x40, 0, 4, 1, 2);
    const bytes = deviceBytes(
      { vid: 1, pid: 2 },
      configuration(1, interfaceBytes(0, 0, [1, 2, 0], audio)),
    );
    const { platform } = platformWith(native({ ports: [1] }, bytes));
    const { descriptors } = await platform.descriptors(deviceInfo());
    expect([...descriptors.subarray(-7)]).toEqual([7, 5, 0x81, 1, 0x40, 0, 4]);
  });

  it('are those of the device alone where the configurations cannot be read', async () => {
    const broken = {
      get allConfigDescriptors(): never {
        throw GONE;
      },
    };
    const { platform } = platformWith(native({ ports: [1] }, COUNTER, broken));
    const { descriptors } = await platform.descriptors(deviceInfo());
    expect(Buffer.from(descriptors)).toEqual(Buffer.from(COUNTER.subarray(0, 18)));
  });

  it.each([
    { bus: 1, address: 3 },
    { bus: 2, address: 2 },
  ])('of a device that is gone cannot be had: %o', async (place) => {
    const { platform } = platformWith(native({ ports: [1] }, COUNTER));
    await expect(platform.descriptors(deviceInfo(place))).rejects.toMatchObject({
      code: 'no-device',
      message: 'the device at 1-1 is gone',
    });
  });
});

describe('a portable platform', () => {
  const INFO = deviceInfo();

  it('finds a device present until it is unplugged, even if its address is taken again', async () => {
    const device = native({ ports: [1] }, COUNTER);
    const { platform, list } = platformWith(device);
    expect(await platform.loss(INFO, device, undefined)).toBe(undefined);
    list[0] = native({ ports: [1] }, COUNTER);
    expect(await platform.loss(INFO, device, undefined)).toBe('disconnected');
    list.pop();
    expect(await platform.loss(INFO, device, undefined)).toBe('disconnected');
  });

  it('knows no drivers, device files or limits', async () => {
    const { platform } = platformWith();
    expect(await platform.inspect(INFO)).toEqual({
      accessible: undefined,
      node: undefined,
      interfaces: [],
    });
    expect(platform.driverOf(INFO, 0)).toBeUndefined();
    expect(await platform.transferMemory()).toBeUndefined();
    expect(platform.fingerprint).toBeUndefined();
    expect(() => platform.checkBeforeOpen(INFO)).not.toThrow();
  });

  it('explains failures by their code', () => {
    const { platform } = platformWith();
    const request = { requestType: 0xc0, request: 1, value: 0, index: 0 };
    expect(platform.unlistedError(INFO)).toMatchObject({ code: 'no-device' });
    const words = [
      platform.openError(INFO, GONE),
      platform.claimError(INFO, 2, GONE),
      platform.controlError(INFO, request, [], GONE),
    ];
    expect(words.map(({ code, message }) => [code, message])).toEqual([
      ['no-device', 'cannot open the device at 1-1: the device is gone'],
      ['no-device', 'cannot claim interface 2: the device is gone'],
      ['no-device', 'cannot send the control request: the device is gone'],
    ]);
  });

  it('diagnoses whether libusb can be loaded', async () => {
    expect(
      await platformWith().platform.diagnose([INFO], () =>
        Promise.reject(new Error('the device is opened')),
      ),
    ).toMatchObject([{ id: 'libusb', device: undefined, status: 'ok' }]);
  });
});
