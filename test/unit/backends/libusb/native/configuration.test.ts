import { usb } from 'usb';
import { describe, expect, it } from 'vitest';
import { LibusbDevice } from '../../../../../src/backends/libusb/native/device.js';
import { portablePlatform } from '../../../../../src/backends/libusb/portable.js';
import { UsbError } from '../../../../../src/usb/errors.js';
import type { DeviceInfo } from '../../../../../src/usb/model.js';
import { deviceInfo, setting } from '../../../../support/device-info.js';
import { FAKE_USB, libusbError, listed } from '../../../../support/fake-node-usb.js';

const INFO = deviceInfo({
  configurations: [
    { value: 1, settings: [setting(0, 0, 0x81), setting(1, 0, 0x82)] },
    { value: 2, settings: [setting(0, 0, 0x83), setting(3, 0, 0x84), setting(3, 1, 0x85)] },
  ],
});

type Done = (error?: Error) => void;

/** A device, and a kernel that binds the drivers of a configuration when it is selected. */
class FakeDevice {
  readonly busNumber = INFO.bus;
  readonly deviceAddress = INFO.address;
  readonly calls: string[] = [];
  /** The libusb_error of calls that fail. */
  readonly failures: Record<string, number> = {};
  /** The driver of each interface, by configuration. */
  readonly autoBound: Record<number, Record<number, string | undefined>> = {};
  drivers: Record<number, string | undefined> = {};
  active: number | undefined;
  interfaces: unknown[] | undefined;

  /** @param active 0 for none */
  constructor(active = 1) {
    this.active = active || undefined;
  }

  get configDescriptor() {
    return this.active === undefined ? undefined : { bConfigurationValue: this.active };
  }

  open = () => {
    this.interfaces = [];
  };
  close = () => this.#note('close');
  __claimInterface = (number: number) => this.#note(`claim ${number}`);
  __releaseInterface = (_: number, done: Done) => setImmediate(done);
  __isKernelDriverActive = (number: number) => this.drivers[number] !== undefined;
  __detachKernelDriver = (number: number) => {
    this.#note(`detach ${number}`);
    this.drivers[number] = undefined;
  };
  __attachKernelDriver = (number: number) => {
    this.drivers[number] ??= this.autoBound[this.active ?? 0]?.[number];
    this.calls.push(`attach ${number}`);
  };
  __setConfiguration = (value: number, done: Done) => {
    setImmediate(() => {
      try {
        this.#note(`configure ${value}`);
        this.active = value > 0 ? value : undefined;
        this.drivers = { ...this.autoBound[value] };
        done();
      } catch (error) {
        done(error as Error);
      }
    });
  };
  __setInterface = (number: number, value: number, done: Done) => {
    this.calls.push(`set ${number} ${value}`);
    setImmediate(done);
  };
  __clearHalt = (address: number, done: Done) => {
    this.calls.push(`clear ${address}`);
    setImmediate(done);
  };

  #note(call: string): void {
    this.calls.push(call);
    const errno = this.failures[call];
    if (errno !== undefined) {
      throw libusbError(errno);
    }
  }
}

async function openWith(device: FakeDevice, info: DeviceInfo = INFO): Promise<LibusbDevice> {
  listed.splice(0, listed.length, device);
  const load = async () => FAKE_USB;
  const driverOf = (_: DeviceInfo, number: number) => device.drivers[number];
  const claimError = (_: DeviceInfo, number: number) =>
    new UsbError('busy', `interface ${number} is held by ${device.drivers[number]}`);
  return LibusbDevice.open(info, { ...portablePlatform(load), driverOf, claimError }, load);
}

const setup = (requestType: number, request: number, value: number, index = 0) =>
  [{ requestType, request, value, index }, Buffer.alloc(0), 1000] as const;

