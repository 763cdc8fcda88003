import type { ControlRequest } from '../../../usb/control.js';
import { DESCRIPTOR_TYPE } from '../../../usb/descriptors/tree.js';
import { type DeviceInfo, interfaceNumbers } from '../../../usb/model.js';
import type { Attachment } from '../bus/port.js';
import type { CounterOptions } from './counter.js';
import { descriptorBytes } from './descriptors.js';
import type { ControlFunction } from './endpoint.js';

/** bmRequestType of standard requests by direction and recipient (USB 2.0 table 9-2). */
const FROM_DEVICE = 0x80;
const FROM_INTERFACE = 0x81;
const FROM_ENDPOINT = 0x82;

/** bRequest (USB 2.0 table 9-4). */
const GET_STATUS = 0;
const GET_DESCRIPTOR = 6;
const GET_CONFIGURATION = 8;
const GET_INTERFACE = 10;

/** The size of a device descriptor in bytes. */
const DEVICE_LENGTH = 18;

/**
 * Handles the standard requests that simulated devices support (USB 2.0 §9.4), except for those of
 * `hostRequestOf`.
 *
 * @returns the number of bytes moved; undefined for a stall
 */
export function handleStandardRequest(
  device: Attachment,
  request: ControlRequest,
  data: Buffer,
): number | undefined {
  const response = respond(device, request);
  return response === undefined ? undefined : Buffer.from(response).copy(data);
}

function respond(
  device: Attachment,
  { requestType, request, value, index }: ControlRequest,
): ArrayLike<number> | undefined {
  const { info } = device;
  switch ((requestType << 8) | request) {
    case (FROM_DEVICE << 8) | GET_DESCRIPTOR:
      return descriptor(info, value >> 8, value & 0xff);
    case (FROM_DEVICE << 8) | GET_CONFIGURATION:
      return [info.configurationValue ?? 0];
    case (FROM_DEVICE << 8) | GET_STATUS:
      return [0, 0]; // bus-powered, remote wakeup disabled
    case (FROM_INTERFACE << 8) | GET_STATUS:
      return interfaceNumbers(info).includes(index) ? [0, 0] : undefined;
    case (FROM_INTERFACE << 8) | GET_INTERFACE:
      return interfaceNumbers(info).includes(index) ? [device.claimed.get(index) ?? 0] : undefined;
    case (FROM_ENDPOINT << 8) | GET_STATUS:
      return endpointStatus(device, index);
    default:
      return undefined;
  }
}

function descriptor(info: DeviceInfo, type: number, index: number): Uint8Array | undefined {
  const bytes = descriptorBytes(info);
  if (type === DESCRIPTOR_TYPE.device) {
    return index === 0 ? bytes.subarray(0, DEVICE_LENGTH) : undefined;
  }
  return type === DESCRIPTOR_TYPE.configuration
    ? configuration(bytes.subarray(DEVICE_LENGTH), index)
    : undefined;
}

/** Returns a complete configuration; bytes 2 and 3 of each contain its length, wTotalLength. */
function configuration(bytes: Uint8Array, index: number): Uint8Array | undefined {
  const [, , low = 0, high = 0] = bytes;
  const length = low | (high << 8);
  if (length === 0) {
    return undefined;
  }
  return index === 0 ? bytes.subarray(0, length) : configuration(bytes.subarray(length), index - 1);
}

/** Returns the status of an endpoint; bit 0 is set while it is halted. */
function endpointStatus({ pipes }: Attachment, address: number): number[] | undefined {
  const pipe = pipes.get(address);
  return pipe === undefined ? undefined : [pipe.halted ? 1 : 0, 0];
}

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
