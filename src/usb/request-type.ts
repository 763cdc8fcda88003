import type { DeviceInfo } from './backend.js';
import type { ControlRequest } from './control-request.js';
import type { Direction } from './descriptors.js';
import { UsbError } from './errors.js';

/** Who defines a request, by their number in bits 6..5 of bmRequestType (USB 2.0 table 9-2). */
export const REQUEST_TYPES = ['standard', 'class', 'vendor'] as const;

/** Whom a request is for, by their number in bits 4..0 of bmRequestType. */
export const RECIPIENTS = ['device', 'interface', 'endpoint', 'other'] as const;

export type RequestType = (typeof REQUEST_TYPES)[number];
export type Recipient = (typeof RECIPIENTS)[number];

const IN = 0x80;

/** The bmRequestType that says all three. */
export function requestTypeOf(direction: Direction, type: RequestType, to: Recipient): number {
  return (
    (direction === 'in' ? IN : 0) | (REQUEST_TYPES.indexOf(type) << 5) | RECIPIENTS.indexOf(to)
  );
}

/** Who defines the request; undefined for the reserved number. */
export function typeOf({ requestType }: ControlRequest): RequestType | undefined {
  return REQUEST_TYPES[(requestType >> 5) & 3];
}

/** Whom the request is for; undefined for a reserved number. */
export function recipientOf({ requestType }: ControlRequest): Recipient | undefined {
  return RECIPIENTS[requestType & 0x1f];
}

/**
 * The number of the interface that has to be claimed for a request, as Linux wants it: that in
 * wIndex, or that of the endpoint there. Undefined for a request to anything else, and for a vendor's.
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
      return (target & ~IN) === 0 ? undefined : interfaceOfEndpoint(device, target);
    default:
      return undefined;
  }
}

function interfaceOfEndpoint(device: DeviceInfo, address: number): number {
  const active = device.configurations.find(({ value }) => value === device.activeConfiguration);
  const setting = active?.settings.find(({ endpoints }) =>
    endpoints.some((endpoint) => endpoint.address === address),
  );
  if (setting === undefined) {
    const name = `0x${address.toString(16).padStart(2, '0')}`;
    throw new UsbError('not-found', `the device has no endpoint ${name}, which wIndex names`);
  }
  return setting.interfaceNumber;
}
