import type { ControlRequest } from '../../../usb/control.js';
import { controlFailure, directionOfRequest } from '../../../usb/control.js';
import { MAX_TIMEOUT_MS } from '../../../usb/format.js';
import { transferStatus } from './errors.js';
import type { MakeNativeTransfer } from './transfer.js';

/** Bytes in the setup packet, which precedes the data (USB 2.0 §9.3). */
const SETUP_LENGTH = 8;

/**
 * Sends one control request, as `Device.control`. Uses its own timer: libusb's timeout may fire a
 * minute late (measured).
 *
 * @param make creates a control transfer of endpoint 0 without a timeout
 * @throws UsbError if the transfer failed; the reason of `signal` if that cancelled it; the error of
 *   node-usb if it cannot be submitted
 */
export function sendControl(
  make: MakeNativeTransfer,
  request: ControlRequest,
  data: Buffer,
  timeout: number,
  signal?: AbortSignal,
): Promise<number> {
  const isIn = directionOfRequest(request) === 'in';
  const packet = setupPacket(request, data);
  return new Promise((resolve, reject) => {
    let cancelReason: unknown;
    const transfer = make((error, _buffer, actualLength) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      const status = transferStatus(error);
      if (status !== 'completed') {
        const wasCancelled = status === 'cancelled' && cancelReason !== undefined;
        reject(wasCancelled ? cancelReason : controlFailure(status));
        return;
      }
      if (isIn) {
        packet.copy(data, 0, SETUP_LENGTH, SETUP_LENGTH + actualLength);
      }
      resolve(actualLength);
    });
    const cancel = (reason: unknown): void => {
      cancelReason ??= reason;
      try {
        transfer.cancel();
      } catch {
        // The device is gone: the completion still comes and reports it.
      }
    };
    const onAbort = (): void => cancel(signal?.reason);
    transfer.submit(packet);
    signal?.addEventListener('abort', onAbort);
    const timer = setTimeout(
      () => cancel(controlFailure('timed-out')),
      Math.min(timeout, MAX_TIMEOUT_MS),
    );
  });
}

/** Returns the setup packet, followed by the data to send or room for the response. */
function setupPacket({ requestType, request, value, index }: ControlRequest, data: Buffer): Buffer {
  const packet = Buffer.alloc(SETUP_LENGTH + data.length);
  packet.writeUInt8(requestType, 0);
  packet.writeUInt8(request, 1);
  packet.writeUInt16LE(value, 2);
  packet.writeUInt16LE(index, 4);
  packet.writeUInt16LE(data.length, 6);
  data.copy(packet, SETUP_LENGTH);
  return packet;
}
