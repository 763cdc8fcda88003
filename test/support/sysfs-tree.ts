import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  ASSOCIATION_FIELDS,
  COMPANION_FIELDS,
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  ENDPOINT_FIELDS,
  encodeFields,
  INTERFACE_FIELDS,
} from '../../src/usb/descriptors/fields.js';

/** A device in a tree with the layout of Linux's sysfs. */
export interface SysfsDevice {
  /** Port path: `3-1.2` or `usb3`. */
  readonly path: string;
  readonly address: number;
  /** Speed in Mbit/s. */
  readonly speed: number;
  readonly descriptors: Uint8Array;
  readonly bos?: Uint8Array;
  /** Strings; as bytes if they are no valid UTF-8. */
  readonly manufacturer?: string | Uint8Array;
  readonly product?: string | Uint8Array;
  readonly serial?: string | Uint8Array;
  /** bConfigurationValue of the active configuration; 1 by default, 0 for none. */
  readonly configuration?: number;
  /** The interfaces by number. */
  readonly interfaces?: Readonly<Record<number, SysfsInterface>>;
  /** Whether it has a device file; true by default. */
  readonly hasFile?: boolean;
}

/** The driver of an interface and its device files. */
export interface SysfsInterface {
  readonly driver?: string;
  readonly name?: string;
  /** Directories below that of the interface, each with the name of its device file in /dev, or none. */
  readonly folders?: Readonly<Record<string, string | undefined>>;
}

/** Writes devices below a directory that stands for /. */
export function writeSystem(root: string, devices: readonly SysfsDevice[]): void {
  mkdirSync(join(root, 'sys/bus/usb/devices'), { recursive: true });
  for (const device of devices) {
    writeDevice(root, device);
  }
}

function writeDevice(root: string, device: SysfsDevice): void {
  const { path, address, interfaces = {}, configuration = 1 } = device;
  const bus = Number(/\d+/.exec(path)?.[0]);
  const folder = join(root, 'sys/bus/usb/devices', path);
  mkdirSync(folder);
  const attributes: Record<string, string | Uint8Array | undefined> = {
    busnum: `${bus}\n`,
    devnum: `${address}\n`,
    speed: `${device.speed}\n`,
    descriptors: device.descriptors,
    bos_descriptors: device.bos,
    bConfigurationValue: configuration === 0 ? '\n' : `${configuration}\n`,
    manufacturer: line(device.manufacturer),
    product: line(device.product),
    serial: line(device.serial),
  };
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) {
      writeFileSync(join(folder, name), value);
    }
  }
  const hub = path.startsWith('usb') ? `${bus}-0` : path;
  for (const [number, state] of Object.entries(interfaces)) {
    const name = `${hub}:${configuration}.${number}`;
    writeInterface(join(root, 'sys/bus/usb/devices', name), Number(number), state);
  }
  if (device.hasFile ?? true) {
    const digits = (value: number) => String(value).padStart(3, '0');
    write(join(root, 'dev/bus/usb', digits(bus), digits(address)), '');
  }
}

