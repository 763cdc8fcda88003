import { UsbError } from '../../../usb/errors.js';
import { formatServerAddress, type ServerAddress } from '../../../usb/server-address.js';
import type { ByteReader } from '../protocol/byte-reader.js';
import {
  COUNT_LENGTH,
  DEVICE_LENGTH,
  decodeDevice,
  decodeOperation,
  type ExportedDevice,
  encodeImport,
  encodeOperation,
  IMPORT_STATUS,
  INTERFACE_LENGTH,
  type InterfaceClass,
  MAX_DEVICES,
  OPERATION,
  OPERATION_LENGTH,
  VERSION,
} from '../protocol/operations.js';
import { reasonOf, serverError } from './server-error.js';
import { type ClientSocket, connectTo } from './socket.js';

/** A device in the list of a server. */
export interface ListedDevice extends ExportedDevice {
  /** The interfaces of the active configuration, in the order of their descriptors. */
  readonly interfaceClasses: readonly InterfaceClass[];
}

/**
 * Asks a server for its devices, over a connection of its own.
 *
 * @param timeout milliseconds for the connection, and for the reply
 * @throws UsbError `no-server`
 */
export async function listExported(
  server: ServerAddress,
  timeout: number,
): Promise<ListedDevice[]> {
  const request = encodeOperation(OPERATION.listRequest);
  const { socket, result } = await converse(server, timeout, request, parseList(server));
  socket.destroy();
  return result;
}

/** A connection on which a device was imported. It has no reader any more. */
export interface Imported extends ClientSocket {
  readonly exported: ExportedDevice;
}

/**
 * Imports a device, over a new connection.
 *
 * @param timeout milliseconds for the connection, and for the reply
 * @param onClose called when the connection has ended after the import
 * @throws UsbError `no-server`, `busy`, `no-device`, `io`
 */
export async function importDevice(
  server: ServerAddress,
  busId: string,
  timeout: number,
  onClose: (error: Error | undefined) => void,
): Promise<Imported> {
  const { result, ...connection } = await converse(
    server,
    timeout,
    encodeImport(busId),
    parseImport(server, busId),
    onClose,
  );
  return { ...connection, exported: result };
}

/** Decodes a reply: yields how many bytes it needs next, and gets them. */
type Parser<T> = Generator<number, T, Buffer>;

function* parseList(server: ServerAddress): Parser<ListedDevice[]> {
  const status = checkReply(yield OPERATION_LENGTH, OPERATION.listReply, server);
  if (status !== IMPORT_STATUS.ok) {
    throw serverError(server, `it cannot list its devices (status ${status})`);
  }
  const count = (yield COUNT_LENGTH).readUInt32BE();
  if (count > MAX_DEVICES) {
    throw serverError(server, `it lists ${count} devices`);
  }
  const devices: ListedDevice[] = [];
  for (let i = 0; i < count; i++) {
    const device = decodeDevice(yield DEVICE_LENGTH);
    const bytes = yield device.interfaces * INTERFACE_LENGTH;
    const interfaceClasses = Array.from({ length: device.interfaces }, (_, index) => {
      const [code = 0, subclass = 0, protocol = 0] = bytes.subarray(index * INTERFACE_LENGTH);
      return [code, subclass, protocol] as const;
    });
    devices.push({ ...device, interfaceClasses });
  }
  return devices;
}

function* parseImport(server: ServerAddress, busId: string): Parser<ExportedDevice> {
  const status = checkReply(yield OPERATION_LENGTH, OPERATION.importReply, server);
  if (status !== IMPORT_STATUS.ok) {
    throw importError(server, busId, status);
  }
  return decodeDevice(yield DEVICE_LENGTH);
}

/** Checks the head of a reply, and returns its status. */
function checkReply(head: Buffer, expected: number, server: ServerAddress): number {
  const { version, code, status } = decodeOperation(head);
  // All versions have the same codes: another one is not a server of USB/IP.
  if (code !== expected) {
    throw serverError(server, 'its reply is none of USB/IP');
  }
  if (version !== VERSION) {
    const text = `${version >> 8}.${(version >> 4) & 15}.${version & 15}`;
    throw serverError(server, `it speaks version ${text} of the protocol, not 1.1.1`);
  }
  return status;
}

/** Runs a parser on the bytes of a connection. Never settles if the connection ends before. */
function parse<T>(reader: ByteReader, parser: Parser<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const step = (bytes: Buffer): void => {
      try {
        const { value, done } = parser.next(bytes);
        if (done) {
          resolve(value);
        } else if (value === 0) {
          step(NO_BYTES);
        } else {
          const next = Buffer.alloc(value);
          reader.read(next, value, () => step(next));
        }
      } catch (error) {
        reject(error);
      }
    };
    step(NO_BYTES);
  });
}

const NO_BYTES = Buffer.alloc(0);

/**
 * Connects, sends a request and decodes the reply. Fails after a time, or when the connection ends before.
 *
 * @param onClose called when the connection ends later
 */
async function converse<T>(
  server: ServerAddress,
  timeout: number,
  request: Buffer,
  parser: Parser<T>,
  onClose?: (error: Error | undefined) => void,
): Promise<ClientSocket & { readonly result: T }> {
  let isOver = false;
  let fail: (error: UsbError) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // it may fail when nothing waits for it
  const connection = await connectTo(server, timeout, {
    onClose(error) {
      if (isOver) {
        onClose?.(error);
      } else {
        fail(serverError(server, error ? reasonOf(error) : CLOSED, error));
      }
    },
  });
  const timer = setTimeout(
    () => fail(serverError(server, `no reply after ${timeout / 1000} s`)),
    timeout,
  );
  try {
    connection.socket.write(request);
    const result = await Promise.race([parse(connection.reader, parser), failed]);
    isOver = true;
    return { ...connection, result };
  } catch (error) {
    connection.socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A server that does not know the version closes the connection without a reply. */
const CLOSED = 'it closed the connection without a reply; it may speak another version of USB/IP';

function importError(server: ServerAddress, busId: string, status: number): UsbError {
  const about = `cannot import ${busId} from ${formatServerAddress(server)}`;
  const remedy = { kind: 'export-device', path: busId } as const;
  switch (status) {
    case IMPORT_STATUS.inUse:
      return new UsbError('busy', `${about}: another client uses it`, {
        remedy: { kind: 'end-import' },
      });
    case IMPORT_STATUS.noDevice:
    case IMPORT_STATUS.unavailable:
      return new UsbError('no-device', `${about}: the server does not export it`, { remedy });
    case IMPORT_STATUS.deviceError:
      return new UsbError('io', `${about}: the device is in an error state there`, { remedy });
    default:
      return new UsbError('io', `${about}: the server failed (status ${status})`, { remedy });
  }
}
