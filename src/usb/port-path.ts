/**
 * The port path of a device, as the Linux kernel names it: `3-1.2` is bus 3, root port 1, port 2 of
 * the hub there; `usb3` is the root hub of bus 3.
 */
export function portPath(bus: number, ports: readonly number[]): string {
  return ports.length === 0 ? `usb${bus}` : `${bus}-${ports.join('.')}`;
}

/** Orders port paths by bus, then port by port; a hub stands before what hangs on it. */
export function comparePaths(a: string, b: string): number {
  const left = numbersIn(a);
  const right = numbersIn(b);
  const length = Math.max(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    const difference = (left[i] ?? -1) - (right[i] ?? -1);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}

function numbersIn(path: string): number[] {
  return (path.match(/\d+/g) ?? []).map(Number);
}

/** The path of the hub that a device is plugged into; undefined for a root hub. */
export function parentPath(path: string): string | undefined {
  const port = path.lastIndexOf('.');
  if (port >= 0) {
    return path.slice(0, port);
  }
  const root = path.indexOf('-');
  return root < 0 ? undefined : `usb${path.slice(0, root)}`;
}
