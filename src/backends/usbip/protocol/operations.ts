/*
 * The first phase of a USB/IP connection, version 1.1.1 (Documentation/usb/usbip_protocol.rst of Linux):
 * a request and a reply that list the devices of a server, or import one. All fields are big-endian.
 */

/** The protocol version in each operation. */
export const VERSION = 0x0111;

/** The codes of operations; those of requests have bit 15 set. */
export const OPERATION = {
  importRequest: 0x8003,
  importReply: 0x0003,
  listRequest: 0x8005,
  listReply: 0x0005,
} as const;

/** The status in the reply to an import. */
export const IMPORT_STATUS = {
  ok: 0,
  unavailable: 1,
  inUse: 2,
  deviceError: 3,
  noDevice: 4,
  error: 5,
} as const;

/** Sizes in bytes. */
export const OPERATION_LENGTH = 8;
export const COUNT_LENGTH = 4;
export const PATH_LENGTH = 256;
export const BUS_ID_LENGTH = 32;
export const DEVICE_LENGTH = 312;
export const INTERFACE_LENGTH = 4;

/** The maximum number of devices in a list that is accepted. */
export const MAX_DEVICES = 1024;

/** The head of an operation. */
export interface Operation {
  readonly version: number;
  readonly code: number;
  /** 0 in a request. */
  readonly status: number;
}

/** A device as a server describes it. Untrusted. */
export interface ExportedDevice {
  /** The path in the system of the server: text without a meaning for the client. */
  readonly path: string;
  /** The name under which it is imported, such as `1-1`. */
  readonly busId: string;
  readonly bus: number;
  readonly address: number;
  /** A code of `SPEED_CODES`. */
  readonly speed: number;
  readonly vid: number;
  readonly pid: number;
  readonly release: number;
  readonly deviceClass: number;
  readonly deviceSubClass: number;
  readonly deviceProtocol: number;
  /** 0 if the device is not configured. */
  readonly configurationValue: number;
  readonly configurations: number;
  /** bNumInterfaces of the active configuration. */
  readonly interfaces: number;
}

/** The class, subclass and protocol of an interface. */
export type InterfaceClass = readonly [number, number, number];

/** The signalling rate in Mbit/s for each speed code. 4 is wireless USB. */
export const SPEED_CODES: readonly (number | undefined)[] = [
  undefined,
  1.5,
  12,
  480,
  480,
  5000,
  10_000,
];

/** Returns the speed code of a signalling rate in Mbit/s; 0 for an unknown one. */
export function speedCode(speed: number | undefined): number {
  const code = SPEED_CODES.findLastIndex((rate) => rate !== undefined && rate <= (speed ?? 0));
  return code === 4 ? 3 : Math.max(code, 0);
}

/** Encodes the head of an operation. */
export function encodeOperation(code: number, status = 0): Buffer {
  const bytes = Buffer.alloc(OPERATION_LENGTH);
  bytes.writeUInt16BE(VERSION, 0);
  bytes.writeUInt16BE(code, 2);
  bytes.writeUInt32BE(status, 4);
  return bytes;
}

/** Decodes the head of an operation from at least 8 bytes. */
export function decodeOperation(bytes: Buffer): Operation {
  return {
    version: bytes.readUInt16BE(0),
    code: bytes.readUInt16BE(2),
    status: bytes.readUInt32BE(4),
  };
}

/** Encodes a request to import a device. */
export function encodeImport(busId: string): Buffer {
  return Buffer.concat([encodeOperation(OPERATION.importRequest), text(busId, BUS_ID_LENGTH)]);
}

/** Encodes the description of a device. */
export function encodeDevice(device: ExportedDevice): Buffer {
  const bytes = Buffer.alloc(DEVICE_LENGTH);
  text(device.path, PATH_LENGTH).copy(bytes, 0);
  text(device.busId, BUS_ID_LENGTH).copy(bytes, 256);
  bytes.writeUInt32BE(device.bus, 288);
  bytes.writeUInt32BE(device.address, 292);
  bytes.writeUInt32BE(device.speed, 296);
  bytes.writeUInt16BE(device.vid, 300);
  bytes.writeUInt16BE(device.pid, 302);
  bytes.writeUInt16BE(device.release, 304);
  bytes.set(
    [
      device.deviceClass,
      device.deviceSubClass,
      device.deviceProtocol,
      device.configurationValue,
      device.configurations,
      device.interfaces,
    ],
    306,
  );
  return bytes;
}

/** Decodes the description of a device from at least 312 bytes. */
export function decodeDevice(bytes: Buffer): ExportedDevice {
  return {
    path: textOf(bytes.subarray(0, PATH_LENGTH)),
    busId: textOf(bytes.subarray(256, 256 + BUS_ID_LENGTH)),
    bus: bytes.readUInt32BE(288),
    address: bytes.readUInt32BE(292),
    speed: bytes.readUInt32BE(296),
    vid: bytes.readUInt16BE(300),
    pid: bytes.readUInt16BE(302),
    release: bytes.readUInt16BE(304),
    deviceClass: bytes.readUInt8(306),
    deviceSubClass: bytes.readUInt8(307),
    deviceProtocol: bytes.readUInt8(308),
    configurationValue: bytes.readUInt8(309),
    configurations: bytes.readUInt8(310),
    interfaces: bytes.readUInt8(311),
  };
}

/** Encodes a text, cut so that a NUL follows it. */
function text(value: string, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.write(value, 0, length - 1, 'utf8');
  return bytes;
}

/** Returns the text of a field before its first NUL. */
export function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}
