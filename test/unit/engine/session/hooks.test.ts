import { describe, expect, it, vi } from 'vitest';
import { sendRequests } from '../../../../src/engine/session/hooks.js';
import type { Device } from '../../../../src/usb/backend.js';
import type { ControlTransfer } from '../../../../src/usb/control.js';
import { UsbError, type UsbErrorCode } from '../../../../src/usb/errors.js';
import { deviceWith } from '../../../support/device-info.js';

/** A device that answers a request with a failure, and may be gone some looks later. */
function failing(code: UsbErrorCode, looks: number): Device {
  let left = looks;
  return {
    info: deviceWith(),
    claim: async () => {
      throw new Error('no request needs a claim');
    },
    control: vi.fn(async () => {
      throw new UsbError(code, code);
    }),
    reset: async () => {},
    isConnected: vi.fn(async () => {
      left -= 1;
      return left >= 0;
    }),
    close: async () => {},
  };
}

const message: ControlTransfer = {
  request: { requestType: 0x40, request: 1, value: 0, index: 0 },
  data: Buffer.alloc(0),
};

describe('a control request that fails', () => {
  it('is told as an unplug when the device goes', async () => {
    for (const [code, looks] of [
      ['no-device', 0] as const,
      ['io', 0] as const,
      ['io', 2] as const,
    ]) {
      const device = failing(code, looks);
      expect(await sendRequests(device, [message, message])).toMatchObject({
        reason: 'device-lost',
        cause: { code },
      });
      expect(device.control).toHaveBeenCalledTimes(1);
    }
  });

  it('is one when the device stays, and at once when it was answered', async () => {
    const { request } = message;
    const device = failing('io', Number.POSITIVE_INFINITY);
    expect(await sendRequests(device, [message])).toMatchObject({
      reason: 'request-failed',
      request,
    });
    const refusing = failing('stall', Number.POSITIVE_INFINITY);
    expect(await sendRequests(refusing, [message])).toMatchObject({ reason: 'request-failed' });
    expect(refusing.isConnected).not.toHaveBeenCalled();
  });
});
