import { UsbError, type UsbErrorCode } from './errors.js';
import { formatEndpoint } from './format.js';
import {
  activeConfiguration,
  type DeviceInfo,
  type Direction,
  directionOf,
  endpointAddress,
} from './model.js';
import type { TransferStatus } from './transfer-status.js';

/** The setup packet of a control request (USB 2.0 §9.3) without wLength. */
export interface ControlRequest {
  /** bmRequestType: direction in bit 7, type in bits 6..5, recipient in bits 4..0; 0 to 255. */
  readonly requestType: number;
  /** bRequest, 0 to 255. */
  readonly request: number;
  /** wValue, 0 to 65535. */
  readonly value: number;
  /** wIndex, 0 to 65535. */
  readonly index: number;
}

/** A control request with its data. */
export interface ControlTransfer {
  readonly request: ControlRequest;
  /** The data to send, or the buffer for the response. Its length is wLength. */
  readonly data: Buffer;
}

/** The maximum number of data bytes in a control request: the limit of Linux. USB allows 65535. */
export const MAX_CONTROL_DATA = 4096;

/** Returns the direction of the data. */
export function directionOfRequest({ requestType }: ControlRequest): Direction {
  return directionOf(requestType);
}

/** The types of requests, by number in bits 6..5 of bmRequestType (USB 2.0 table 9-2). */
export const REQUEST_TYPES = ['standard', 'class', 'vendor'] as const;

/** The recipients of requests, by number in bits 4..0 of bmRequestType. */
export const RECIPIENTS = ['device', 'interface', 'endpoint', 'other'] as const;

type RequestType = (typeof REQUEST_TYPES)[number];
type Recipient = (typeof RECIPIENTS)[number];

/** Returns bmRequestType. */
export function requestTypeOf(direction: Direction, type: RequestType, to: Recipient): number {
  return (
    endpointAddress(0, direction) | (REQUEST_TYPES.indexOf(type) << 5) | RECIPIENTS.indexOf(to)
  );
}

/** Returns the type of a request; undefined for the reserved number. */
export function typeOf({ requestType }: ControlRequest): RequestType | undefined {
  return REQUEST_TYPES[(requestType >> 5) & 3];
}

/** Returns the recipient of a request; undefined for a reserved number. */
export function recipientOf({ requestType }: ControlRequest): Recipient | undefined {
  return RECIPIENTS[requestType & 0x1f];
}

/**
 * A standard request that changes the state of the host, too: of its drivers, of the endpoints that it
 * knows, or of the data toggle. Sent as any other request, it would leave host and device at odds.
 */
export type HostRequest =
  /** SET_CONFIGURATION (USB 2.0 §9.4.7); 0 deconfigures the device. */
  | { readonly kind: 'set-configuration'; readonly value: number }
  /** SET_INTERFACE (§9.4.10). */
  | {
      readonly kind: 'set-interface';
      readonly interfaceNumber: number;
      readonly alternateSetting: number;
    }
  /** CLEAR_FEATURE(ENDPOINT_HALT) (§9.4.1) of any endpoint but 0. */
  | { readonly kind: 'clear-halt'; readonly address: number };

/** bmRequestType and bRequest of the host requests (USB 2.0 table 9-3). */
const SET_CONFIGURATION = 0x0009;
const SET_INTERFACE = 0x010b;
const CLEAR_ENDPOINT_FEATURE = 0x0201;
/** The feature selector in wValue (USB 2.0 table 9-6). */
const ENDPOINT_HALT = 0;

/** Returns what a request changes on the host; undefined if nothing. */
export function hostRequestOf({
  requestType,
  request,
  value,
  index,
}: ControlRequest): HostRequest | undefined {
  const target = index & 0xff;
  switch ((requestType << 8) | request) {
    case SET_CONFIGURATION:
      return { kind: 'set-configuration', value: value & 0xff };
    case SET_INTERFACE:
      return {
        kind: 'set-interface',
        interfaceNumber: target,
        alternateSetting: value & 0xff,
      };
    case CLEAR_ENDPOINT_FEATURE:
      return value === ENDPOINT_HALT && (target & 0x7f) !== 0
        ? { kind: 'clear-halt', address: target }
        : undefined;
    default:
      return undefined;
  }
}

/** Returns the request that makes this change. */
export function requestOfHost(change: HostRequest): ControlRequest {
  const of = (code: number, value: number, index: number): ControlRequest => ({
    requestType: code >> 8,
    request: code & 0xff,
    value,
    index,
  });
  switch (change.kind) {
    case 'set-configuration':
      return of(SET_CONFIGURATION, change.value, 0);
    case 'set-interface':
      return of(SET_INTERFACE, change.alternateSetting, change.interfaceNumber);
    case 'clear-halt':
      return of(CLEAR_ENDPOINT_FEATURE, ENDPOINT_HALT, change.address);
  }
}

/** The length of a setup packet. */
export const SETUP_LENGTH = 8;

/**
 * Returns the setup packet of a request, as it is sent.
 *
 * @param length wLength
 */
export function setupPacket(
  { requestType, request, value, index }: ControlRequest,
  length: number,
): Uint8Array {
  const packet = new Uint8Array(SETUP_LENGTH);
  const view = new DataView(packet.buffer);
  view.setUint8(0, requestType);
  view.setUint8(1, request);
  view.setUint16(2, value, true);
  view.setUint16(4, index, true);
  view.setUint16(6, length, true);
  return packet;
}

/**
 * Returns the number of the interface that Linux requires to be claimed for a request: the interface
 * in wIndex, or that of the endpoint in wIndex. Undefined for other recipients, for endpoint 0 and for
 * vendor requests.
 *
 * @throws UsbError `not-found` for an endpoint that the active configuration does not have
 */
export function interfaceToClaim(device: DeviceInfo, request: ControlRequest): number | undefined {
  const target = request.index & 0xff;
  if (typeOf(request) === 'vendor') {
    return undefined;
  }
  switch (recipientOf(request)) {
    case 'interface':
      return target;
    case 'endpoint':
      return (target & 0x7f) === 0 ? undefined : interfaceOfEndpoint(device, target);
    default:
      return undefined;
  }
}

/**
 * Returns the number of the interface that has an endpoint, in any alternate setting.
 *
 * @throws UsbError `not-found` for an endpoint that the active configuration does not have
 */
export function interfaceOfEndpoint(device: DeviceInfo, address: number): number {
  const setting = activeConfiguration(device)?.settings.find(({ endpoints }) =>
    endpoints.some((endpoint) => endpoint.address === address),
  );
  if (setting === undefined) {
    throw new UsbError(
      'not-found',
      `the device has no endpoint ${formatEndpoint(address)}, which wIndex names`,
    );
  }
  return setting.interfaceNumber;
}

/** The error for each status of a control transfer. */
const FAILURES: Readonly<
  Record<Exclude<TransferStatus, 'completed'>, readonly [code: UsbErrorCode, message: string]>
> = {
  error: ['io', 'input/output error on endpoint 0'],
  'timed-out': ['timed-out', 'the device did not answer the control request in time'],
  cancelled: ['io', 'the control request was cancelled'],
  stall: [
    'stall',
    'the device rejected the control request (stall): it does not support it, or not in this state',
  ],
  'no-device': ['no-device', 'the device is gone'],
  overflow: ['io', 'the device sent more than was requested'],
};

/** Returns the error for a control request that did not complete. */
export function controlFailure(status: Exclude<TransferStatus, 'completed'>): UsbError {
  const [code, message] = FAILURES[status];
  return new UsbError(code, message);
}
