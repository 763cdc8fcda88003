import type { CompanionFields, EndpointFields } from '../../usb/descriptors/fields.js';
import { DESCRIPTOR_TYPE, type EndpointNode } from '../../usb/descriptors/tree.js';
import { className } from '../../usb/device-class.js';
import { hex2, hex4 } from '../../usb/format.js';
import {
  directionOf,
  packetSizeOf,
  type TransferType,
  transactionsOf,
  transferTypeOf,
} from '../../usb/model.js';
import { countOf, usbVersion } from '../terminal/format.js';
import { sanitize } from '../terminal/sanitize.js';
import { table } from '../terminal/table.js';
import type { DeviceDetails } from './details.js';

/** The device and endpoint that the fields belong to. */
export interface FieldContext {
  readonly device: DeviceDetails;
  /** The endpoint, for fields of its descriptors. */
  readonly endpoint?: EndpointFacts;
}

type Fields = Readonly<Record<string, number>>;

/** The lowest bcdUSB of a device that operates at SuperSpeed. */
const USB_3 = 0x0300;

const SYNCHRONISATION = ['', 'asynchronous', 'adaptive', 'synchronous'];
const USAGE = ['data', 'feedback', 'implicit feedback data', ''];

/** Describes the value of a field, by the name of the field in the specification. */
const MEANINGS: Readonly<
  Record<string, (value: number, fields: Fields, context: FieldContext) => string | undefined>
> = {
  bcdUSB: usbVersion,
  bcdDevice: usbVersion,
  bDeviceClass: (code) => (code === 0 ? 'defined by each interface' : className(code)),
  bInterfaceClass: className,
  bFunctionClass: className,
  idVendor: (_, __, { device }) => device.known.vendor,
  idProduct: (_, __, { device }) => device.known.product,
  iManufacturer: (_, __, { device }) => device.info.manufacturer,
  iProduct: (_, __, { device }) => device.info.product,
  iSerialNumber: (_, __, { device }) => device.info.serial,
  bMaxPacketSize0: (value, { bcdUSB = 0 }) =>
    bcdUSB >= USB_3 ? `2^${value} bytes` : countOf(value, 'byte'),
  wTotalLength: (value) => countOf(value, 'byte'),
  bMaxPower: (value, _, { device }) =>
    `${value * (device.info.usbVersion >= USB_3 ? 8 : 2)} mA maximum`,
  bEndpointAddress: (address) => `EP ${address & 0x0f} ${(address & 0x80) !== 0 ? 'IN' : 'OUT'}`,
  bmAttributes: attributes,
  wMaxPacketSize: (_, __, { endpoint }) => endpoint && packetSize(endpoint),
  bInterval: interval,
  bMaxBurst: (value) => `${countOf(value + 1, 'packet')} per burst`,
};

/** Formats the fields of a descriptor: name, value and meaning. */
export function fieldLines(fields: Fields, context: FieldContext): string[] {
  return table(
    Object.entries(fields).map(([name, value]) => [
      name.padEnd(18),
      valueText(name, value).padStart(6),
      sanitize(MEANINGS[name]?.(value, fields, context) ?? ''),
    ]),
  );
}

/** Formats codes, IDs, versions and bits in hexadecimal with all digits, and counts in decimal. */
function valueText(name: string, value: number): string {
  if (/^(bcd|id)/.test(name)) {
    return `0x${hex4(value)}`;
  }
  const isCode = /^bm|Class$|Protocol$|^bDescriptorType$|^bEndpointAddress$/.test(name);
  return isCode ? `0x${hex2(value)}` : String(value);
}

