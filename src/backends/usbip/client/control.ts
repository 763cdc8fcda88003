import {
  type ControlRequest,
  controlFailure,
  directionOfRequest,
  requestTypeOf,
} from '../../../usb/control.js';
import { UsbError } from '../../../usb/errors.js';
import { MAX_TIMEOUT_MS } from '../../../usb/format.js';
import { fromWire, STATUS } from '../protocol/status.js';
import type { Connection } from './connection.js';
import { Request, setupPacket } from './request.js';

/**
 * Sends one control request, as `Device.control`.
 *
 * @throws UsbError if the request failed or the connection has ended; the reason of `signal` if that
 *   cancelled it
 */
export function sendControl(
  connection: Connection,
  { requestType, request, value, index }: ControlRequest,
  data: Buffer,
  timeout: number,
  signal?: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = new ControlSubmission(isIn(requestType), (status, actualLength) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      const end = fromWire(status, sent.isCancelled);
      if (end === 'completed') {
        resolve(actualLength);
      } else if (end === 'cancelled' && reason !== undefined) {
        reject(reason);
      } else {
        reject(connection.failure ?? controlFailure(end));
      }
    });
    let reason: unknown;
    const cancel = (why: unknown): void => {
      reason ??= why;
      connection.cancel(sent);
    };
    const onAbort = (): void => cancel(signal?.reason);
    sent.buffer = data;
    sent.length = data.length;
    connection.submit(sent, setupPacket(requestType, request, value, index, data.length));
    signal?.addEventListener('abort', onAbort);
    const timer = setTimeout(
      () => cancel(controlFailure('timed-out')),
      Math.min(timeout, MAX_TIMEOUT_MS),
    );
  });
}

class ControlSubmission extends Request {
  readonly #onReply: (status: number, actualLength: number) => void;

  constructor(isIn: boolean, onReply: (status: number, actualLength: number) => void) {
    super(0, isIn, 0);
    this.#onReply = onReply;
  }

  override onReply(status: number, actualLength: number): void {
    this.#onReply(status, actualLength);
  }
}

function isIn(requestType: number): boolean {
  return directionOfRequest({ requestType, request: 0, value: 0, index: 0 }) === 'in';
}

const NO_DATA = Buffer.alloc(0);

/** Sends a request without data that the server carries out through its own USB stack. */
async function send(connection: Connection, request: ControlRequest): Promise<void> {
  await sendControl(connection, request, NO_DATA, connection.timeout);
}

/** Selects a configuration; 0 deconfigures the device (USB 2.0 §9.4.7). */
export function setConfiguration(connection: Connection, value: number): Promise<void> {
  const requestType = requestTypeOf('out', 'standard', 'device');
  return send(connection, { requestType, request: 9, value, index: 0 });
}

/** Selects an alternate setting (USB 2.0 §9.4.10). */
export function setInterface(connection: Connection, index: number, value: number): Promise<void> {
  const requestType = requestTypeOf('out', 'standard', 'interface');
  return send(connection, { requestType, request: 11, value, index });
}

/** Clears the halt of an endpoint (USB 2.0 §9.4.1). */
export function clearHalt(connection: Connection, address: number): Promise<void> {
  const requestType = requestTypeOf('out', 'standard', 'endpoint');
  return send(connection, { requestType, request: 1, value: 0, index: address });
}

/** PORT_RESET, a feature of the port of a hub (USB 2.0 table 11-17). Servers reset the device for it. */
const PORT_RESET = 4;

/** Resets the device. */
export function resetPort(connection: Connection): Promise<void> {
  return send(connection, { requestType: 0x23, request: 3, value: PORT_RESET, index: 0 });
}

/**
 * Makes a server of this program claim an interface, as it does for the first request to it.
 *
 * @throws UsbError `busy` if something else has claimed it there; `no-device`
 */
export async function claimAtServer(
  connection: Connection,
  interfaceNumber: number,
): Promise<void> {
  const requestType = requestTypeOf('in', 'standard', 'interface');
  const status = await new Promise<number>((resolve) => {
    const sent = new ControlSubmission(true, resolve);
    sent.buffer = Buffer.alloc(INTERFACE_STATUS_LENGTH);
    sent.length = INTERFACE_STATUS_LENGTH;
    connection.submit(sent, setupPacket(requestType, 0, 0, interfaceNumber, sent.length));
  });
  connection.check();
  if (status === STATUS.busy) {
    const text = `interface ${interfaceNumber} is in use at the server, by a kernel driver or a process`;
    throw new UsbError('busy', text, { remedy: { kind: 'detach-at-server' } });
  }
}

/** The size of the response to GET_STATUS (USB 2.0 §9.4.5). */
const INTERFACE_STATUS_LENGTH = 2;

/** Returns what GET_CONFIGURATION responds (USB 2.0 §9.4.2): 0 if the device is not configured. */
export async function getConfiguration(connection: Connection): Promise<number> {
  const response = Buffer.alloc(1);
  const requestType = requestTypeOf('in', 'standard', 'device');
  const request = { requestType, request: 8, value: 0, index: 0 };
  await sendControl(connection, request, response, connection.timeout);
  return response.readUInt8();
}
