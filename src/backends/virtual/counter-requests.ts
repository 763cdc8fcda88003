import type { ControlRequest } from '../../usb/control-request.js';
import type { ControlFunction } from './control-function.js';

/** bmRequestType of a vendor's request to the device. */
const VENDOR_OUT = 0x40;
const VENDOR_IN = 0xc0;

/** bRequest. */
const RUN = 0x01;
const MEMORY = 0x02;

/** Bytes that the device keeps. */
const MEMORY_SIZE = 64;

/** What can be started and stopped. */
export interface Runnable {
  running: boolean;
}

/**
 * The vendor requests of the virtual counter, all to the device:
 *
 * - 0x01 OUT without data: wValue 1 starts the stream, 0 stops it.
 * - 0x02 OUT writes up to 64 bytes to the start of the device's memory of 64 bytes; IN reads from
 *   its start. Zeros are in it when the device is plugged in or reset.
 */
export class CounterRequests implements ControlFunction {
  readonly #stream: Runnable;
  readonly #memory = Buffer.alloc(MEMORY_SIZE);

  constructor(stream: Runnable) {
    this.#stream = stream;
  }

  handle({ requestType, request, value, index }: ControlRequest, data: Buffer): number | undefined {
    if (index !== 0) {
      return undefined;
    }
    switch (request) {
      case RUN:
        if (requestType !== VENDOR_OUT || value > 1 || data.length > 0) {
          return undefined;
        }
        this.#stream.running = value === 1;
        return 0;
      case MEMORY:
        return value === 0 ? this.#access(requestType, data) : undefined;
      default:
        return undefined;
    }
  }

  powerOn(): void {
    this.#memory.fill(0);
  }

  #access(requestType: number, data: Buffer): number | undefined {
    switch (requestType) {
      case VENDOR_IN:
        return this.#memory.copy(data);
      case VENDOR_OUT:
        return data.length > MEMORY_SIZE ? undefined : data.copy(this.#memory);
      default:
        return undefined;
    }
  }
}
