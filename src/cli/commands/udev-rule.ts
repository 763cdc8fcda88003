import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { ids } from '../../usb/format.js';
import type { DeviceFilter } from '../../usb/model.js';
import {
  canMatchSerial,
  isGroupName,
  type UdevRule,
  udevRule,
  udevRuleFile,
} from '../../usb/udev-rule.js';
import { CliError } from '../errors/cli-error.js';
import { addFilterOptions, type FilterOptions, filterOf, withOperand } from '../options/device.js';
import { idPair } from '../options/parsers.js';
import { logToStderr, print } from '../terminal/stdio.js';

interface UdevRuleOptions extends FilterOptions {
  readonly group?: string;
}

/** `usbxfer udev-rule` */
export function define(command: Command): void {
  command.argument('[ids]', 'vid:pid, hexadecimal as in lsusb', (text) => [idPair(text)]);
  addFilterOptions(command)
    .optionsGroup('Rule:')
    .option('--group <name>', 'also allow this group, logged in locally or remotely', group)
    .action(printRule);
}

/** @throws CliError if the IDs are missing or the serial number cannot stand in a rule */
function printRule(operand: readonly DeviceFilter[] | undefined, given: UdevRuleOptions): void {
  const options = withOperand(given, operand);
  const { vid, pid, serial } = filterOf(options);
  if (vid === undefined || pid === undefined) {
    throw new CliError('missing-argument', 'a rule needs the vendor and the product ID', {
      advice: 'give both, such as 1234:5678',
    });
  }
  if (serial !== undefined && !canMatchSerial(serial)) {
    throw new CliError('invalid-value', 'no udev rule can safely match this serial number', {
      advice:
        'omit --serial, or add ATTR{serial}=="…" to the rule by hand, with ? in place of each ' +
        'character other than letters, digits and . _ : -',
    });
  }
  const rule = { vid, pid, serial, group: options.group };
  print(udevRule(rule));
  logToStderr(
    `Install the rule: ${commandFor(rule)} | sudo tee ${udevRuleFile(rule)}\n` +
      'Then run sudo udevadm control --reload && sudo udevadm trigger, and plug the device in again.',
  );
}

/** The command that prints the rule. Valid serial numbers and groups need no other quotes. */
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
