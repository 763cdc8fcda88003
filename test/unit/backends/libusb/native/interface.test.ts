import { usb } from 'usb';
import { expect, it } from 'vitest';
import { LibusbInterface } from '../../../../../src/backends/libusb/native/interface.js';
import type { NativeDevice, NodeUsb } from '../../../../../src/backends/libusb/native/node-usb.js';
import { portablePlatform } from '../../../../../src/backends/libusb/portable.js';
import { deviceWith, setting } from '../../../../support/device-info.js';

const SETTINGS = [
  setting(2, 0, 0x81),
  setting(
    2,
    1,
    0x81,
    { address: 0x03, type: 'interrupt', maxPacketSize: 64 },
    { address: 0x84, type: 'isochronous', maxPacketSize: 64 },
  ),
] as const;
const INFO = deviceWith(...SETTINGS);
const PLATFORM = portablePlatform();

type Done = (error?: Error) => void;

/** A device that records its calls, and fails those in `failures`. */
class FakeDevice {
  readonly calls: string[] = [];
  readonly failures = new Map<string, number>();
  driver = false;
  binding = '1';

  __claimInterface = (number: number) => this.#note(`claim ${number}`);
  __setInterface = (number: number, setting: number, done: Done) =>
    this.#answer(`set ${number} ${setting}`, done);
  __releaseInterface = (number: number, done: Done) => this.#answer(`release ${number}`, done);
  __isKernelDriverActive = () => this.driver;
  __detachKernelDriver = (number: number) => {
    this.#note(`detach ${number}`);
    this.driver = false;
  };
  __attachKernelDriver = (number: number) => {
    this.#note(`attach ${number}`);
    this.driver = true;
  };

  claim(alternateSetting: 0 | 1, detachDriver = false): Promise<LibusbInterface> {
    const native = this as unknown as NativeDevice;
    const platform = { ...PLATFORM, bindingOf: () => this.binding };
    const chosen = SETTINGS[alternateSetting];
    const handle = { usb: FAKE_USB, native, info: INFO, platform };
    return LibusbInterface.claim(handle, chosen, { detachDriver });
  }

  #note(call: string): void {
    this.calls.push(call);
    const errno = this.failures.get(call);
    if (errno !== undefined) {
      throw Object.assign(new Error('LIBUSB_WORDS'), { errno });
    }
  }

  #answer(call: string, done: Done): void {
    setImmediate(() => {
      try {
        this.#note(call);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
  }
}

/** The arguments address, type and timeout of each `new Transfer`. */
const made: unknown[] = [];
const FAKE_USB = {
  ...usb,
  Transfer: class {
    constructor(_: unknown, ...rest: unknown[]) {
      made.push(rest.slice(0, 3));
    }
  },
} as unknown as NodeUsb;

it('does not select the alternate setting that is selected already', async () => {
  const device = new FakeDevice();
  const claimed = await device.claim(0);
  await claimed.release();
  expect(device.calls).toEqual(['claim 2', 'release 2']);
});

it('selects alternate setting 0 before it releases', async () => {
  const device = new FakeDevice();
  device.driver = true;
  const claimed = await device.claim(1, true);
  expect(claimed.released).toBe(false);
  await claimed.release();
  expect(claimed.released).toBe(true);
  await claimed.release();
  expect(device.calls).toEqual([
    'detach 2',
    'claim 2',
    'set 2 1',
    'set 2 0',
    'release 2',
    'attach 2',
  ]);
});

it('reattaches the driver of an interface that was taken away, and expects nothing else', async () => {
  const device = new FakeDevice();
  device.driver = true;
  const claimed = await device.claim(1, true);
  expect(claimed.isLost).toBe(false);
  device.binding = '2';
  expect(claimed.isLost).toBe(true);
  device.failures.set('release 2', usb.LIBUSB_ERROR_OTHER);
  await claimed.release();
  expect(device.calls.slice(3)).toEqual(['release 2', 'attach 2']);
});

it.each([
  [[['set 2 0', usb.LIBUSB_ERROR_IO]], 'io', /alternate setting 0/],
  [[['release 2', usb.LIBUSB_ERROR_IO]], 'io', /release interface 2/],
  [
    [
      ['set 2 0', usb.LIBUSB_ERROR_PIPE],
      ['release 2', usb.LIBUSB_ERROR_IO],
    ],
    'stall',
    /alternate setting 0/,
  ],
  [
    [
      ['set 2 0', usb.LIBUSB_ERROR_IO],
      ['release 2', usb.LIBUSB_ERROR_NO_DEVICE],
    ],
    'no-device',
    /release interface 2/,
  ],
] as [
  [string, number][],
  string,
  RegExp,
][])('releases the interface and attaches the driver in spite of %j', async (failures, code, message) => {
  const device = new FakeDevice();
  device.driver = true;
  const claimed = await device.claim(1, true);
  for (const [call, errno] of failures) {
    device.failures.set(call, errno);
  }
  await expect(claimed.release()).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  });
  expect(device.calls.slice(-3)).toEqual(['set 2 0', 'release 2', 'attach 2']);
  expect(claimed.released).toBe(true);
});

it('releases the interface when the alternate setting is refused', async () => {
  const device = new FakeDevice();
  device.failures.set('set 2 1', usb.LIBUSB_ERROR_PIPE);
  await expect(device.claim(1)).rejects.toMatchObject({ code: 'stall' });
  expect(device.calls).toEqual(['claim 2', 'set 2 1', 'release 2']);
});

it('creates bulk and interrupt transfers only, without a timeout of libusb', async () => {
  const claimed = await new FakeDevice().claim(1);
  claimed.endpoint(0x81).createTransfer(() => {});
  claimed.endpoint(0x03).createTransfer(() => {});
  expect(made).toEqual([
    [0x81, usb.LIBUSB_TRANSFER_TYPE_BULK, 0],
    [0x03, usb.LIBUSB_TRANSFER_TYPE_INTERRUPT, 0],
  ]);
  for (const address of [0x84, 0x82]) {
    expect(() => claimed.endpoint(address)).toThrow(/no bulk or interrupt endpoint 0x8/);
  }
});
