import type { ControlRequest } from '../../../usb/control.js';
import type { ControlFunction } from '../../simulation/gadget/endpoint.js';
import type { CounterOptions } from './counter.js';

/** bmRequestType of vendor requests to the device. */
const VENDOR_OUT = 0x40;
const VENDOR_IN = 0xc0;

/** bRequest. */
const RUN = 0x01;
const MEMORY = 0x02;
const UNANSWERED = 0x03;

/** The size of the memory of the device in bytes. */
const MEMORY_SIZE = 64;

/** bRequest of the loader of an FX2 (EZ-USB Technical Reference Manual, chapter 3): accesses memory. */
const LOADER = 0xa0;

/** The size of the loader's memory in bytes, and the address of CPUCS. Bit 0 holds the processor in reset. */
const LOADER_MEMORY = 0x10000;
const CPUCS = 0xe600;

/** Milliseconds until firmware disconnects the device, and until it connects it again. */
const FIRMWARE_START = 10;
const FIRMWARE_PAUSE = 300;

/** A stream that can be started and stopped. */
export interface Runnable {
  running: boolean;
}

/**
 * The vendor requests of the virtual counter, all with the device as recipient:
 *
 * - 0x01 OUT without data: wValue 1 starts the stream, 0 stops it.
 * - 0x02 OUT writes up to 64 bytes to the start of the 64-byte memory of the device, and IN reads from
 *   its start. The memory is filled with zeros when the device is plugged in or reset.
 * - 0x03 IN gets no response.
 * - 0xa0 with `start=firmware` accesses 64 KiB of memory, at the address in wValue, as the loader of an FX2
 *   does. Firmware starts when the processor is released from reset after something was written to
 *   memory. It connects the device again and starts the stream.
 */
export class CounterRequests implements ControlFunction {
  readonly #stream: Runnable;
  readonly #memory = Buffer.alloc(MEMORY_SIZE);
  readonly #loader: FirmwareLoader | undefined;

  constructor(stream: Runnable, options: Pick<CounterOptions, 'scenario' | 'clock' | 'onEvent'>) {
    this.#stream = stream;
    const { start } = options.scenario;
    this.#loader = start === 'firmware' ? new FirmwareLoader(options) : undefined;
  }

  handle(
    { requestType, request, value, index }: ControlRequest,
    data: Buffer,
  ): number | 'nak' | undefined {
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
      case UNANSWERED:
        return requestType === VENDOR_IN ? 'nak' : undefined;
      case LOADER:
        return this.#loader?.access(requestType, value, data);
      default:
        return undefined;
    }
  }

  powerOn(): void {
    this.#memory.fill(0);
    this.#stream.running ||= this.#loader?.isStarted === true;
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

/** The memory of a device that runs uploaded firmware. */
class FirmwareLoader {
  readonly #memory = Buffer.alloc(LOADER_MEMORY);
  readonly #start: () => void;
  #hasFirmware = false;
  #isHeld = false;
  /** Whether firmware was started. */
  isStarted = false;

  constructor({ clock, onEvent }: Pick<CounterOptions, 'clock' | 'onEvent'>) {
    const restart = { kind: 'unplug', offset: 0, duration: FIRMWARE_PAUSE } as const;
    this.#start = () => clock.after(FIRMWARE_START, () => onEvent(restart));
  }

  /** Handles a request to read or write memory. Returns the number of bytes moved; undefined for a stall. */
  access(requestType: number, address: number, data: Buffer): number | undefined {
    if (address + data.length > LOADER_MEMORY) {
      return undefined;
    }
    if (requestType === VENDOR_IN) {
      return this.#memory.copy(data, 0, address);
    }
    return requestType === VENDOR_OUT ? this.#write(address, data) : undefined;
  }

  #write(address: number, data: Buffer): number {
    data.copy(this.#memory, address);
    if (address === CPUCS) {
      const wasHeld = this.#isHeld;
      this.#isHeld = ((data[0] ?? 0) & 1) === 1;
      if (wasHeld && !this.#isHeld && this.#hasFirmware) {
        this.isStarted = true;
        this.#start();
      }
    } else if (this.#isHeld) {
      this.#hasFirmware ||= data.length > 0;
    }
    return data.length;
  }
}
