import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canMatchSerial,
  isGroupName,
  type UdevRule,
  udevRule,
  udevRuleFile,
} from '../../../src/usb/udev-rule.js';

/** Parses a rule by the grammar of udev(7), without special characters in values. */
function tokens(rule: string): string[][] {
  const token = /([A-Z]+(?:\{\w+\})?)(==|\+=|=)"([^"\\*?[\]|$%\p{Cc}]*)"(?:, |$)/uy;
  const found: string[][] = [];
  while (token.lastIndex < rule.length) {
    const [, key, operator, value] = token.exec(rule) ?? [];
    if (key === undefined || operator === undefined || value === undefined) {
      throw new Error(`no rule: ${rule}`);
    }
    found.push([key, operator, value]);
  }
  return found;
}

/** Returns the errors of udev for a rule; undefined if udev is not installed. */
function complaints(rule: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  try {
    const file = join(folder, '70-usbxfer.rules');
    writeFileSync(file, `${rule}\n`);
    if (spawnSync('udevadm', ['verify', '--help']).status === 0) {
      const verify = spawnSync('udevadm', ['verify', file]);
      return verify.status === 0 ? '' : `${verify.stdout}${verify.stderr}`;
    }
    // An older udev reads all rules for a test run and reports what it ignores. It gets its own /run.
    const script = `mount --bind '${folder}' /etc/udev/rules.d && mount -t tmpfs none /run &&
      SYSTEMD_LOG_LEVEL=debug udevadm test /sys/class/mem/null`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'bash', '-c', script], {
      encoding: 'utf8',
    });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('70-usbxfer'));
    const [first, ...rest] = lines;
    return first?.startsWith('Reading rules file') ? rest.join('\n') : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const DEVICE = { vid: 0x1234, pid: 0xab };

const ID = fc.integer({ min: 0, max: 0xffff });
/** Generates texts with allowed, forbidden and arbitrary characters. */
const TEXT = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'aZ09._:- "\'\\*?[]|$%,={}+\n'), maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'aZ09._:- '), maxLength: 140 }),
  fc.string({ unit: 'binary', maxLength: 140 }),
);

describe('a udev rule', () => {
  it('matches the device, and gives access to users who are logged in', () => {
    expect(udevRule(DEVICE)).toBe(
      'SUBSYSTEM=="usb", ATTR{idVendor}=="1234", ATTR{idProduct}=="00ab", TAG+="uaccess"',
    );
  });

  it('matches the serial number, and gives access to a group', () => {
    expect(udevRule({ ...DEVICE, serial: 'A 1', group: 'plugdev' })).toBe(
      'SUBSYSTEM=="usb", ATTR{idVendor}=="1234", ATTR{idProduct}=="00ab", ATTR{serial}=="A 1", ' +
        'TAG+="uaccess", GROUP="plugdev", MODE="0660"',
    );
  });

  it('has exactly the intended matches and assignments for any serial number and group', () => {
    const property = fc.property(ID, ID, TEXT, TEXT, (vid, pid, serial, group) => {
      const rule: UdevRule = { vid, pid, serial, group };
      if (!canMatchSerial(serial) || !isGroupName(group)) {
        expect(() => udevRule(rule)).toThrow('cannot contain');
        return;
      }
      expect(tokens(udevRule(rule))).toEqual([
        ['SUBSYSTEM', '==', 'usb'],
        ['ATTR{idVendor}', '==', vid.toString(16).padStart(4, '0')],
        ['ATTR{idProduct}', '==', pid.toString(16).padStart(4, '0')],
        ['ATTR{serial}', '==', serial],
        ['TAG', '+=', 'uaccess'],
        ['GROUP', '=', group],
        ['MODE', '=', '0660'],
      ]);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it.each(['0001', 'a b', '00:11:22', 'A-1_2.3', 'x'.repeat(126)])('can match %j', (serial) => {
    expect(tokens(udevRule({ ...DEVICE, serial }))).toContainEqual(['ATTR{serial}', '==', serial]);
  });

  it.each([
    '',
    ' a',
    'a ',
    'a"',
    'a\\',
    'a*',
    '?',
    '[a]',
    'a|b',
    '$x',
    '%k',
    'a\n',
    'é',
    'x'.repeat(127),
  ])('cannot match %j', (serial) => {
    expect(canMatchSerial(serial)).toBe(false);
    expect(() => udevRule({ ...DEVICE, serial })).toThrow('cannot contain');
  });

  it.each(['', '-a', '0', 'a b', 'a"', 'ä', 'x'.repeat(33)])('has no group %j', (group) => {
    expect(isGroupName(group)).toBe(false);
    expect(() => udevRule({ ...DEVICE, group })).toThrow('cannot contain');
  });

  const asked = complaints('SUBSYSTEM="usb", ATTR{idVendor}=="1234", TAG+="uaccess"');

  it.skipIf(asked === undefined)('is taken by udev', () => {
    expect(asked).toMatch(/operator/i);
    for (const serial of [undefined, '0001', 'a b', '00:11-22_3.']) {
      expect(complaints(udevRule({ ...DEVICE, serial, group: 'root' }))).toBe('');
    }
  });
});

it('the rules of two serial numbers have different files', () => {
  const file = (serial?: string) => udevRuleFile({ vid: 1, pid: 2, serial });
  expect(file('00:1 b')).toBe('/etc/udev/rules.d/70-usbxfer-0001-0002-00_1_b.rules');
  expect(new Set([file(), file('0001'), file('0002')]).size).toBe(3);
});

it('the file is read before the rules that evaluate the tag', () => {
  const property = fc.property(ID, ID, (vid, pid) => {
    const file = udevRuleFile({ vid, pid });
    expect(file).toMatch(/^\/etc\/udev\/rules\.d\/70-usbxfer-[0-9a-f]{4}-[0-9a-f]{4}\.rules$/);
    expect(file < '/etc/udev/rules.d/73-seat-late.rules').toBe(true);
  });
  fc.assert(property);
});
