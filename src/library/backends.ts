import type { Backend } from '../usb/backend.js';
import { formatServerAddress, parseServerAddress } from '../usb/server-address.js';

/**
 * Where devices are: `libusb` for those of this machine, `virtual` for simulated ones, or any object
 * that implements the contract, such as a `TestBus`. By default, what the environment variable
 * `USBXFER_BACKEND` says; `libusb` without it.
 */
export type BackendChoice = 'libusb' | 'virtual' | Backend;

/** The backends that were loaded by name. All calls share them, so that they see the same devices. */
const loaded = new Map<string, Promise<Backend>>();

/** Where to look for devices. */
export interface BackendOptions {
  /** See `BackendChoice` for the default. */
  readonly backend?: BackendChoice | undefined;
  /**
   * The USB/IP server with the devices, in place of a backend of this machine: `host`, `host:port` or
   * `[address]:port`. The port is 3240 by default.
   */
  readonly host?: string | undefined;
}

/**
 * Returns a backend. Loads it only if it is needed: the virtual one needs no native code.
 *
 * @throws TypeError for an unknown name, a wrong host, and for both together
 */
export async function loadBackend({ backend: choice, host }: BackendOptions): Promise<Backend> {
  if (choice !== undefined && host !== undefined) {
    throw new TypeError('give either backend or host');
  }
  if (typeof choice === 'object') {
    return choice;
  }
  if (host !== undefined) {
    const server = parseServerAddress(host);
    if (server === undefined || server.port === 0) {
      throw new TypeError(`host must be a host name or an IP address, not ${JSON.stringify(host)}`);
    }
    return loadOnce(formatServerAddress(server), async () => {
      const { UsbipBackend } = await import('../backends/usbip/client/backend.js');
      return new UsbipBackend(server);
    });
  }
  const name = choice ?? (process.env['USBXFER_BACKEND'] || 'libusb');
  return loadOnce(name, () => create(name));
}

function loadOnce(key: string, load: () => Promise<Backend>): Promise<Backend> {
  const backend = loaded.get(key) ?? load();
  loaded.set(key, backend);
  return backend;
}

async function create(name: string): Promise<Backend> {
  switch (name) {
    case 'libusb': {
      const { LibusbBackend } = await import('../backends/libusb/backend.js');
      return new LibusbBackend();
    }
    case 'virtual': {
      const { VirtualBackend } = await import('../backends/virtual/backend.js');
      return new VirtualBackend();
    }
    default:
      throw new TypeError(`backend must be libusb, virtual or an object, not ${name}`);
  }
}
