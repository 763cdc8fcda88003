import { UsbError } from './errors.js';

/** The setup packet of a control request (USB 2.0 §9.3), but for the length of its data. */
export interface ControlRequest {
  /** bmRequestType: direction in bit 7, type in bits 6 and 5, recipient below; 0 to 255. */
  readonly requestType: number;
  /** bRequest, 0 to 255. */
  readonly request: number;
  /** wValue, 0 to 65535. */
  readonly value: number;
  /** wIndex, 0 to 65535. */
  readonly index: number;
}

/** A control request with its data. */
export interface ControlMessage {
  readonly request: ControlRequest;
  /** What is sent or, where the device answers, room for the answer: its length is wLength. */
  readonly data: Buffer;
}

/** The most bytes of data in a control request: Linux takes no more, though USB would (65535). */
export const LARGEST_CONTROL_DATA = 4096;

/** Whether the device answers with data, or takes some. */
export function directionOfRequest({ requestType }: ControlRequest): 'in' | 'out' {
  return (requestType & 0x80) === 0 ? 'out' : 'in';
}

/**
 * Checks what every backend refuses before the device hears of it.
 *
 * @throws UsbError `invalid` for data longer than LARGEST_CONTROL_DATA
 */
export function checkControlData(data: Buffer): void {
  if (data.length > LARGEST_CONTROL_DATA) {
    throw new UsbError(
      'invalid',
      `a control request moves at most ${LARGEST_CONTROL_DATA} bytes, not ${data.length}`,
    );
  }
}