describe('selectConfiguration', () => {
  it('sends nothing if the configuration is active, and restores nothing', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    await device.selectConfiguration(1);
    await device.close();
    expect(native.calls).toEqual(['close']);
  });

  it('asks the system which one is active: the list may be old', async () => {
    const native = new FakeDevice(2);
    const device = await openWith(native);
    await device.selectConfiguration(2);
    expect(device.info.configurationValue).toBe(2);
    await device.close();
    expect(native.calls).toEqual(['close']);
  });

  it('restores the first configuration, without the drivers of the last', async () => {
    const native = new FakeDevice();
    native.autoBound[2] = { 3: 'cdc_acm' };
    const device = await openWith(native);
    await device.selectConfiguration(2);
    expect([device.info.configurationValue, native.drivers]).toEqual([2, { 3: 'cdc_acm' }]);
    await device.close();
    await device.close();
    expect(native.calls).toEqual(['configure 2', 'detach 3', 'configure 1', 'close']);
  });

  it('sends nothing at the end if the first configuration is active again', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    await device.selectConfiguration(2);
    await device.selectConfiguration(1);
    await device.close();
    expect(native.calls).toEqual(['configure 2', 'configure 1', 'close']);
  });

  it('detaches the drivers of all interfaces on demand, and awaits them at the end', async () => {
    const native = new FakeDevice();
    native.autoBound[1] = { 0: 'ftdi_sio', 1: 'usbhid' };
    native.drivers = { 0: 'ftdi_sio', 1: 'usbhid' };
    const device = await openWith(native);
    await device.selectConfiguration(2, { detachDriver: true });
    await device.close();
    expect(native.calls.slice(0, 4)).toEqual([
      'detach 0',
      'detach 1',
      'configure 2',
      'configure 1',
    ]);
    expect([native.drivers, native.calls.at(-1)]).toEqual([
      { 0: 'ftdi_sio', 1: 'usbhid' },
      'close',
    ]);
  });

  it('names the holder of an interface, and reattaches what it detached', async () => {
    const native = new FakeDevice();
    native.failures['configure 2'] = usb.LIBUSB_ERROR_BUSY;
    native.drivers = { 1: 'usbhid' };
    native.autoBound[1] = { 1: 'usbhid' };
    const device = await openWith(native);
    await expect(device.selectConfiguration(2)).rejects.toMatchObject({
      code: 'busy',
      message: 'interface 1 is held by usbhid',
    });
    await expect(device.selectConfiguration(2, { detachDriver: true })).rejects.toMatchObject({
      code: 'busy',
    });
    expect(native.drivers).toEqual({ 1: 'usbhid' });
    await device.close();
    expect(native.calls.at(-2)).toBe('attach 1');
  });

  it('reattaches the drivers that it detached if the next one stays', async () => {
    const native = new FakeDevice();
    native.drivers = { 0: 'ftdi_sio', 1: 'usbhid' };
    native.autoBound[1] = { ...native.drivers };
    native.failures['detach 1'] = usb.LIBUSB_ERROR_IO;
    const device = await openWith(native);
    const refused = device.selectConfiguration(2, { detachDriver: true });
    await expect(refused).rejects.toMatchObject({ code: 'io' });
    expect(native.drivers).toEqual({ 0: 'ftdi_sio', 1: 'usbhid' });
  });

  it('explains a refusal for which libusb has no name', async () => {
    const native = new FakeDevice();
    native.failures['configure 2'] = usb.LIBUSB_ERROR_OTHER;
    const device = await openWith(native);
    await expect(device.selectConfiguration(2)).rejects.toMatchObject({
      code: 'io',
      message:
        'cannot select configuration 2: LIBUSB_WORDS: the device or the bus refuses the request',
    });
  });

  it('closes the device that it cannot restore, and says so; a lost device needs nothing', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    await device.selectConfiguration(2);
    native.failures['configure 1'] = usb.LIBUSB_ERROR_IO;
    await expect(device.close()).rejects.toMatchObject({
      code: 'io',
      message: 'cannot select configuration 1: input/output error',
    });
    expect(native.calls.at(-1)).toBe('close');
    await device.close();

    const gone = new FakeDevice();
    const lost = await openWith(gone);
    await lost.selectConfiguration(2);
    gone.failures['configure 1'] = usb.LIBUSB_ERROR_NO_DEVICE;
    await lost.close();
    expect(gone.calls.at(-1)).toBe('close');
  });

  it('deconfigures a device again that had no configuration', async () => {
    const native = new FakeDevice(0);
    const device = await openWith(native, { ...INFO, configurationValue: undefined });
    await device.selectConfiguration(2);
    await device.close();
    expect(native.calls).toEqual(['configure 2', 'configure -1', 'close']);
  });
});

describe('a request that changes the host, too', () => {
  it('SET_CONFIGURATION is sent by libusb, also for the active one, and lasts', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    for (const value of [1, 2, 2, 0]) {
      expect(await device.control(...setup(0x00, 9, value))).toBe(0);
    }
    expect(device.info.configurationValue).toBeUndefined();
    await device.close();
    expect(native.calls).toEqual([
      ...['configure 1', 'configure 2', 'configure 2', 'configure 0', 'close'],
    ]);
  });

  it('makes no temporary configuration permanent by accident, and no permanent one temporary', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    await device.selectConfiguration(2);
    await device.control(...setup(0x00, 9, 2));
    await device.close();
    expect(native.calls).toEqual(['configure 2', 'configure 2', 'close']);
  });

  it('reattaches drivers after a permanent selection of the active one', async () => {
    const native = new FakeDevice();
    native.drivers = { 1: 'usbhid' };
    native.autoBound[1] = { 1: 'usbhid' };
    const device = await openWith(native);
    await device.selectConfiguration(1, { detachDriver: true, isPermanent: true });
    expect(native.calls).toEqual(['detach 1', 'configure 1', 'attach 1']);
    await device.close();
  });

  it('SET_INTERFACE is sent by libusb, which knows the endpoints then', async () => {
    const native = new FakeDevice(2);
    const device = await openWith(native, { ...INFO, configurationValue: 2 });
    await expect(device.control(...setup(0x01, 11, 1, 3))).rejects.toMatchObject({
      code: 'invalid',
      message: 'interface 3 is not claimed',
    });
    const claimed = await device.claim(3, 0);
    expect(() => claimed.endpoint(0x85)).toThrow();
    await device.control(...setup(0x01, 11, 1, 3));
    expect(claimed.endpoint(0x85).address).toBe(0x85);
    await claimed.release();
    expect(native.calls).toEqual(['claim 3', 'set 3 1', 'set 3 0']);
  });

  it('CLEAR_FEATURE(ENDPOINT_HALT) is sent by libusb', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    await expect(device.control(...setup(0x02, 1, 0, 0x82))).rejects.toMatchObject({
      message: 'interface 1 is not claimed',
    });
    await device.claim(1, 0);
    await device.control(...setup(0x02, 1, 0, 0x82));
    expect(native.calls).toEqual(['claim 1', 'clear 130']);

    const second = await openWith(new FakeDevice(2), { ...INFO, configurationValue: 2 });
    await second.claim(3, 0);
    await expect(second.control(...setup(0x02, 1, 0, 0x85))).rejects.toMatchObject({
      code: 'not-found',
      message: 'interface 3 has no bulk or interrupt endpoint 0x85 in alternate setting 0',
    });
  });

  it('alternate setting 0 is sent on demand only, and once', async () => {
    const native = new FakeDevice();
    const device = await openWith(native);
    await (await device.claim(0, 0)).release();
    await (await device.claim(0, 0, { sendSetting: true })).release();
    expect(native.calls).toEqual(['claim 0', 'claim 0', 'set 0 0']);
  });
});
