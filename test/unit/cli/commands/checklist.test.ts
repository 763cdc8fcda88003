import { expect, it } from 'vitest';
import { checklist } from '../../../../src/cli/commands/doctor.js';
import type { CheckResult } from '../../../../src/usb/check-result.js';
import { deviceInfo } from '../../../support/device-info.js';

const FINDINGS: CheckResult[] = [
  { id: 'bus', device: undefined, status: 'ok', message: 'a bus' },
  { id: 'link', device: '1-1', status: 'warning', message: 'slow', remedy: { kind: 'replug' } },
  {
    id: 'mounted',
    device: '1-1',
    status: 'problem',
    message: 'held by \x1b[2J\u202e',
    remedy: { kind: 'unmount', source: 'a\nb' },
  },
];
const paint = (_: string, text: string) => text;

it('has a mark for each finding, and its fix below, safe to show', () => {
  const device = deviceInfo({ manufacturer: 'Acme\x07', product: 'x'.repeat(200) });
  expect(checklist(FINDINGS, [device], { unicode: true, paint }).split('\n')).toEqual([
    'System',
    '  ✔ a bus',
    '',
    `1-1  1234:5678  Acme\\x07 ${'x'.repeat(122)}…`,
    '  ! slow',
    '    → plug the device in again',
    '  ✘ held by \\x1b[2J\\u{202e}',
    '    → unmount it first: sudo umount a\\x0ab',
  ]);
});

it('is ASCII where nothing else is shown', () => {
  const device = deviceInfo({ manufacturer: undefined, product: undefined });
  expect(checklist(FINDINGS, [device], { unicode: false, paint }).split('\n')).toEqual([
    'System',
    '  ok   a bus',
    '',
    '1-1  1234:5678',
    '  warn slow',
    '       -> plug the device in again',
    '  FAIL held by \\x1b[2J\\u{202e}',
    '       -> unmount it first: sudo umount a\\x0ab',
  ]);
});

it('names a maker once, as a list does', () => {
  const device = deviceInfo({ manufacturer: 'Acme', product: 'Acme Thing' });
  expect(checklist([], [device], { unicode: false, paint })).toMatch(/1234:5678 {2}Acme Thing$/);
});

it('paints headings and problems', () => {
  const tag = (style: string, text: string) => `<${style}>${text}</>`;
  const text = checklist(FINDINGS, [deviceInfo()], { unicode: true, paint: tag });
  expect(text.match(/<.*?>.*?<\/>/g)).toEqual([
    '<bold>System</>',
    '<bold>1-1  1234:5678  maker thing</>',
    '<red>✘</>',
  ]);
});
