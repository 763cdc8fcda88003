import { UsbError } from './errors.js';
import { hex4 } from './format.js';
import type { DeviceInfo } from './model.js';

/*
 * The udev rule that lets users open a device (udev(7)). The tag, which 73-seat-late.rules evaluates,
 * gives access to users who are logged in at the machine. The group gives access to other users.
 */

/** The devices of a rule, and the users who get access. */
export interface UdevRule extends Pick<DeviceInfo, 'vid' | 'pid'> {
  /** The serial number, if the rule is for one device; see `canMatchSerial`. */
  readonly serial?: string | undefined;
  /**
   * A group whose members get access even when they are not logged in at the machine; see
   * `isGroupName`.
   */
  readonly group?: string | undefined;
}

/** The maximum length of a USB string (USB 2.0 §9.6.7). */
const MAX_SERIAL_LENGTH = 126;

/**
 * Returns the rule as one line.
 *
 * @throws UsbError `invalid` for a serial number or a group that is not valid in a rule
 */
export function udevRule({ vid, pid, serial, group }: UdevRule): string {
  if (
    (serial !== undefined && !canMatchSerial(serial)) ||
    (group !== undefined && !isGroupName(group))
  ) {
    throw new UsbError('invalid', 'a udev rule cannot contain this serial number or group');
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
 * Returns whether a rule can match a serial number exactly. In rules, quotes and backslashes end or
 * change a string, `*?[]|` form patterns, and `$` and `%` start substitutions; udev may ignore blanks
 * at the end of an attribute.
 */
export function canMatchSerial(text: string): boolean {
  return text.length <= MAX_SERIAL_LENGTH && /^[0-9A-Za-z._:-]+( +[0-9A-Za-z._:-]+)*$/.test(text);
}

/** Returns whether a text is a valid group name (POSIX.1 §3.282, up to the length of useradd(8)). */
export function isGroupName(text: string): boolean {
  return /^[A-Za-z_][0-9A-Za-z._-]{0,31}$/.test(text);
}
