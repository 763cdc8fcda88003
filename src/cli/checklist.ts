import type { DeviceInfo } from '../usb/backend.js';
import { byDevice, type Finding, type FindingStatus } from '../usb/diagnosis.js';
import { deviceName, UNKNOWN } from './device-name.js';
import { ids } from './format.js';
import { escapeUnsafe, sanitize } from './sanitize.js';
import type { Paint } from './style.js';

const MARKS: Readonly<Record<FindingStatus, string>> = { ok: '✔', warning: '!', problem: '✘' };
const ASCII_MARKS: Readonly<Record<FindingStatus, string>> = {
  ok: 'ok  ',
  warning: 'warn',
  problem: 'FAIL',
};

/** How a checklist is shown. */
export interface Looks {
  readonly unicode: boolean;
  readonly paint: Paint;
}

/**
 * Findings as lines with a mark each, under the system's and each device's heading. What is to be
 * done stands below, in a line of its own, so that commands in it can be copied.
 */
export function checklist(
  findings: readonly Finding[],
  devices: readonly DeviceInfo[],
  looks: Looks,
): string {
  const found = byDevice(findings);
  return [
    section('System', found.get(undefined), looks),
    ...devices.map((device) => section(heading(device), found.get(device.path), looks)),
  ].join('\n\n');
}

function section(heading: string, findings: readonly Finding[] | undefined, looks: Looks): string {
  const lines = (findings ?? []).flatMap((finding) => findingLines(finding, looks));
  return [looks.paint('bold', heading), ...lines].join('\n');
}

function findingLines({ status, message, fix }: Finding, { unicode, paint }: Looks): string[] {
  const mark = (unicode ? MARKS : ASCII_MARKS)[status];
  const shown = status === 'problem' ? paint('red', mark) : mark;
  const indent = ' '.repeat(mark.length + 3);
  return [
    `  ${shown} ${escapeUnsafe(message)}`,
    ...(fix === undefined ? [] : [`${indent}${unicode ? '→' : '->'} ${escapeUnsafe(fix)}`]),
  ];
}

function heading(device: DeviceInfo): string {
  const name = deviceName(device, UNKNOWN);
  return `${device.path}  ${ids(device)}  ${sanitize(name)}`.trimEnd();
}
