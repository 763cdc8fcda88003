import { expect, it } from 'vitest';
import { comparePaths, portPath } from '../../../src/usb/format.js';

it('writes port paths as the kernel does', () => {
  expect(portPath(3, [])).toBe('usb3');
  expect(portPath(3, [1, 2])).toBe('3-1.2');
});

it('orders by bus and port, hubs first', () => {
  const ordered = ['usb1', '1-1', '1-1.2', '1-1.10', '1-2', 'usb2', '2-1', 'usb10', '10-1'];
  expect([...ordered].reverse().sort(comparePaths)).toEqual(ordered);
});
