import { requireTime } from '../engine/checks.js';
import { clearHalt } from '../engine/device/clear-halt.js';
import { resetDevice } from '../engine/device/reset.js';
import { capture } from '../engine/session/capture.js';
import { DEFAULT_CONTROL_TIMEOUT, DEFAULT_LINGER } from '../engine/session/defaults.js';
import { duplex } from '../engine/session/duplex.js';
import { send } from '../engine/session/send.js';
import { UsbError } from '../usb/errors.js';
import { formatEndpoint } from '../usb/format.js';
import { type EndpointRequest, locateIn, locateOut, locatePair } from '../usb/locate.js';
import { type DeviceInfo, directionOf } from '../usb/model.js';
import { BORROWED_CHUNKS, type BorrowedChunk } from './borrowed-chunk.js';
import { type ChunkKind, OWNED_CHUNKS } from './chunk-sink.js';
import { type ControlIn, type ControlOut, toTransfer } from './control.js';
import { UsbDuplex } from './duplex.js';
import {
  type DuplexOptions,
  hooksOf,
  type ReadOptions,
  receiveOptions,
  recoveryOptions,
  type StreamOptions,
  sendOptions,
  type WriteOptions,
} from './options.js';
import { ReadStream } from './read-stream.js';
import { UsbReadable } from './readable.js';
import type { HandleOptions, SharedDevice } from './shared-device.js';
import { IterableSource, PushSource, type WriteData } from './sources.js';
import { WriteStatistics } from './statistics.js';
import type { StreamRun } from './stream-run.js';
import { sendingRun, UsbWritable, type WriteRun } from './writable.js';

/** How long a control request may take, and what cancels it. */
export interface RequestOptions {
  /** Milliseconds; 5000 by default. */
  readonly timeout?: number | undefined;
  /** Cancels the request when it is aborted. The device may have handled it by then. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a device may take until it is back after a reset, in milliseconds. */
const RESET_TIMEOUT = 5000;

/**
 * An open device. Any number of streams and requests may run at the same time, one stream for each
 * endpoint. An interface is claimed by the first stream that needs it, and stays claimed until the device
 * is closed. `close`, or `await using`, ends all streams and restores the device.
 */
export class UsbDevice {
  readonly #shared: SharedDevice;
  readonly #options: HandleOptions;
  readonly #runs = new Set<StreamRun>();
  readonly #busy = new Set<number>();
  #isOpen = true;

  /** @internal Use `open`. */
  constructor(shared: SharedDevice, options: HandleOptions) {
    this.#shared = shared;
    this.#options = options;
  }

  /** What is known about the device. Its address changes when it reconnects. Strings are untrusted. */
  get info(): DeviceInfo {
    return this.#shared.info;
  }

  /**
   * Reads from an IN endpoint.
   *
   * @param endpoint its address, such as 0x82
   * @returns chunks that belong to the caller: no buffer is used again
   */
  read(endpoint: number, options: ReadOptions = {}): ReadStream {
    return this.#read(OWNED_CHUNKS, endpoint, options);
  }

  /**
   * Reads without copying or allocating: each chunk must be released, and its memory is then used again.
   * When no memory is left because chunks were not released, the device waits.
   *
   * @param endpoint its address, such as 0x82
   */
  readBorrowed(endpoint: number, options: ReadOptions = {}): ReadStream<BorrowedChunk> {
    return this.#read(BORROWED_CHUNKS, endpoint, options);
  }

  /** Reads from an IN endpoint as a Node stream. Its failure is an `error` event. */
  readable(endpoint: number, options: ReadOptions = {}): UsbReadable {
    return new UsbReadable(this.read(endpoint, options));
  }

  /**
   * Sends data to an OUT endpoint, in full transfers; the last one may be shorter. Resolves when the device
   * has accepted everything.
   *
   * @param endpoint its address, such as 0x02
   * @param data unchanged until the promise settles
   * @throws StreamError; its `bytes` says how much the device accepted. UsbError if it cannot start. The
   *   reason of the signal.
   */
  async write(
    endpoint: number,
    data: WriteData,
    options: WriteOptions = {},
  ): Promise<WriteStatistics> {
    const statistics = new WriteStatistics();
    const write = this.#writing(endpoint, options, false);
    const run = sendingRun(write, new IterableSource(data), statistics);
    write.onBegin(run);
    run.begin();
    await run.ended;
    if (run.error !== undefined) {
      throw run.error.reason;
    }
    return statistics;
  }

  /** Sends to an OUT endpoint as a Node stream. */
  writable(endpoint: number, options: WriteOptions = {}): UsbWritable {
    return new UsbWritable(this.#writing(endpoint, options, true));
  }

  /** Sends and receives at the same time as a Node stream, through two endpoints. */
  duplex(options: DuplexOptions): UsbDuplex {
    const { linger = DEFAULT_LINGER, duration, signal, bytes } = options;
    const source = new PushSource();
    const sent = new WriteStatistics();
    const stream = new ReadStream(OWNED_CHUNKS, {
      ...this.#tracking,
      ...{ signal, hasGoal: bytes !== undefined },
      run: (sink, stopped, onStart) =>
        this.#using([options.in, options.out], async () => {
          const pair = locatePair(this.info, {
            ...settingOf(options),
            in: options.in,
            out: options.out,
          });
          return duplex({
            ...this.#request(options, stopped),
            ...pair,
            ...{ source, sink, duration, linger },
            receive: receiveOptions(options, pair.in),
            send: sendOptions(options, true),
            onStart: (statistics) => {
              onStart(statistics.in);
              sent.follow(statistics.out);
            },
          });
        }),
    });
    return new UsbDuplex(stream, source, sent);
  }

