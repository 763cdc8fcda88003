import type { End } from '../transfer/end.js';
import { type ControlRequest, directionOfRequest } from '../usb/control-request.js';
import { recipientOf, typeOf } from '../usb/request-type.js';
import { reasonOf } from './reason.js';

/** Which control request ended a transfer, and why it failed, in one line. */
export function failedRequest(end: End): string {
  const which = end.request ? `the control request '${textOf(end.request)}'` : 'a control request';
  return `${which} failed: ${reasonOf(end)}`;
}

/** A request as an option has it, without its data: `out vendor device 0x4d 0x1 0x0`. */
function textOf(request: ControlRequest): string {
  const type = typeOf(request);
  const recipient = recipientOf(request);
  const kind =
    type && recipient
      ? `${directionOfRequest(request)} ${type} ${recipient}`
      : hexadecimal(request.requestType);
  return [kind, ...[request.request, request.value, request.index].map(hexadecimal)].join(' ');
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}
