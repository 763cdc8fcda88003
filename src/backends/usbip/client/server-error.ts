import { UsbError } from '../../../usb/errors.js';
import { formatServerAddress, type ServerAddress } from '../../../usb/server-address.js';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'it closed the connection',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ETIMEDOUT: 'it does not respond',
};

/** Returns what an error of a socket means, in words. */
export function reasonOf(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? error.message;
}

/** Returns the error that a server cannot be used. */
export function serverError(server: ServerAddress, why: string, cause?: unknown): UsbError {
  const message = `cannot use the USB/IP server at ${formatServerAddress(server)}: ${why}`;
  return new UsbError('no-server', message, { cause, remedy: { kind: 'start-server', ...server } });
}
