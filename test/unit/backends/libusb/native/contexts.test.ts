import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Contexts } from '../../../../../src/backends/libusb/native/contexts.js';
import type { NodeUsb } from '../../../../../src/backends/libusb/native/node-usb.js';
import { deviceInfo } from '../../../../support/device-info.js';

/** A context that lists devices at these addresses of bus 1. */
function context(...addresses: number[]): NodeUsb {
  const devices = addresses.map((deviceAddress) => ({ busNumber: 1, deviceAddress }));
  return { getDeviceList: () => devices } as unknown as NodeUsb;
}

const at = (address: number) => deviceInfo({ bus: 1, address });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it('finds a device in the first context, and creates no other one', () => {
  const first = context(2);
  const again = vi.fn();
  const found = new Contexts(again).find(first, at(2), 'unreported');
  expect(found).toEqual({ usb: first, native: first.getDeviceList()[0] });
  expect(again).not.toHaveBeenCalled();
});

it('creates a context at once for a device that nothing reports, and keeps it', () => {
  const first = context(2);
  const second = context(3);
  const again = vi.fn(() => second);
  const contexts = new Contexts(again);
  expect(contexts.find(first, at(3), 'unreported')?.usb).toBe(second);
  expect(contexts.find(first, at(3), 'unreported')?.usb).toBe(second);
  expect(contexts.find(first, at(2), 'unreported')?.usb).toBe(first);
  expect(again).toHaveBeenCalledTimes(1);
});

it('creates none for a device that is gone', () => {
  const again = vi.fn();
  expect(new Contexts(again).find(context(), at(3), 'gone')).toBeUndefined();
  expect(again).not.toHaveBeenCalled();
});

it('gives a udev daemon a second to report a device', () => {
  const first = context();
  const again = vi.fn(() => context(3, 4));
  const contexts = new Contexts(again);
  expect(contexts.find(first, at(3), 'reported')).toBeUndefined();
  vi.advanceTimersByTime(999);
  expect(contexts.find(first, at(3), 'reported')).toBeUndefined();
  expect(contexts.find(first, at(4), 'reported')).toBeUndefined(); // has a second of its own
  vi.advanceTimersByTime(999);
  expect(again).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(contexts.find(first, at(4), 'reported')).toBeDefined();
  expect(again).toHaveBeenCalledTimes(1);
});

it('prefers the newest context: addresses are used again', () => {
  const second = context(2, 3);
  const contexts = new Contexts(() => second);
  contexts.find(context(2), at(3), 'unreported');
  expect(contexts.find(context(2), at(2), 'unreported')?.usb).toBe(second);
});

it('refuses to create more than 500', () => {
  const again = vi.fn(() => context());
  const contexts = new Contexts(again);
  const first = context();
  for (let i = 1; i < 500; i++) {
    contexts.find(first, at(3), 'unreported');
  }
  expect(() => contexts.find(first, at(3), 'unreported')).toThrow(
    expect.objectContaining({ code: 'unavailable', remedy: { kind: 'run-again' } }),
  );
  expect(again).toHaveBeenCalledTimes(499);
});