function writeInterface(folder: string, number: number, state: SysfsInterface): void {
  write(join(folder, 'bInterfaceNumber'), `${String(number).padStart(2, '0')}\n`);
  mkdirSync(join(folder, 'ep_81'));
  mkdirSync(join(folder, 'power'));
  if (state.driver !== undefined) {
    symlinkSync(`../../../../bus/usb/drivers/${state.driver}`, join(folder, 'driver'));
  }
  if (state.name !== undefined) {
    write(join(folder, 'interface'), `${state.name}\n`);
  }
  for (const [path, device] of Object.entries(state.folders ?? {})) {
    const name = device === undefined ? '' : `MAJOR=1\nMINOR=2\nDEVNAME=${device}\n`;
    write(join(folder, path, 'uevent'), name);
  }
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function line(text: string | Uint8Array | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.concat([Buffer.from(text), Buffer.from('\n')]);
}

/** Returns a device descriptor, followed by the configurations. */
export function deviceBytes(
  {
    vid,
    pid,
    usb = 0x0200,
    classes = [0, 0, 0],
    strings = [1, 2, 3],
  }: {
    vid: number;
    pid: number;
    usb?: number;
    classes?: readonly [number, number, number];
    strings?: readonly [number, number, number];
  },
  ...configurations: Uint8Array[]
): Uint8Array {
  const descriptor = encodeFields(DEVICE_FIELDS, {
    bLength: 18,
    bDescriptorType: 1,
    bcdUSB: usb,
    bDeviceClass: classes[0],
    bDeviceSubClass: classes[1],
    bDeviceProtocol: classes[2],
    bMaxPacketSize0: usb >= 0x0300 ? 9 : 64,
    idVendor: vid,
    idProduct: pid,
    bcdDevice: 0x0123,
    iManufacturer: strings[0],
    iProduct: strings[1],
    iSerialNumber: strings[2],
    bNumConfigurations: configurations.length,
  });
  return Buffer.concat([descriptor, ...configurations]);
}

export function configuration(value: number, ...content: Uint8Array[]): Uint8Array {
  const all = Buffer.concat(content);
  const interfaces = new Set(content.filter((bytes) => bytes[1] === 4).map((bytes) => bytes[2]));
  const head = encodeFields(CONFIGURATION_FIELDS, {
    bLength: 9,
    bDescriptorType: 2,
    wTotalLength: 9 + all.length,
    bNumInterfaces: interfaces.size,
    bConfigurationValue: value,
    iConfiguration: 0,
    bmAttributes: 0xa0,
    bMaxPower: 250,
  });
  return Buffer.concat([head, all]);
}

export function association(first: number, count: number, code: number): Uint8Array {
  return encodeFields(ASSOCIATION_FIELDS, {
    bLength: 8,
    bDescriptorType: 0x0b,
    bFirstInterface: first,
    bInterfaceCount: count,
    bFunctionClass: code,
    bFunctionSubClass: 2,
    bFunctionProtocol: 1,
    iFunction: 0,
  });
}

/** Returns an interface descriptor, followed by the given descriptors. */
export function interfaceBytes(
  number: number,
  alternate: number,
  classes: readonly [number, number, number],
  ...content: Uint8Array[]
): Uint8Array {
  const head = encodeFields(INTERFACE_FIELDS, {
    bLength: 9,
    bDescriptorType: 4,
    bInterfaceNumber: number,
    bAlternateSetting: alternate,
    bNumEndpoints: content.filter((bytes) => bytes[1] === 5).length,
    bInterfaceClass: classes[0],
    bInterfaceSubClass: classes[1],
    bInterfaceProtocol: classes[2],
    iInterface: 0,
  });
  return Buffer.concat([head, ...content]);
}

export function endpoint(address: number, attributes: number, size: number, interval = 0) {
  return encodeFields(ENDPOINT_FIELDS, {
    bLength: 7,
    bDescriptorType: 5,
    bEndpointAddress: address,
    bmAttributes: attributes,
    wMaxPacketSize: size,
    bInterval: interval,
  });
}

export function companion(burst: number, attributes: number, bytes = 0): Uint8Array {
  return encodeFields(COMPANION_FIELDS, {
    bLength: 6,
    bDescriptorType: 0x30,
    bMaxBurst: burst,
    bmAttributes: attributes,
    wBytesPerInterval: bytes,
  });
}

/** Returns a BOS descriptor of a device that supports 5 Gbit/s, or 10 Gbit/s with `plus`. */
export function bos(plus = false): Uint8Array {
  const superSpeed = Buffer.from('0a100300' + '0e000' + '1' + '0a' + 'ff07', 'hex');
  const superSpeedPlus = Buffer.from(
    `14100a00${'01000000'}${'01110000'}${'30400a00'}${'b0400a00'}`,
    'hex',
  );
  const capabilities = plus ? [superSpeed, superSpeedPlus] : [superSpeed];
  const content = Buffer.concat(capabilities);
  const head = Buffer.from([5, 0x0f, 5 + content.length, 0, capabilities.length]);
  return Buffer.concat([head, content]);
}

const BULK = 2;
const INTERRUPT = 3;
const HUB = [9, 0, 0] as const;
const VENDOR = [0xff, 0, 0] as const;

function hub(path: string, address: number, speed: number, usb: number): SysfsDevice {
  const root = path.startsWith('usb');
  return {
    path,
    address,
    speed,
    descriptors: deviceBytes(
      {
        vid: 0x1d6b,
        pid: usb >> 8,
        usb,
        classes: [9, 0, 1],
        strings: root ? [3, 2, 1] : [0, 0, 0],
      },
      configuration(1, interfaceBytes(0, 0, HUB, endpoint(0x81, INTERRUPT, 4, 12))),
    ),
    ...(root
      ? { manufacturer: 'Linux 6.1.0 xhci-hcd', product: 'xHCI Host Controller', serial: '0000:00' }
      : {}),
    interfaces: { 0: { driver: 'hub' } },
  };
}

/** A serial port and a keyboard in one device, on a hub. */
export const COMPOSITE: SysfsDevice = {
  path: '3-1.2',
  address: 4,
  speed: 12,
  manufacturer: 'Acme',
  product: 'Acme Serial Keyboard',
  serial: 'A-1',
  descriptors: deviceBytes(
    { vid: 0x0a5c, pid: 0x21e8, classes: [0xef, 2, 1] },
    configuration(
      1,
      association(0, 2, 2),
      interfaceBytes(
        0,
        0,
        [2, 2, 1],
        Buffer.from('0524001001', 'hex'),
        endpoint(0x83, INTERRUPT, 16, 8),
      ),
      interfaceBytes(1, 0, [0x0a, 0, 0], endpoint(0x81, BULK, 64), endpoint(0x02, BULK, 64)),
      interfaceBytes(
        2,
        0,
        [3, 1, 1],
        Buffer.from('092111010001223f00', 'hex'),
        endpoint(0x84, INTERRUPT, 8, 10),
      ),
    ),
  ),
  interfaces: {
    0: { driver: 'cdc_acm', name: 'Console', folders: { 'tty/ttyACM0': 'ttyACM0' } },
    1: { driver: 'cdc_acm' },
    2: {
      driver: 'usbhid',
      folders: {
        '0003:0A5C:21E8.0001': undefined,
        '0003:0A5C:21E8.0001/hidraw/hidraw0': 'hidraw0',
        '0003:0A5C:21E8.0001/input/input5': undefined,
        '0003:0A5C:21E8.0001/input/input5/event3': 'input/event3',
      },
    },
  },
};

/** Two configurations, no strings; the second is active, and one interface is a network interface. */
export const CONFIGURATIONS: SysfsDevice = {
  path: '3-1.3',
  address: 5,
  speed: 480,
  configuration: 2,
  descriptors: deviceBytes(
    { vid: 0x0bda, pid: 0x8152, strings: [0, 0, 0] },
    configuration(1, interfaceBytes(0, 0, VENDOR, endpoint(0x81, BULK, 512))),
    configuration(
      2,
      interfaceBytes(0, 0, [2, 6, 0], endpoint(0x83, INTERRUPT, 16, 8)),
      interfaceBytes(1, 0, [0x0a, 0, 0]),
      interfaceBytes(1, 1, [0x0a, 0, 0], endpoint(0x81, BULK, 512), endpoint(0x02, BULK, 512)),
    ),
  ),
  interfaces: { 0: { driver: 'cdc_ether', folders: { 'net/enx00e04c': undefined } } },
};

/** A disk without a device file, which cannot be opened. */
export const STORAGE: SysfsDevice = {
  path: '3-2',
  address: 6,
  speed: 480,
  manufacturer: '閃存',
  product: 'Disk 💾',
  serial: 'é́-\u001b[31m',
  hasFile: false,
  descriptors: deviceBytes(
    { vid: 0x0781, pid: 0x5581 },
    configuration(
      1,
      interfaceBytes(0, 0, [8, 6, 0x50], endpoint(0x81, BULK, 512), endpoint(0x02, BULK, 512)),
    ),
  ),
  interfaces: {
    0: {
      driver: 'usb-storage',
      folders: {
        'host2/target2:0:0/2:0:0:0/block/sdb': 'sdb',
        'host2/target2:0:0/2:0:0:0/block/sdb/sdb1': 'sdb1',
        'host2/target2:0:0/2:0:0:0/scsi_generic/sg1': 'sg1',
      },
    },
  },
};

/** A SuperSpeed device at a port that does not support it. */
export const SLOWED: SysfsDevice = {
  path: '3-4',
  address: 7,
  speed: 480,
  product: 'Camera',
  bos: bos(),
  descriptors: deviceBytes(
    { vid: 0x1234, pid: 0x0004, usb: 0x0210, strings: [0, 2, 0] },
    configuration(1, interfaceBytes(0, 0, VENDOR, endpoint(0x82, BULK, 512))),
  ),
};

/** A SuperSpeed device with bursts, streams, and an isochronous endpoint. */
export const SUPER: SysfsDevice = {
  path: '4-1',
  address: 2,
  speed: 10000,
  manufacturer: 'Acme',
  product: 'Grabber',
  serial: 'S 1',
  bos: bos(true),
  descriptors: deviceBytes(
    { vid: 0x1234, pid: 0x5678, usb: 0x0320 },
    configuration(
      1,
      interfaceBytes(0, 0, VENDOR),
      interfaceBytes(
        0,
        1,
        VENDOR,
        endpoint(0x81, BULK, 1024),
        companion(15, 4),
        endpoint(0x02, BULK, 1024),
        companion(3, 0),
        endpoint(0x83, 0x05, 1024, 1),
        companion(3, 2, 12288),
      ),
    ),
  ),
  interfaces: { 0: { name: 'Stream' } },
};

/** A complete system: two buses, a hub, and the devices above. */
export const SYSTEM: readonly SysfsDevice[] = [
  hub('usb3', 1, 480, 0x0200),
  hub('3-1', 3, 480, 0x0200),
  COMPOSITE,
  CONFIGURATIONS,
  STORAGE,
  SLOWED,
  hub('usb4', 1, 10000, 0x0310),
  SUPER,
];
