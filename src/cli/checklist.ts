import type { DeviceInfo } from '../usb/backend.js';
import type { Finding, FindingStatus } from '../usb/diagnosis.js';
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
  const about = (path: string | undefined) => findings.filter(({ device }) => device === path);
  return [
    section('System', about(undefined), looks),
    ...devices.map((device) => section(heading(device), about(device.path), looks)),
  ].join('\n\n');
}

function section(heading: string, findings: readonly Finding[], looks: Looks): string {
  const lines = findings.flatMap((finding) => findingLines(finding, looks));
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
  const name = [device.manufacturer, device.product].filter((text) => text).join(' ');
  return `${device.path}  ${ids(device)}  ${sanitize(name)}`.trimEnd();
}
