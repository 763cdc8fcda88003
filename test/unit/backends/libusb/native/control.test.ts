import { usb } from 'usb';
import { describe, expect, it } from 'vitest';
import { sendControl } from '../../../../../src/backends/libusb/native/control.js';
import type { NativeTransfer } from '../../../../../src/backends/libusb/native/node-usb.js';
import type { MakeNativeTransfer } from '../../../../../src/backends/libusb/native/transfer.js';

const SEND = { requestType: 0x41, request: 0x0a, value: 0x1234, index: 0x0506 };
const ASK = { ...SEND, requestType: 0xc1 };

/** Longer than any test. */
const EVER = Number.POSITIVE_INFINITY;

/** The native transfer of one request, which ends when a test says so. */
class Wire {
  readonly submitted: Buffer[] = [];
  cancels = 0;
  onSubmit: () => void = () => {};
  onCancel: () => void = () => {};
  /** A libusb_transfer_status, 0 when it completed. */
  end: (status: number, actualLength: number, answer?: string) => void = () => {};

  readonly make: MakeNativeTransfer = (callback) => {
    const native: NativeTransfer = {
      submit: (packet) => {
        this.onSubmit();
        this.submitted.push(packet);
        this.end = (errno, actualLength, answer = '') => {
          packet.write(answer, 8, 'hex');
          const error = Object.assign(new Error('LIBUSB_WORDS'), { errno });
          callback(errno === 0 ? undefined : error, packet, actualLength);
        };
        return native;
      },
      cancel: () => {
        this.cancels++;
        this.onCancel();
        return true;
      },
    };
    return native;
  };
}

it('sends the setup packet, little-endian, followed by the data', async () => {
  const wire = new Wire();
  const data = Buffer.from('cafe01', 'hex');
  const moved = sendControl(wire.make, SEND, data, EVER);
  wire.end(usb.LIBUSB_TRANSFER_COMPLETED, 3);
  expect(await moved).toBe(3);
  expect(wire.submitted.map((packet) => packet.toString('hex'))).toEqual([
    '410a341206050300cafe01',
  ]);
});

it('copies the response into the buffer, and returns its length', async () => {
  const wire = new Wire();
  const data = Buffer.alloc(5, 0xee);
  const moved = sendControl(wire.make, ASK, data, EVER);
  expect(wire.submitted[0]?.toString('hex', 0, 8)).toBe('c10a341206050500');
  wire.end(usb.LIBUSB_TRANSFER_COMPLETED, 2, 'abcd000000');
  expect(await moved).toBe(2);
  expect(data.toString('hex')).toBe('abcdeeeeee');
});

it.each([
  [usb.LIBUSB_TRANSFER_ERROR, 'io', /input\/output error/],
  [usb.LIBUSB_TRANSFER_STALL, 'stall', /does not support it, or not in this state/],
  [usb.LIBUSB_TRANSFER_NO_DEVICE, 'no-device', /the device is gone/],
  [usb.LIBUSB_TRANSFER_OVERFLOW, 'io', /more than was requested/],
  [usb.LIBUSB_TRANSFER_CANCELLED, 'io', /cancelled/], // not by this request
])('reports an end with status %i as %s', async (status, code, message) => {
  const wire = new Wire();
  const moved = sendControl(wire.make, ASK, Buffer.alloc(1), EVER);
  wire.end(status, 0);
  await expect(moved).rejects.toMatchObject({
    name: 'UsbError',
    code,
    message: expect.stringMatching(message),
  });
  expect(wire.cancels).toBe(0);
});

it('cancels a request after its timeout, without libusb’s own', async () => {
  const wire = new Wire();
  wire.onCancel = () => setImmediate(() => wire.end(usb.LIBUSB_TRANSFER_CANCELLED, 0));
  await expect(sendControl(wire.make, ASK, Buffer.alloc(1), 1)).rejects.toMatchObject({
    code: 'timed-out',
  });
  expect(wire.cancels).toBe(1);
});

it('takes a response that arrives in spite of the cancel', async () => {
  const wire = new Wire();
  wire.onCancel = () => setImmediate(() => wire.end(usb.LIBUSB_TRANSFER_COMPLETED, 1, '07'));
  const data = Buffer.alloc(1);
  expect(await sendControl(wire.make, ASK, data, 1)).toBe(1);
  expect(data[0]).toBe(7);
});

it('waits for the completion when the cancel fails because the device is gone', async () => {
  const wire = new Wire();
  wire.onCancel = () => {
    setImmediate(() => wire.end(usb.LIBUSB_TRANSFER_NO_DEVICE, 0));
    throw new Error('LIBUSB_ERROR_NO_DEVICE');
  };
  await expect(sendControl(wire.make, ASK, Buffer.alloc(1), 1)).rejects.toMatchObject({
    code: 'no-device',
  });
});

it('throws what node-usb throws when a request cannot be submitted', async () => {
  const wire = new Wire();
  const refusal = new Error('LIBUSB_ERROR_IO');
  wire.onSubmit = () => {
    throw refusal;
  };
  await expect(sendControl(wire.make, ASK, Buffer.alloc(1), 1)).rejects.toBe(refusal);
});

it('clears the timer once the request has ended', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
  const before = timers().length;
  const wire = new Wire();
  const moved = sendControl(wire.make, ASK, Buffer.alloc(1), 60_000);
  expect(timers().length).toBe(before + 1);
  wire.end(usb.LIBUSB_TRANSFER_COMPLETED, 0);
  await moved;
  expect(timers().length).toBe(before);
});

describe('a signal', () => {
  it('cancels a request, which ends with its reason', async () => {
    const wire = new Wire();
    const controller = new AbortController();
    const moved = sendControl(wire.make, ASK, Buffer.alloc(1), EVER, controller.signal);
    controller.abort('stop');
    expect(wire.cancels).toBe(1);
    wire.end(usb.LIBUSB_TRANSFER_CANCELLED, 0);
    await expect(moved).rejects.toBe('stop');
  });

  it('that is too late changes nothing', async () => {
    const wire = new Wire();
    const controller = new AbortController();
    const moved = sendControl(wire.make, ASK, Buffer.alloc(1), EVER, controller.signal);
    controller.abort();
    wire.end(usb.LIBUSB_TRANSFER_COMPLETED, 1);
    expect(await moved).toBe(1);
  });

  it('cancels nothing after the end of the request', async () => {
    const wire = new Wire();
    const controller = new AbortController();
    const moved = sendControl(wire.make, ASK, Buffer.alloc(1), EVER, controller.signal);
    wire.end(usb.LIBUSB_TRANSFER_COMPLETED, 1);
    await moved;
    controller.abort();
    expect(wire.cancels).toBe(0);
  });
});
