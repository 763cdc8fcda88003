import { requireOneOf, requireRange } from '../engine/checks.js';
import {
  type ControlTransfer,
  MAX_CONTROL_DATA,
  RECIPIENTS,
  REQUEST_TYPES,
  requestTypeOf,
  type ControlRequest as SetupPacket,
} from '../usb/control.js';

/** What all control requests have: their setup packet (USB 2.0 §9.3), and how long they may take. */
export interface ControlSetup {
  /** The type in bmRequestType; `vendor` by default. */
  readonly type?: 'standard' | 'class' | 'vendor' | undefined;
  /** The recipient in bmRequestType; `device` by default. */
  readonly recipient?: 'device' | 'interface' | 'endpoint' | 'other' | undefined;
  /** bRequest, 0 to 255. */
  readonly request: number;
  /** wValue, 0 to 65535; 0 by default. */
  readonly value?: number | undefined;
  /** wIndex, 0 to 65535; 0 by default. The number of the interface or the endpoint, if that is the recipient. */
  readonly index?: number | undefined;
}

/** A request that the device answers with data. */
export interface ControlIn extends ControlSetup {
  /** wLength: the most bytes of the response, 0 to 4096. */
  readonly length: number;
  /** None: a request has either `length` or `data`. */
  readonly data?: undefined;
}

/** A request that sends data to the device, or none. */
export interface ControlOut extends ControlSetup {
  /** The data to send, at most 4096 bytes; none by default. Unchanged until the request completes. */
  readonly data?: Uint8Array | undefined;
  /** None: a request has either `length` or `data`. */
  readonly length?: undefined;
}

/** Returns a request as the engine sends it. Its data is the memory of `data`, or a new buffer. */
export function toTransfer(options: ControlIn | ControlOut): ControlTransfer {
  const { type = 'vendor', recipient = 'device', request, value = 0, index = 0, length } = options;
  requireOneOf('type', type, REQUEST_TYPES);
  requireOneOf('recipient', recipient, RECIPIENTS);
  requireUpTo('request', request, 0xff);
  requireUpTo('value', value, 0xffff);
  requireUpTo('index', index, 0xffff);
  const direction = length === undefined ? 'out' : 'in';
  const setup: SetupPacket = {
    requestType: requestTypeOf(direction, type, recipient),
    ...{ request, value, index },
  };
  if (length === undefined) {
    const { data } = options;
    return { request: setup, data: data === undefined ? Buffer.alloc(0) : asBuffer(data) };
  }
  requireUpTo('length', length, MAX_CONTROL_DATA);
  return { request: setup, data: Buffer.alloc(length) };
}

/** Returns bytes as a buffer of the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws TypeError or RangeError for a value that is no integer from 0 to `max` */
function requireUpTo(name: string, value: number, max: number): void {
  requireRange(name, value, 0, Number.isInteger);
  if (value > max) {
    throw new RangeError(`${name} must be at most ${max}, not ${value}`);
  }
}
