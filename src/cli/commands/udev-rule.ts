import type { Command } from 'commander';
import {
  canMatchSerial,
  isGroupName,
  type UdevRule,
  udevRule,
  udevRuleFile,
} from '../../usb/udev-rule.js';
import { InvalidArgumentError } from '../commander.js';
import { CliError } from '../errors/cli-error.js';
import { addFilterOptions, type FilterOptions, filterOf } from '../options/device.js';
import { ids } from '../terminal/format.js';
import { logToStderr, print } from '../terminal/stdio.js';

interface UdevRuleOptions extends FilterOptions {
  readonly group?: string;
}

/** `usbxfer udev-rule` */
export function define(command: Command): void {
  addFilterOptions(command)
    .optionsGroup('Rule:')
    .option('--group <name>', 'also allow this group, at the machine or remotely', group)
    .action(printRule);
}

/** @throws CliError for a device that is not named, or not to be named in a rule */
function printRule(options: UdevRuleOptions): void {
  const { vid, pid, serial } = filterOf(options);
  if (vid === undefined || pid === undefined) {
    throw new CliError('usage', 'a rule needs vendor and product id', {
      advice: 'give both, as -d 1234:5678',
    });
  }
  if (serial !== undefined && !canMatchSerial(serial)) {
    throw new CliError('invalid-value', 'no udev rule can safely match that serial number', {
      advice:
        'leave --serial out, or write ATTR{serial}=="…" into the rule yourself with ? for each ' +
        'character that is not a letter, a digit or one of . _ : -',
    });
  }
  const rule = { vid, pid, serial, group: options.group };
  print(udevRule(rule));
  logToStderr(
    `Install it: ${commandFor(rule)} | sudo tee ${udevRuleFile(rule)}\n` +
      'Then: sudo udevadm control --reload && sudo udevadm trigger; and plug the device in again.',
  );
}

/** What is in a rule needs no more quotes than these. */
function commandFor(rule: UdevRule): string {
  const { serial, group } = rule;
  return [
    `usbxfer udev-rule -d ${ids(rule)}`,
    ...(serial === undefined ? [] : [`--serial '${serial}'`]),
    ...(group === undefined ? [] : [`--group ${group}`]),
  ].join(' ');
}

function group(text: string): string {
  if (!isGroupName(text)) {
    throw new InvalidArgumentError('give the name of a group, such as plugdev');
  }
  return text;
}
