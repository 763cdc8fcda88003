import type { ControlRequest } from '../../usb/control-request.js';

/** What a device makes of the control requests of its own: those that no standard defines. */
export interface ControlFunction {
  /**
   * Takes the data of a request, or puts the answer there.
   *
   * @returns the bytes that moved; undefined: it does not support the request, a stall
   */
  handle(request: ControlRequest, data: Buffer): number | undefined;

  /** The device was plugged in again, or reset. */
  powerOn(): void;
}

/** A device that has none. */
export const NO_REQUESTS: ControlFunction = {
  handle: () => undefined,
  powerOn() {},
};
