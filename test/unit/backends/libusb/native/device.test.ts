import { usb } from 'usb';
import { describe, expect, it } from 'vitest';
import { LibusbDevice } from '../../../../../src/backends/libusb/native/device.js';
import { portablePlatform } from '../../../../../src/backends/libusb/portable.js';
import { UsbError } from '../../../../../src/usb/errors.js';
import { deviceWith, setting } from '../../../../support/device-info.js';
import { FAKE_USB, libusbError, listed } from '../../../../support/fake-node-usb.js';

const INFO = deviceWith(setting(0, 0, 0x81), setting(3, 1, 0x82));
const REQUEST = { requestType: 0xc0, request: 1, value: 0, index: 0 };

/** A device of node-usb, which records its calls, and fails those in `failures`. */
class FakeDevice {
  readonly busNumber = INFO.bus;
  readonly deviceAddress = INFO.address;
  readonly calls: string[] = [];
  readonly failures: Record<string, Error> = {};
  /** Defined while the device is open. */
  interfaces: unknown[] | undefined;

  open = () => {
    this.#note('open');
    this.interfaces = [];
  };
  close = () => {
    this.#note('close');
    this.interfaces = undefined;
  };
  reset = (done: (error?: Error) => void) =>
    setImmediate(() => {
      this.calls.push('reset');
      done(this.failures['reset']);
    });
  __claimInterface = () => this.#note('claim');
  __releaseInterface = (_: number, done: () => void) => setImmediate(done);

  #note(call: string): void {
    this.calls.push(call);
    const failure = this.failures[call];
    if (failure !== undefined) {
      throw failure;
    }
  }
}

function openWith(device?: FakeDevice, overrides = {}): Promise<LibusbDevice> {
  listed.splice(0, listed.length, ...(device ? [device] : []));
  const load = async () => FAKE_USB;
  return LibusbDevice.open(INFO, { ...portablePlatform(load), ...overrides }, load);
}

describe('opening', () => {
  it('finds the device by bus and address', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    expect([device.info, native.calls]).toEqual([INFO, ['open']]);
    expect(await device.loss()).toBe(undefined);
    listed.pop();
    expect(await device.loss()).toBe('disconnected');
  });

  it('checks with the platform first, before libusb is loaded', async () => {
    const failure = new UsbError('access', 'no file');
    const native = new FakeDevice();
    const checkBeforeOpen = () => {
      throw failure;
    };
    await expect(openWith(native, { checkBeforeOpen })).rejects.toBe(failure);
    expect(native.calls).toEqual([]);
  });

  it('lets the platform explain failures', async () => {
    const unlisted = new UsbError('no-device', 'unlisted');
    await expect(openWith(undefined, { unlistedError: () => unlisted })).rejects.toBe(unlisted);
    const native = new FakeDevice();
    native.failures['open'] = libusbError(usb.LIBUSB_ERROR_ACCESS);
    await expect(openWith(native)).rejects.toMatchObject({
      code: 'access',
      message: 'cannot open the device at 1-1: permission denied',
      cause: native.failures['open'],
    });
  });

  it('refuses a second handle of the same device', async () => {
    const native = new FakeDevice();
    await openWith(native);
    await expect(openWith(native)).rejects.toMatchObject({ code: 'busy' });
    expect(native.calls).toEqual(['open']);
  });
});

describe('an opened device', () => {
  it('claims the alternate settings that it has, and no others', async () => {
    const device = await openWith(new FakeDevice());
    await expect(device.claim(3, 0)).rejects.toMatchObject({
      code: 'not-found',
      message: 'the device has no interface 3 with alternate setting 0',
    });
    await (await device.claim(0, 0)).release();
  });

  it('lets the platform explain a refused control request, with the claimed interfaces', async () => {
    const owned: unknown[] = [];
    const failure = new UsbError('busy', 'held');
    const controlError = (_: unknown, _request: unknown, own: readonly number[]) => {
      owned.push(own);
      return failure;
    };
    const device = await openWith(new FakeDevice(), { controlError });
    await expect(device.control(REQUEST, Buffer.alloc(1), 1000)).rejects.toBe(failure);
    const claimed = await device.claim(0, 0);
    await expect(device.control(REQUEST, Buffer.alloc(1), 1000)).rejects.toBe(failure);
    await claimed.release();
    await expect(device.control(REQUEST, Buffer.alloc(1), 1000)).rejects.toBe(failure);
    expect(owned).toEqual([[], [0], []]);
  });

  it('asks the platform about losses, with whether a claim is lost', async () => {
    const asked: unknown[] = [];
    let binding = '5';
    const device = await openWith(new FakeDevice(), {
      bindingOf: (_: unknown, number: number) => `${number} ${binding}`,
      loss: async (_: unknown, _native: unknown, isClaimLost: boolean | undefined) => {
        asked.push(isClaimLost);
        return 'reset';
      },
    });
    await device.loss();
    const claimed = await device.claim(0, 0);
    const other = await device.claim(3, 1).catch(() => undefined); // the setting cannot be selected
    expect(other).toBe(undefined);
    await device.loss();
    binding = '6';
    expect(await device.loss()).toBe('reset');
    await claimed.release();
    await device.loss();
    expect(asked).toEqual([undefined, false, true, undefined]);
  });

  it('closes once, unless that fails', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    native.failures['close'] = new Error("Can't close device with a pending request");
    await expect(device.close()).rejects.toMatchObject({
      code: 'other',
      message: "cannot close the device: Can't close device with a pending request",
    });
    delete native.failures['close'];
    await device.close();
    await device.close();
    expect(native.calls).toEqual(['open', 'close', 'close']);
  });

  it('can do nothing more once closed', async () => {
    const device = await openWith(new FakeDevice());
    await device.close();
    for (const operation of [
      () => device.claim(0, 0),
      () => device.control(REQUEST, Buffer.alloc(1), 1000),
      () => device.reset(),
    ]) {
      await expect(operation()).rejects.toMatchObject({ code: 'invalid' });
    }
  });
});

describe('a reset', () => {
  it('resets a device with no claimed interface', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    const claimed = await device.claim(0, 0);
    await expect(device.reset()).rejects.toMatchObject({ code: 'invalid' });
    await claimed.release();
    await device.reset();
    expect(native.calls).toEqual(['open', 'claim', 'reset']);
  });

  it.each([
    [usb.LIBUSB_ERROR_NOT_FOUND, 'no-device', /did not return unchanged from the reset/],
    [usb.LIBUSB_ERROR_NO_DEVICE, 'no-device', /did not return unchanged from the reset/],
    [usb.LIBUSB_ERROR_OTHER, 'io', /^cannot reset the device: LIBUSB_WORDS$/],
    [usb.LIBUSB_ERROR_IO, 'io', /^cannot reset the device: input\/output error$/],
    [usb.LIBUSB_ERROR_NOT_SUPPORTED, 'not-supported', /^cannot reset the device/],
  ])('reports error %i as %s', async (errno, code, message) => {
    const native = new FakeDevice();
    native.failures['reset'] = libusbError(errno);
    await expect((await openWith(native)).reset()).rejects.toMatchObject({
      name: 'UsbError',
      code,
      message: expect.stringMatching(message),
      cause: expect.objectContaining({ errno }),
    });
  });

  it('reports that node-usb refuses to reset', async () => {
    const native = new FakeDevice();
    native.reset = () => {
      throw new Error('Device is not open');
    };
    await expect((await openWith(native)).reset()).rejects.toMatchObject({
      name: 'UsbError',
      code: 'io',
    });
  });
});
