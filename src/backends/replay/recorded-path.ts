import type { RecordedDevice } from './recording.js';

/** The name that a record has for the interface of one device: its port path and its IDs. */
const INTERFACE_NAME =
  /^usb (([1-9]\d{0,2})-[1-9]\d{0,2}(?:\.[1-9]\d{0,2}){0,5}) \([\da-f]{4}:[\da-f]{4}\)$/;

/**
 * Sets the paths of the devices of a capture. A device has the port path in the name of its interface, if
 * that is valid and names no other device. Otherwise its first address stands for its port.
 */
export function assignPaths(devices: readonly RecordedDevice[]): void {
  for (const device of devices) {
    device.path = portOf(device) ?? addressPath(device);
  }
  // Each round may give a device the path that another one has from its interface.
  for (let changed = true; changed; ) {
    const counts = new Map<string, number>();
    for (const { path } of devices) {
      counts.set(path, (counts.get(path) ?? 0) + 1);
    }
    const ambiguous = devices.filter(
      (device) => (counts.get(device.path) ?? 0) > 1 && device.path !== addressPath(device),
    );
    for (const device of ambiguous) {
      device.path = addressPath(device);
    }
    changed = ambiguous.length > 0;
  }
}

/** Returns the valid port path in the name of an interface. */
function portOf({ bus, interfaceName = '' }: RecordedDevice): string | undefined {
  const [, path, onBus] = INTERFACE_NAME.exec(interfaceName) ?? [];
  return Number(onBus) === bus ? path : undefined;
}

function addressPath({ bus, addresses }: RecordedDevice): string {
  return `${bus}-${addresses[0]}`;
}
