import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex4 } from '../../usb/format.js';

/** The paths of usb.ids (linux-usb.org) on different systems. The first one that exists is used. */
const FILES = [
  'usr/share/hwdata/usb.ids',
  'usr/share/misc/usb.ids',
  'var/lib/usbutils/usb.ids',
] as const;

/** The line of a vendor. Its products follow, indented by a tab. */
const VENDOR = /^([0-9a-f]{4}) {2}(.*)$/gm;

interface Vendor {
  readonly name: string;
  /** The offsets of its products: from the end of its line to the next vendor. */
  readonly start: number;
  end: number;
}

/** The names of vendors and products from usb.ids. */
export class UsbIds {
  readonly #text: string;
  readonly #vendors = new Map<string, Vendor>();

  /** @param text the content of the file; only the vendors are indexed */
  constructor(text: string) {
    this.#text = text;
    let last: Vendor | undefined;
    for (const match of text.matchAll(VENDOR)) {
      if (last !== undefined) {
        last.end = match.index;
      }
      const [line, id = '', name = ''] = match;
      last = { name: name.trim(), start: match.index + line.length, end: text.length };
      this.#vendors.set(id, last);
    }
  }

  vendor(vid: number): string | undefined {
    return this.#vendors.get(hex4(vid))?.name;
  }

  product(vid: number, pid: number): string | undefined {
    const vendor = this.#vendors.get(hex4(vid));
    if (vendor === undefined) {
      return undefined;
    }
    const products = this.#text.slice(vendor.start, vendor.end);
    const key = `\n\t${hex4(pid)}  `;
    const start = products.indexOf(key);
    const name = start < 0 ? undefined : products.slice(start + key.length).split('\n', 1)[0];
    return name?.trim();
  }
}

/** Loads usb.ids of the system. Returns an empty list if there is none. */
export function loadUsbIds(root = '/'): UsbIds {
  for (const file of FILES) {
    try {
      return new UsbIds(readFileSync(join(root, file), 'utf8'));
    } catch {} // try the next path
  }
  return new UsbIds('');
}
