import { connect, type Socket } from 'node:net';
import type { ServerAddress } from '../../../usb/server-address.js';
import { ByteReader } from '../protocol/byte-reader.js';
import { reasonOf, serverError } from './server-error.js';

/** Milliseconds of silence after which the system checks whether the peer is still there. */
const KEEP_ALIVE_DELAY = 10_000;

/** Bytes of one read of many messages. */
const CHUNK = 64 * 1024;

/** Bytes of a read after long data: the head of a message with more of it, which is not to be copied. */
const SHORT_CHUNK = 1024;

/** Data of at least this many bytes is read into its destination. */
const LONG = 16 * 1024;

/** What a socket reports. */
export interface SocketEvents {
  /** Called once, when the connection has ended; with the reason, unless the server closed it. */
  onClose(error: Error | undefined): void;
}

/** A connection to a server, whose bytes go to a reader without an allocation. */
export interface ClientSocket {
  readonly socket: Socket;
  readonly reader: ByteReader;
}

/**
 * Connects to a server.
 *
 * @param timeout milliseconds
 * @throws UsbError `no-server`
 */
export function connectTo(
  server: ServerAddress,
  timeout: number,
  events: SocketEvents,
): Promise<ClientSocket> {
  return new Promise((resolve, reject) => {
    const reader = new ByteReader();
    const chunk = Buffer.allocUnsafe(CHUNK);
    const shortChunk = chunk.subarray(0, SHORT_CHUNK);
    let target: Buffer = chunk;
    let isDirect = false;
    let failure: Error | undefined;
    const socket = connect({
      ...server,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      onread: {
        buffer: () => {
          const wasDirect = isDirect;
          isDirect = reader.missing >= LONG;
          target = (isDirect && reader.destination) || (wasDirect ? shortChunk : chunk);
          return target;
        },
        callback: (length) => {
          try {
            accept(length);
          } catch (error) {
            socket.destroy(error instanceof Error ? error : new Error(String(error)));
          }
          return true;
        },
      },
    });
    const accept = (length: number): void => {
      if (isDirect) {
        reader.advance(length);
      } else if (reader.push(target, length) < length) {
        throw new Error('the server sent more than was expected');
      }
    };
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection after ${timeout / 1000} s`)),
      timeout,
    );
    const onError = (error: NodeJS.ErrnoException) => {
      failure = error;
    };
    socket.on('error', onError);
    socket.once('close', () => {
      clearTimeout(timer);
      const why = failure === undefined ? 'it closed the connection' : reasonOf(failure);
      reject(serverError(server, why, failure));
      events.onClose(failure);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve({ socket, reader });
    });
  });
}
