/*
 * The path of a device in the system of the server is free text in the protocol. A server of this program
 * says in it what the protocol does not provide for.
 */

const KEEPS_DATA = '/usbxfer/cancel-keeps-data/';
const LOSES_DATA = '/usbxfer/cancel-loses-data/';

/**
 * Returns the path that a server of this program gives a device.
 *
 * @param keepsData whether the reply to a cancelled transfer carries the data that it had moved
 */
export function serverPath(name: string, keepsData: boolean): string {
  return `${keepsData ? KEEPS_DATA : LOSES_DATA}${name}`;
}

/** Returns whether the server of a device answers a cancelled transfer with its data. */
export function keepsCancelledData(path: string): boolean {
  return path.startsWith(KEEPS_DATA);
}

/** Returns whether the server is one of this program. */
export function isOwnServer(path: string): boolean {
  return path.startsWith(KEEPS_DATA) || path.startsWith(LOSES_DATA);
}
