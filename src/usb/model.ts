import type { DeviceInfo } from './backend.js';
import { classesOf } from './device-class.js';

/** Which way data goes, as the host sees it: `in` is device to host. */
export type Direction = 'in' | 'out';

/** The four kinds of endpoint (USB 2.0 §5.4). */
export type TransferType = 'control' | 'isochronous' | 'bulk' | 'interrupt';

/** An endpoint descriptor (USB 2.0 §9.6.6). */
export interface EndpointDescriptor {
  /** bEndpointAddress: the number (1–15), with bit 7 set for IN. 0x82 is EP 2 IN. */
  readonly address: number;
  readonly type: TransferType;
  /** Bytes in one full packet: wMaxPacketSize, bits 10..0. */
  readonly maxPacketSize: number;
}

/** One alternate setting of one interface (USB 2.0 §9.6.5). */
export interface AlternateSetting {
  /** bInterfaceNumber. Numbers may have holes: it is a name, never an index. */
  readonly interfaceNumber: number;
  /** bAlternateSetting; 0 is the one in force after the device is configured. */
  readonly alternateSetting: number;
  readonly interfaceClass: number;
  readonly interfaceSubClass: number;
  readonly interfaceProtocol: number;
  readonly endpoints: readonly EndpointDescriptor[];
}

/** One configuration with all settings of all its interfaces (USB 2.0 §9.6.3). */
export interface Configuration {
  /** bConfigurationValue, from 1 on. */
  readonly value: number;
  readonly settings: readonly AlternateSetting[];
}

const IN = 0x80;

/** By their number in bits 1..0 of bmAttributes (USB 2.0 table 9-13). */
export const TRANSFER_TYPES = ['control', 'isochronous', 'bulk', 'interrupt'] as const;

/** The direction that bit 7 of an endpoint address says. */
export function directionOf(address: number): Direction {
  return (address & IN) !== 0 ? 'in' : 'out';
}

/** The address of endpoint `number` (0–15) in a direction. */
export function endpointAddress(number: number, direction: Direction): number {
  return direction === 'in' ? number | IN : number;
}

/** The transfer type in bits 1..0 of bmAttributes. */
export function transferTypeOf(bmAttributes: number): TransferType {
  return TRANSFER_TYPES[bmAttributes & 3] ?? 'control';
}

/** The packet size in bits 10..0 of wMaxPacketSize; the bits above count extra transactions. */
export function packetSizeOf(wMaxPacketSize: number): number {
  return wMaxPacketSize & 0x7ff;
}

/** Which devices are meant: all properties that are given must fit. */
export interface DeviceFilter {
  readonly vid?: number | undefined;
  readonly pid?: number | undefined;
  /** The serial number, to the letter. */
  readonly serial?: string | undefined;
  /** The port path, such as `3-1.2`. */
  readonly path?: string | undefined;
  readonly bus?: number | undefined;
  readonly address?: number | undefined;
  /** A class code, of the device or of any of its interfaces. */
  readonly classCode?: number | undefined;
}

/** Whether a device fits a filter. */
export function matches(device: DeviceInfo, filter: DeviceFilter): boolean {
  return (
    (filter.vid === undefined || filter.vid === device.vid) &&
    (filter.pid === undefined || filter.pid === device.pid) &&
    (filter.serial === undefined || filter.serial === device.serial) &&
    (filter.path === undefined || filter.path === device.path) &&
    (filter.bus === undefined || filter.bus === device.bus) &&
    (filter.address === undefined || filter.address === device.address) &&
    (filter.classCode === undefined || classesOf(device).includes(filter.classCode))
  );
}