/** Describes bmAttributes, which exists in three descriptors. */
function attributes(value: number, fields: Fields, { endpoint }: FieldContext): string | undefined {
  switch (fields['bDescriptorType']) {
    case DESCRIPTOR_TYPE.configuration: {
      const power = (value & 0x40) !== 0 ? 'self-powered' : 'bus-powered';
      return (value & 0x20) !== 0 ? `${power}, remote wakeup` : power;
    }
    case DESCRIPTOR_TYPE.endpoint: {
      const isochronous = [SYNCHRONISATION[(value >> 2) & 3], USAGE[(value >> 4) & 3]];
      const details = endpoint?.type === 'isochronous' ? isochronous : [];
      return [endpoint?.type, ...details].filter(Boolean).join(', ');
    }
    case DESCRIPTOR_TYPE.companion:
      return endpoint && companionText(endpoint);
    default:
      return undefined;
  }
}

function companionText({ type, maxStreams, mult }: EndpointFacts): string | undefined {
  if (type === 'bulk') {
    return maxStreams === 0 ? 'no streams' : `${maxStreams} streams`;
  }
  return type === 'isochronous' ? `${countOf(mult, 'burst')} per interval` : undefined;
}

function packetSize({ maxPacketSize, mult, maxBurst }: EndpointFacts): string {
  const bytes = countOf(maxPacketSize, 'byte');
  return mult > 1 && maxBurst === undefined ? `${mult} x ${bytes} per microframe` : bytes;
}

/** Describes bInterval of periodic endpoints (USB 2.0 table 9-13). */
function interval(
  value: number,
  _: Fields,
  { device, endpoint }: FieldContext,
): string | undefined {
  const type = endpoint?.type;
  const { speed } = device.info;
  if ((type !== 'isochronous' && type !== 'interrupt') || speed === undefined || value === 0) {
    return undefined;
  }
  if (speed >= 480) {
    return value > 16 ? undefined : `every ${time(125 * 2 ** (value - 1))}`;
  }
  return `every ${time(1000 * (type === 'isochronous' ? 2 ** (value - 1) : value))}`;
}

function time(microseconds: number): string {
  return microseconds < 1000 ? `${microseconds} us` : `${microseconds / 1000} ms`;
}

/** The decoded properties of an endpoint. */
interface EndpointFacts {
  readonly direction: 'in' | 'out';
  readonly type: TransferType;
  /** In bytes. */
  readonly maxPacketSize: number;
  /** Packets per microframe; bursts per interval at SuperSpeed. */
  readonly mult: number;
  /** Packets per burst; undefined below SuperSpeed. */
  readonly maxBurst: number | undefined;
  /** Streams of a bulk endpoint at SuperSpeed; 0 if it has none. */
  readonly maxStreams: number | undefined;
}

/** Decodes the properties of an endpoint. */
export function endpointFacts({ fields, companion }: EndpointNode): EndpointFacts {
  const type = transferTypeOf(fields.bmAttributes);
  return {
    direction: directionOf(fields.bEndpointAddress),
    type,
    maxPacketSize: packetSizeOf(fields.wMaxPacketSize),
    mult: companion === undefined ? transactions(fields, type) : bursts(companion, type),
    maxBurst: companion && companion.bMaxBurst + 1,
    maxStreams: type === 'bulk' ? companion && streams(companion) : undefined,
  };
}

/** Decodes bits 12..11 of wMaxPacketSize (USB 2.0 §9.6.6); 1 for bulk endpoints. */
function transactions({ wMaxPacketSize }: EndpointFields, type: TransferType): number {
  const periodic = type === 'isochronous' || type === 'interrupt';
  return periodic ? transactionsOf(wMaxPacketSize) : 1;
}

/** Decodes Mult, bits 1..0 of bmAttributes of a companion (USB 3.2 §9.6.7). */
function bursts({ bmAttributes }: CompanionFields, type: TransferType): number {
  return type === 'isochronous' ? (bmAttributes & 3) + 1 : 1;
}

/** Decodes MaxStreams, bits 4..0 of bmAttributes: an exponent of two. */
function streams({ bmAttributes }: CompanionFields): number {
  const exponent = bmAttributes & 0x1f;
  return exponent === 0 ? 0 : 2 ** exponent;
}
