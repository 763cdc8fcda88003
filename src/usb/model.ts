import { UsbError } from './errors.js';

/*
 * What is known about devices and their descriptors. Nothing here opens a device.
 */

/** The direction of data as the host sees it: `in` is device to host. */
export type Direction = 'in' | 'out';

/** The four transfer types (USB 2.0 §5.4), in the order of bits 1..0 of bmAttributes (table 9-13). */
export const TRANSFER_TYPES = ['control', 'isochronous', 'bulk', 'interrupt'] as const;

/** The transfer type of an endpoint. */
export type TransferType = (typeof TRANSFER_TYPES)[number];

/** What is known about a device without opening it. Its strings are untrusted. */
export interface DeviceInfo {
  /** The port path, as the kernel writes it: bus, then ports (`3-1.2`); `usb3` is a root hub. */
  readonly path: string;
  /** The bus number. */
  readonly bus: number;
  /** The address on the bus, 1–127. It changes every time the device is plugged in. */
  readonly address: number;
  /** idVendor. */
  readonly vid: number;
  /** idProduct. */
  readonly pid: number;
  /** bcdUSB: the version of the USB specification, 0x0210 for 2.1. */
  readonly usbVersion: number;
  /** bDeviceClass; 0 if each interface has its own class. */
  readonly deviceClass: number;
  /** bDeviceSubClass. */
  readonly deviceSubClass: number;
  /** bDeviceProtocol. */
  readonly deviceProtocol: number;
  /** The negotiated signalling rate in Mbit/s: 1.5, 12, 480, 5000, 10000 or 20000. */
  readonly speed: number | undefined;
  /** The string of iManufacturer. */
  readonly manufacturer: string | undefined;
  /** The string of iProduct. */
  readonly product: string | undefined;
  /** The string of iSerialNumber. */
  readonly serial: string | undefined;
  /** All configurations, in the order of their descriptors. */
  readonly configurations: readonly Configuration[];
  /** bConfigurationValue of the active configuration; undefined if the device is not configured. */
  readonly configurationValue: number | undefined;
  /**
   * Whether a cancelled transfer completes with the data that it had moved. False for most devices
   * over USB/IP: the reply to a cancel carries no data, so that received bytes are lost, and accepted
   * bytes are not counted.
   */
  readonly cancelKeepsData: boolean;
  /**
   * Whether `usbVersion`, the strings and the endpoints are unknown until `Backend.examine`. An
   * unconfigured device is configured then.
   */
  readonly isPartial?: true;
}

/** One configuration with all alternate settings of all its interfaces (USB 2.0 §9.6.3). */
export interface Configuration {
  /** bConfigurationValue, at least 1. */
  readonly value: number;
  /** The alternate settings of all interfaces, in the order of their descriptors. */
  readonly settings: readonly AlternateSetting[];
}

/** One alternate setting of one interface (USB 2.0 §9.6.5). */
export interface AlternateSetting {
  /** bInterfaceNumber. Numbers need not be consecutive: never use one as an index. */
  readonly interfaceNumber: number;
  /** bAlternateSetting; 0 is selected when the device is configured. */
  readonly alternateSetting: number;
  /** bInterfaceClass. */
  readonly interfaceClass: number;
  /** bInterfaceSubClass. */
  readonly interfaceSubClass: number;
  /** bInterfaceProtocol. */
  readonly interfaceProtocol: number;
  /** Its endpoints, in the order of their descriptors. */
  readonly endpoints: readonly EndpointDescriptor[];
}

/** An endpoint descriptor (USB 2.0 §9.6.6). */
export interface EndpointDescriptor {
  /** bEndpointAddress: the number (1–15), with bit 7 set for IN. 0x82 is EP 2 IN. */
  readonly address: number;
  /** The transfer type in bmAttributes. */
  readonly type: TransferType;
  /** Bytes in one full packet: wMaxPacketSize, bits 10..0. */
  readonly maxPacketSize: number;
  /** The packets of an interrupt endpoint in one service interval, 2 or more; 1 if absent. */
  readonly packetsPerInterval?: number;
}

const IN = 0x80;
const HUB = 0x09;

/** Returns the active configuration; undefined if the device is not configured. */
export function activeConfiguration({
  configurations,
  configurationValue,
}: Pick<DeviceInfo, 'configurations' | 'configurationValue'>): Configuration | undefined {
  return configurations.find(({ value }) => value === configurationValue);
}

/**
 * Finds a configuration by its bConfigurationValue.
 *
 * @throws UsbError `not-found`, with the configurations that exist
 */
export function findConfiguration(
  { configurations, configurationValue }: Pick<DeviceInfo, 'configurations' | 'configurationValue'>,
  wanted: number,
): Configuration {
  const found = configurations.find(({ value }) => value === wanted);
  if (found === undefined) {
    const all = configurations.map(
      ({ value }) => `${value}${value === configurationValue ? ' (active)' : ''}`,
    );
    const offer = all.length === 0 ? 'none' : all.join(', ');
    throw new UsbError('not-found', `the device has no configuration ${wanted}; it has ${offer}`);
  }
  return found;
}

