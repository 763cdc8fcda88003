import { UsbError } from './errors.js';
import { hex4 } from './format.js';
import type { DeviceInfo } from './model.js';

/*
 * The udev rule that lets users open a device (udev(7)). Whoever is logged in at the machine gets
 * the right by the tag, which 73-seat-late.rules acts on; others by the group.
 */

/** Which devices a rule is for, and whom it lets in. */
export interface UdevRule extends Pick<DeviceInfo, 'vid' | 'pid'> {
  /** Only the device with this serial number; one that `canMatchSerial`. */
  readonly serial?: string | undefined;
  /** A group that gets in as well, logged in at the machine or not; `isGroupName`. */
  readonly group?: string | undefined;
}

/** The most characters that a USB string holds (USB 2.0 §9.6.7). */
const LONGEST_SERIAL = 126;

/**
 * The rule, in one line.
 *
 * @throws UsbError `invalid` for a serial number or a group that could say something else in it
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

/** The file to put the rule into. Its name sorts before 73-seat-late.rules, or the tag does nothing. */
export function udevRuleFile({ vid, pid, serial }: Omit<UdevRule, 'group'>): string {
  const names = [hex4(vid), hex4(pid), ...(serial === undefined ? [] : [serial])];
  return `/etc/udev/rules.d/70-usbxfer-${names.join('-').replace(/[^0-9A-Za-z._-]/g, '_')}.rules`;
}

/**
 * Whether a rule can match a serial number to the letter, and say nothing else: quotes and
 * backslashes would end or change the text, `*?[]|` are patterns in it, `$` and `%` substitutions,
 * and blanks at the end of an attribute are not always looked at.
 */
export function canMatchSerial(text: string): boolean {
  return text.length <= LONGEST_SERIAL && /^[0-9A-Za-z._:-]+( +[0-9A-Za-z._:-]+)*$/.test(text);
}

/** Whether a text has the form of a group's name (POSIX.1 §3.282, and useradd(8)'s length). */
export function isGroupName(text: string): boolean {
  return /^[A-Za-z_][0-9A-Za-z._-]{0,31}$/.test(text);
}