  /**
   * Sends one control request and waits for the response of the device. Claims the interface that it
   * concerns, if that is needed.
   *
   * @returns for `ControlIn` the response, which may be shorter than `length`; for `ControlOut` the number of
   *   bytes that the device accepted
   * @throws UsbError `stall` if the device rejects the request; `timed-out`; `no-device`; `busy`; `io`;
   *   TypeError or RangeError for a wrong option; the reason of the signal
   */
  control(request: ControlIn & RequestOptions): Promise<Buffer>;
  control(request: ControlOut & RequestOptions): Promise<number>;
  async control(options: (ControlIn | ControlOut) & RequestOptions): Promise<Buffer | number> {
    const { timeout = DEFAULT_CONTROL_TIMEOUT, signal, length } = options;
    requireTime('timeout', timeout);
    const { request, data } = toTransfer(options);
    const device = await this.#shared.open(this.info);
    try {
      const moved = await device.control(request, data, timeout, signal);
      return length === undefined ? moved : data.subarray(0, moved);
    } finally {
      await device.close();
    }
  }

  /**
   * Clears the halt of an endpoint and resets its data toggle.
   *
   * @returns whether it was halted; undefined if the device does not say
   * @throws UsbError `not-found`, `busy` while a stream uses the endpoint, `no-device`, `io`
   */
  async clearHalt(
    endpoint: number,
    setting: Pick<StreamOptions, 'interfaceNumber' | 'alternateSetting'> = {},
  ): Promise<boolean | undefined> {
    const locate = directionOf(endpoint) === 'in' ? locateIn : locateOut;
    return this.#using([endpoint], () => {
      const location = locate(this.info, { ...settingOf(setting), address: endpoint });
      return clearHalt(this.#shared, this.info, location, this.#options);
    });
  }

  /**
   * Resets the port of the device, and waits for it. Releases the interfaces first.
   *
   * @throws UsbError `invalid` while streams run; `no-device` if the device comes back as another one, or
   *   not within 5 s; `io`
   */
  async reset(): Promise<void> {
    if (this.#runs.size > 0) {
      throw new UsbError('invalid', 'cannot reset the device while streams run');
    }
    const { path } = this.info;
    const { now } = await resetDevice(this.#shared, this.info, RESET_TIMEOUT);
    if (now === undefined) {
      throw new UsbError('no-device', `the device at ${path} did not come back after the reset`);
    }
  }

  /**
   * Ends all streams, which fail with a UsbError `invalid`, waits for their transfers, releases all
   * interfaces, reattaches kernel drivers, and closes the device. Does nothing the second time.
   *
   * @throws UsbError if the former state could not be restored: the device is closed then
   */
  async close(): Promise<void> {
    this.#isOpen = false;
    const reason = new UsbError('invalid', 'the device was closed');
    await Promise.all([...this.#runs].map((run) => run.cancel({ reason })));
    await this.#shared.close();
  }

  /** Closes the device. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read<Chunk>(kind: ChunkKind<Chunk>, endpoint: number, options: ReadOptions): ReadStream<Chunk> {
    const { bytes, count, duration, signal } = options;
    return new ReadStream(kind, {
      ...this.#tracking,
      ...{ signal, hasGoal: bytes !== undefined || count !== undefined },
      run: (sink, stopped, onStart) =>
        this.#using([endpoint], async () => {
          const location = locateIn(this.info, { ...settingOf(options), address: endpoint });
          return capture({
            ...this.#request(options, stopped),
            ...{ location, sink, duration, onStart },
            receive: receiveOptions(options, location),
            recovery: recoveryOptions(options),
          });
        }),
    });
  }

  #writing(endpoint: number, options: WriteOptions, prompt: boolean): WriteRun {
    const { duration, signal } = options;
    return {
      ...this.#tracking,
      signal,
      run: (source, stopped, onStart) =>
        this.#using([endpoint], async () => {
          const location = locateOut(this.info, { ...settingOf(options), address: endpoint });
          return send({
            ...this.#request(options, stopped),
            ...{ location, source, duration, onStart },
            send: sendOptions(options, prompt),
          });
        }),
    };
  }

  /** The part of a request to the engine that is the same for all streams. */
  #request(options: StreamOptions, signal: AbortSignal) {
    const { clearHalt, alternateSetting } = options;
    const { detachDriver } = this.#options;
    return {
      backend: this.#shared,
      device: this.info,
      claim: { detachDriver, clearHalt, sendSetting: alternateSetting !== undefined },
      ...hooksOf(options),
      signal,
    };
  }

  readonly #tracking = {
    onBegin: (run: StreamRun): void => {
      this.#runs.add(run);
    },
    onEnd: (run: StreamRun): void => {
      this.#runs.delete(run);
    },
  };

  /** Runs a step that alone may use these endpoints. */
  async #using<T>(endpoints: readonly number[], step: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) {
      throw new UsbError('invalid', 'the device was closed');
    }
    const taken = endpoints.find((endpoint) => this.#busy.has(endpoint));
    if (taken !== undefined) {
      const text = `endpoint ${formatEndpoint(taken)} is used by another stream of this device`;
      throw new UsbError('busy', text);
    }
    for (const endpoint of endpoints) {
      this.#busy.add(endpoint);
    }
    try {
      return await step();
    } finally {
      for (const endpoint of endpoints) {
        this.#busy.delete(endpoint);
      }
    }
  }
}

function settingOf({
  interfaceNumber,
  alternateSetting,
}: Pick<StreamOptions, 'interfaceNumber' | 'alternateSetting'>): EndpointRequest {
  return { interfaceNumber, alternateSetting };
}
