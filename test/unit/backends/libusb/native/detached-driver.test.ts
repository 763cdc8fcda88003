import { usb } from 'usb';
import { expect, it } from 'vitest';
import { DetachedDriver } from '../../../../../src/backends/libusb/native/detached-driver.js';
import { deviceWith, setting } from '../../../../support/device-info.js';

const INFO = deviceWith(setting(0, 0, 0x81), setting(1, 0, 0x82), setting(2, 0, 0x83));

function failing(errno: number): Error {
  return Object.assign(new Error('LIBUSB_WORDS'), { errno });
}

/** Interfaces and their drivers, and a kernel that moves drivers as Linux does. */
class Kernel {
  readonly drivers: Map<number, string>;
  /** What was attached to, in order. */
  readonly attached: number[] = [];
  /** What attaching to an interface does. */
  onAttach: (number: number) => void = () => {};
  readonly native = {
    __isKernelDriverActive: (number: number) => {
      const driver = this.drivers.get(number);
      return driver !== undefined && driver !== 'usbfs';
    },
    __detachKernelDriver: (number: number) => {
      const driver = this.drivers.get(number);
      for (const [other, name] of this.drivers) {
        if (name === driver) {
          this.drivers.delete(other);
        }
      }
    },
    __attachKernelDriver: (number: number) => {
      this.attached.push(number);
      this.onAttach(number);
    },
  };

  constructor(drivers: Record<number, string>) {
    this.drivers = new Map(Object.entries(drivers).map(([number, name]) => [Number(number), name]));
  }

  detach(number: number, named = true): DetachedDriver | undefined {
    const driverOf = (_: unknown, other: number) => (named ? this.drivers.get(other) : undefined);
    return DetachedDriver.detach(
      { native: this.native, info: INFO, platform: { driverOf } },
      number,
    );
  }
}

it.each([{}, { 0: 'usbfs' }, { 1: 'other' }])('finds no driver to detach in %o', (drivers) => {
  expect(new Kernel(drivers).detach(0)).toBeUndefined();
});

it('reattaches a driver to all interfaces that it held, and to no others', async () => {
  const kernel = new Kernel({ 0: 'cdc_acm', 1: 'cdc_acm', 2: 'other' });
  const detached = kernel.detach(1);
  expect([...kernel.drivers]).toEqual([[2, 'other']]);
  kernel.onAttach = (number) => {
    if (number !== 0) {
      throw failing(usb.LIBUSB_ERROR_BUSY); // with the first it had the second, too
    }
    kernel.drivers.set(0, 'cdc_acm').set(1, 'cdc_acm');
  };
  await detached?.reattach();
  expect(kernel.attached).toEqual([0, 1]);
});

it('waits for a driver that needs time', async () => {
  const kernel = new Kernel({ 0: 'slow' });
  const detached = kernel.detach(0);
  kernel.onAttach = () => {
    setTimeout(() => kernel.drivers.set(0, 'slow'), 80);
  };
  await detached?.reattach();
  expect(kernel.drivers.get(0)).toBe('slow');
});

it('reports a driver that does not come back, or another in its place', async () => {
  const cause = failing(usb.LIBUSB_ERROR_NOT_FOUND);
  const kernel = new Kernel({ 0: 'shy' });
  const detached = kernel.detach(0);
  kernel.onAttach = () => {
    kernel.drivers.set(0, 'pushy');
    throw cause;
  };
  await expect(detached?.reattach()).rejects.toMatchObject({
    name: 'UsbError',
    code: 'other',
    cause,
    message: 'the kernel driver shy did not bind to interface 0 again',
    remedy: {
      kind: 'any-of',
      remedies: [
        { kind: 'replug' },
        { kind: 'rebind-driver', driver: 'shy', interfaceName: `${INFO.path}:1.0` },
      ],
    },
  });
});

it('does not wait for a driver when the device is gone', async () => {
  const kernel = new Kernel({ 0: 'usb-storage' });
  const detached = kernel.detach(0);
  kernel.onAttach = () => {
    throw failing(usb.LIBUSB_ERROR_NO_DEVICE);
  };
  await expect(detached?.reattach()).rejects.toMatchObject({ code: 'no-device' });
});

it('asks libusb where the system does not name drivers', async () => {
  const kernel = new Kernel({ 0: 'unnamed' });
  const detached = kernel.detach(0, false);
  kernel.onAttach = () => kernel.drivers.set(0, 'unnamed');
  await detached?.reattach();
  expect(kernel.attached).toEqual([0]);
});

it('names the driver that cannot be detached', () => {
  const kernel = new Kernel({ 0: 'stubborn' });
  kernel.native.__detachKernelDriver = () => {
    throw failing(usb.LIBUSB_ERROR_IO);
  };
  expect(() => kernel.detach(0)).toThrow(
    'cannot detach the kernel driver stubborn from interface 0: input/output error',
  );
});
