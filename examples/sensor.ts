import { type OpenOptions, open, type UsbDevice } from 'usbxfer';
import { FrameParser } from './frames.js';

/** Vendor requests of the sensor. */
const GET_VERSION = 0x01;
const SET_RUNNING = 0x02;

/** A driver for a vendor device: a handshake on endpoint 0, then a stream of frames from EP 0x81. */
export class Sensor {
  readonly #device: UsbDevice;

  private constructor(device: UsbDevice) {
    this.#device = device;
  }

  /** @param where which sensor to open; a test gives its own backend */
  static async open(where: OpenOptions = {}): Promise<Sensor> {
    const device = await open({ vid: 0x1209, pid: 0x0001, ...where });
    const [version] = await device.control({ request: GET_VERSION, length: 1 });
    if (version !== 2) {
      await device.close();
      throw new Error(`the sensor has protocol version ${version}, not 2`);
    }
    return new Sensor(device);
  }

  /** Yields the payload of each frame. The sensor runs until the loop is left. */
  async *frames(): AsyncGenerator<Buffer, void, undefined> {
    const stream = this.#device.readable(0x81, {
      before: [{ request: SET_RUNNING, value: 1 }],
      after: [{ request: SET_RUNNING, value: 0 }],
    });
    const frames = stream.on('error', (error) => frames.destroy(error)).pipe(new FrameParser());
    try {
      yield* frames;
    } finally {
      stream.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#device.close();
  }
}
