/** Names of the class codes of devices and interfaces (usb.org), in a form that is easy to type. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x01, 'audio'],
  [0x02, 'communications'],
  [0x03, 'hid'],
  [0x05, 'physical'],
  [0x06, 'image'],
  [0x07, 'printer'],
  [0x08, 'mass-storage'],
  [0x09, 'hub'],
  [0x0a, 'cdc-data'],
  [0x0b, 'smart-card'],
  [0x0d, 'content-security'],
  [0x0e, 'video'],
  [0x0f, 'healthcare'],
  [0x10, 'audio-video'],
  [0x11, 'billboard'],
  [0x12, 'type-c-bridge'],
  [0x13, 'bulk-display'],
  [0x14, 'mctp'],
  [0x3c, 'i3c'],
  [0xdc, 'diagnostic'],
  [0xe0, 'wireless'],
  [0xef, 'miscellaneous'],
  [0xfe, 'application'],
  [0xff, 'vendor'],
]);

/** The names of all known class codes. */
export const CLASS_NAMES: readonly string[] = [...NAMES.values()];

/** Returns the name of a class code; undefined for 0, which means no class, and for unknown codes. */
export function className(code: number): string | undefined {
  return NAMES.get(code);
}

/** Returns the class code of a name, ignoring case; undefined for an unknown name. */
export function classCode(name: string): number | undefined {
  return [...NAMES].find(([, known]) => known === name.toLowerCase())?.[0];
}