/** Returns the interface numbers of the active configuration in descriptor order, each once. */
export function interfaceNumbers(
  device: Pick<DeviceInfo, 'configurations' | 'configurationValue'>,
): number[] {
  const settings = activeConfiguration(device)?.settings ?? [];
  return [...new Set(settings.map(({ interfaceNumber }) => interfaceNumber))];
}

/**
 * Finds an alternate setting of the active configuration.
 *
 * @throws UsbError `not-found`
 */
export function findSetting(
  device: DeviceInfo,
  interfaceNumber: number,
  alternateSetting: number,
): AlternateSetting {
  const found = activeConfiguration(device)?.settings.find(
    (setting) =>
      setting.interfaceNumber === interfaceNumber && setting.alternateSetting === alternateSetting,
  );
  if (found === undefined) {
    throw new UsbError(
      'not-found',
      `the device has no interface ${interfaceNumber} with alternate setting ${alternateSetting}`,
    );
  }
  return found;
}

/** Returns the direction in bit 7 of an endpoint address or of bmRequestType. */
export function directionOf(address: number): Direction {
  return (address & IN) === 0 ? 'out' : 'in';
}

/** Returns the address of endpoint `number` (0–15) in a direction. */
export function endpointAddress(number: number, direction: Direction): number {
  return direction === 'in' ? number | IN : number;
}

/** Returns the transfer type in bits 1..0 of bmAttributes. */
export function transferTypeOf(bmAttributes: number): TransferType {
  return TRANSFER_TYPES[bmAttributes & 3] ?? 'control';
}

/** Returns the packet size in bits 10..0 of wMaxPacketSize; bits 12..11 count extra transactions. */
export function packetSizeOf(wMaxPacketSize: number): number {
  return wMaxPacketSize & 0x7ff;
}

/** Returns the transactions in one microframe of a periodic endpoint: bits 12..11 (USB 2.0 §9.6.6). */
export function transactionsOf(wMaxPacketSize: number): number {
  return ((wMaxPacketSize >> 11) & 3) + 1;
}

/** The most packets in one service interval of an interrupt endpoint (USB 2.0 §5.7.3, USB 3.2 §9.6.7). */
const MAX_PACKETS = 3;

/**
 * Creates an endpoint descriptor from its fields.
 *
 * @param bMaxBurst that of the SuperSpeed companion; undefined without one
 */
export function endpointDescriptor(
  bEndpointAddress: number,
  bmAttributes: number,
  wMaxPacketSize: number,
  bMaxBurst?: number,
): EndpointDescriptor {
  const type = transferTypeOf(bmAttributes);
  const packets = bMaxBurst === undefined ? transactionsOf(wMaxPacketSize) : bMaxBurst + 1;
  return {
    address: bEndpointAddress,
    type,
    maxPacketSize: packetSizeOf(wMaxPacketSize),
    ...(type === 'interrupt' && packets > 1
      ? { packetsPerInterval: Math.min(packets, MAX_PACKETS) }
      : {}),
  };
}

/** Returns whether a device is a hub, including a root hub. */
export function isHub({ deviceClass }: DeviceInfo): boolean {
  return deviceClass === HUB;
}

/**
 * Returns the class codes of a device, each once: its own, then those of the interfaces of all its
 * configurations. 0 is left out: it means that each interface has its own class (USB 2.0 §9.6.1).
 */
export function classesOf({ deviceClass, configurations }: DeviceInfo): number[] {
  const interfaces = configurations.flatMap(({ settings }) =>
    settings.map(({ interfaceClass }) => interfaceClass),
  );
  return [...new Set([deviceClass, ...interfaces])].filter((code) => code !== 0);
}

/** Selects devices: every property that is given must match. */
export interface DeviceFilter {
  /** idVendor. */
  readonly vid?: number | undefined;
  /** idProduct. */
  readonly pid?: number | undefined;
  /** The exact serial number. */
  readonly serial?: string | undefined;
  /** The port path, such as `3-1.2`. */
  readonly path?: string | undefined;
  /** The bus number. */
  readonly bus?: number | undefined;
  /** The address on the bus. */
  readonly address?: number | undefined;
  /** A class code of the device or of any of its interfaces. */
  readonly classCode?: number | undefined;
}

const FILTER_PROPERTIES = ['vid', 'pid', 'serial', 'path', 'bus', 'address'] as const;

/** Returns whether a device matches a filter. */
export function matches(device: DeviceInfo, filter: DeviceFilter): boolean {
  const { classCode } = filter;
  return (
    FILTER_PROPERTIES.every((key) => filter[key] === undefined || filter[key] === device[key]) &&
    (classCode === undefined || classesOf(device).includes(classCode))
  );
}
