import { UsbError } from './errors.js';
import { hex4 } from './format.js';
import type { DeviceInfo } from './model.js';

/*
 * The udev rule that lets users open a device (udev(7)). Users logged in at the machine get access by
 * the tag, which 73-seat-late.rules evaluates; other users by the group.
 */

/** The devices of a rule, and the users who get access. */
export interface UdevRule extends Pick<DeviceInfo, 'vid' | 'pid'> {
  /** The serial number, if the rule is for one device; see `canMatchSerial`. */
  readonly serial?: string | undefined;
  /** A group whose members get access also when not logged in at the machine; see `isGroupName`. */
  readonly group?: string | undefined;
}

/** The most characters in a USB string (USB 2.0 §9.6.7). */
const LONGEST_SERIAL = 126;

/**
 * Returns the rule as one line.
 *
 * @throws UsbError `invalid` for a serial number or a group that would change the rule
 */
export function udevRule({ vid, pid, serial, group }: UdevRule): string {
  if (
    (serial !== undefined && !canMatchSerial(serial)) ||
    (group !== undefined && !isGroupName(group))
  ) {
    throw new UsbError('invalid', 'a udev rule cannot hold that serial number or group');
  }
  return [
    'SUBSYSTEM=="usb"',
    `ATTR{idVendor}=="${hex4(vid)}"`,
    `ATTR{idProduct}=="${hex4(pid)}"`,
    ...(serial === undefined ? [] : [`ATTR{serial}=="${serial}"`]),
    'TAG+="uaccess"',
    ...(group === undefined ? [] : [`GROUP="${group}"`, 'MODE="0660"']),
  ].join(', ');
}

/** Returns the path of the file for a rule. Its name must sort before 73-seat-late.rules. */
export function udevRuleFile({ vid, pid, serial }: Omit<UdevRule, 'group'>): string {
  const names = [hex4(vid), hex4(pid), ...(serial === undefined ? [] : [serial])];
  return `/etc/udev/rules.d/70-usbxfer-${names.join('-').replace(/[^0-9A-Za-z._-]/g, '_')}.rules`;
}

/**
 * Tells whether a rule can match a serial number exactly. In rules, quotes and backslashes end or
 * change a string, `*?[]|` are patterns, and `$` and `%` substitutions; udev may ignore blanks at the
 * end of an attribute.
 */
export function canMatchSerial(text: string): boolean {
  return text.length <= LONGEST_SERIAL && /^[0-9A-Za-z._:-]+( +[0-9A-Za-z._:-]+)*$/.test(text);
}

/** Tells whether a text is a valid group name (POSIX.1 §3.282, with the length of useradd(8)). */
export function isGroupName(text: string): boolean {
  return /^[A-Za-z_][0-9A-Za-z._-]{0,31}$/.test(text);
}
