import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hex4 } from '../terminal/format.js';

/** Where systems have the list of ids (linux-usb.org/usb.ids), the first that is there. */
const FILES = [
  'usr/share/hwdata/usb.ids',
  'usr/share/misc/usb.ids',
  'var/lib/usbutils/usb.ids',
] as const;

/** A line of a vendor; those of its products follow, indented by a tab. */
const VENDOR = /^([0-9a-f]{4}) {2}(.*)$/gm;

interface Vendor {
  readonly name: string;
  /** Where its products begin, and the next vendor. */
  readonly start: number;
  end: number;
}

/** Names of vendors and products by their ids, as usb.ids has them. */
export class UsbIds {
  readonly #text: string;
  readonly #vendors = new Map<string, Vendor>();

  /** @param text what is in the file; only its vendors are looked for beforehand */
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

/** The system's list; one without names where the system has none. */
export function loadUsbIds(root = '/'): UsbIds {
  for (const file of FILES) {
    try {
      return new UsbIds(readFileSync(join(root, file), 'utf8'));
    } catch {} // the next one
  }
  return new UsbIds('');
}
