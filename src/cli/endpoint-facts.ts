import type { CompanionFields, EndpointFields } from '../usb/descriptor-fields.js';
import type { EndpointNode } from '../usb/descriptor-tree.js';
import {
  directionOf,
  packetSizeOf,
  type TransferType,
  transferTypeOf,
} from '../usb/descriptors.js';

/** What the fields of an endpoint's descriptors mean. */
export interface EndpointFacts {
  readonly direction: 'in' | 'out';
  readonly type: TransferType;
  /** In bytes. */
  readonly maxPacketSize: number;
  /** Packets in a microframe, or a burst's packets in an interval at SuperSpeed. */
  readonly mult: number;
  /** Packets in a burst; undefined below SuperSpeed. */
  readonly maxBurst: number | undefined;
  /** Of a bulk endpoint at SuperSpeed; 0 when it has none. */
  readonly maxStreams: number | undefined;
}

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

/** Bits 12..11 of wMaxPacketSize (USB 2.0 §9.6.6); bulk endpoints have none. */
function transactions({ wMaxPacketSize }: EndpointFields, type: TransferType): number {
  const periodic = type === 'isochronous' || type === 'interrupt';
  return periodic ? ((wMaxPacketSize >> 11) & 3) + 1 : 1;
}

/** Mult, bits 1..0 of bmAttributes of a companion (USB 3.2 §9.6.7). */
function bursts({ bmAttributes }: CompanionFields, type: TransferType): number {
  return type === 'isochronous' ? (bmAttributes & 3) + 1 : 1;
}

/** MaxStreams, bits 4..0 there: a power of two. */
function streams({ bmAttributes }: CompanionFields): number {
  const exponent = bmAttributes & 0x1f;
  return exponent === 0 ? 0 : 2 ** exponent;
}
