/** The TCP port of USB/IP servers. */
export const USBIP_PORT = 3240;

/** Where a USB/IP server listens. */
export interface ServerAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Parses `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; an IPv6 address without a port needs no brackets.
 *
 * @param port the port of an address without one
 * @returns undefined if the text is none of these
 */
export function parseServerAddress(text: string, port = USBIP_PORT): ServerAddress | undefined {
  if (/^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*(?:%\w+)?$/i.test(text)) {
    return { host: text, port };
  }
  const match = /^(?:\[([0-9a-f:.]+(?:%\w+)?)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text);
  const [, ipv6, name, digits] = match ?? [];
  const host = ipv6 ?? name;
  const given = digits === undefined ? port : Number(digits);
  return host === undefined || given > 65_535 ? undefined : { host, port: given };
}

/** Formats an address: `host:3240`, `[::1]:3240`. */
export function formatServerAddress({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
