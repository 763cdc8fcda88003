import type { Backend } from '../usb/backend.js';

/**
 * Where devices are: `libusb` for those of this machine, `virtual` for simulated ones, or any object
 * that implements the contract, such as a `TestBus`. By default, what the environment variable
 * `USBXFER_BACKEND` says; `libusb` without it.
 */
export type BackendChoice = 'libusb' | 'virtual' | Backend;

/** The backends that were loaded by name. All calls share them, so that they see the same devices. */
const loaded = new Map<string, Promise<Backend>>();

/**
 * Returns a backend. Loads it only if it is needed: the virtual one needs no native code.
 *
 * @throws TypeError for an unknown name
 */
export async function loadBackend(choice?: BackendChoice): Promise<Backend> {
  if (typeof choice === 'object') {
    return choice;
  }
  const name = choice ?? (process.env['USBXFER_BACKEND'] || 'libusb');
  const backend = loaded.get(name) ?? create(name);
  loaded.set(name, backend);
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
