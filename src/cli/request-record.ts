import { type ControlMessage, directionOfRequest } from '../usb/control-request.js';
import { recipientOf, typeOf } from '../usb/request-type.js';

/** A control request for scripts, as schema/control.schema.json describes it. */
export function requestRecord({ request, data }: ControlMessage): Record<string, unknown> {
  return {
    direction: directionOfRequest(request),
    type: typeOf(request) ?? null,
    recipient: recipientOf(request) ?? null,
    bmRequestType: request.requestType,
    bRequest: request.request,
    wValue: request.value,
    wIndex: request.index,
    wLength: data.length,
  };
}
