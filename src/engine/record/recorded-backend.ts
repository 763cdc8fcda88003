import type {
  Backend,
  ClaimOptions,
  ConfigurationOptions,
  Device,
  DeviceLoss,
  Endpoint,
  Interface,
} from '../../usb/backend.js';
import {
  type ControlRequest,
  directionOfRequest,
  type HostRequest,
  requestOfHost,
  setupPacket,
} from '../../usb/control.js';
import { UsbError, type UsbErrorCode } from '../../usb/errors.js';
import { type DeviceInfo, endpointAddress } from '../../usb/model.js';
import type { TransferStatus } from '../../usb/transfer-status.js';
import type { TransferRecorder } from './transfer-recorder.js';

/** The part of a recorder that control requests use. */
type ControlRecorder = Pick<TransferRecorder, 'hasRoom' | 'note' | 'onComplete' | 'onSubmit'>;

const NO_DATA = Buffer.alloc(0);

/** The status of a control transfer that failed with each error; `error` for others. */
const STATUSES: Readonly<Partial<Record<UsbErrorCode, TransferStatus>>> = {
  stall: 'stall',
  'timed-out': 'timed-out',
  'no-device': 'no-device',
};

/**
 * Returns a backend whose opened devices record their control requests, also those that the system sends
 * for `selectConfiguration`, `claim`, `release` and `clearHalt`. Other transfers are seen by the observer
 * of their stream.
 */
export function recordControl(backend: Backend, recorder: ControlRecorder): Backend {
  const { checkUnused, diagnose } = backend;
  const requests = new RequestRecorder(recorder);
  return {
    name: backend.name,
    list: () => backend.list(),
    inspect: (info) => backend.inspect(info),
    descriptors: (info) => backend.descriptors(info),
    transferMemory: () => backend.transferMemory(),
    ...(checkUnused && { checkUnused: checkUnused.bind(backend) }),
    ...(diagnose && { diagnose: diagnose.bind(backend) }),
    open: async (info) => {
      const device = await backend.open(info);
      // Without descriptors, a record is still complete.
      const known = await backend.descriptors(info).catch(() => undefined);
      const descriptors = known?.descriptors ?? NO_DATA;
      recorder.note({ kind: 'opened', device: info, descriptors });
      return new RecordedDevice(device, requests);
    },
  };
}

/** Records control requests. */
class RequestRecorder {
  readonly #recorder: ControlRecorder;
  /** The number of requests in each direction. */
  readonly #counts = { in: 0, out: 0 };

  constructor(recorder: ControlRecorder) {
    this.#recorder = recorder;
  }

  /**
   * Sends a request, and records it.
   *
   * @param moved the bytes that moved, given the result of `send`
   */
  async send<Result>(
    request: ControlRequest,
    data: Buffer,
    send: () => Promise<Result>,
    moved: (result: Result) => number,
    signal?: AbortSignal,
  ): Promise<Result> {
    await this.#room(data.length);
    const direction = directionOfRequest(request);
    const submission = {
      endpoint: endpointAddress(0, direction),
      sequence: this.#counts[direction]++,
      buffer: data,
      requested: data.length,
      submittedAt: performance.now(),
      setup: setupPacket(request, data.length),
    };
    this.#recorder.onSubmit(submission);
    const complete = (status: TransferStatus, actualLength: number): void =>
      this.#recorder.onComplete({
        ...submission,
        ...{ status, actualLength, completedAt: performance.now() },
      });
    try {
      const result = await send();
      complete('completed', moved(result));
      return result;
    } catch (error) {
      const code = error instanceof UsbError ? error.code : 'other';
      complete(signal?.aborted ? 'cancelled' : (STATUSES[code] ?? 'error'), 0);
      throw error;
    }
  }

  /** Makes a change of the host, and records the request that the system sends for it. */
  change<Result>(change: HostRequest, make: () => Promise<Result>): Promise<Result> {
    return this.send(requestOfHost(change), NO_DATA, make, () => 0);
  }

  async #room(length: number): Promise<void> {
    let resume = (): void => {};
    while (!this.#recorder.hasRoom(length, () => resume())) {
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
    }
  }
}

class RecordedDevice implements Device {
  readonly #device: Device;
  readonly #requests: RequestRecorder;

  constructor(device: Device, requests: RequestRecorder) {
    this.#device = device;
    this.#requests = requests;
  }

  get info(): DeviceInfo {
    return this.#device.info;
  }

  selectConfiguration(value: number, options?: ConfigurationOptions): Promise<void> {
    const select = () => this.#device.selectConfiguration(value, options);
    const sends = options?.isPermanent === true || this.info.configurationValue !== value;
    return sends ? this.#requests.change({ kind: 'set-configuration', value }, select) : select();
  }

  async claim(
    interfaceNumber: number,
    alternateSetting: number,
    options?: ClaimOptions,
  ): Promise<Interface> {
    const claim = () => this.#device.claim(interfaceNumber, alternateSetting, options);
    const setting = { kind: 'set-interface', interfaceNumber } as const;
    const sends = alternateSetting !== 0 || options?.sendSetting === true;
    const claimed = await (sends
      ? this.#requests.change({ ...setting, alternateSetting }, claim)
      : claim());
    const release = () => claimed.release();
    return {
      endpoint: (address) => this.#endpoint(claimed.endpoint(address)),
      release: () =>
        alternateSetting === 0
          ? release()
          : this.#requests.change({ ...setting, alternateSetting: 0 }, release),
    };
  }

  control(
    request: ControlRequest,
    data: Buffer,
    timeout: number,
    signal?: AbortSignal,
  ): Promise<number> {
    const send = () => this.#device.control(request, data, timeout, signal);
    return this.#requests.send(request, data, send, (length) => length, signal);
  }

  reset(): Promise<void> {
    return this.#device.reset();
  }

  loss(): Promise<DeviceLoss | undefined> {
    return this.#device.loss();
  }

  close(): Promise<void> {
    return this.#device.close();
  }

  #endpoint(endpoint: Endpoint): Endpoint {
    const { address, maxPacketSize, cancelKeepsData, ended } = endpoint;
    const clear = () => endpoint.clearHalt();
    return {
      ...{ address, maxPacketSize, cancelKeepsData, ended },
      createTransfer: (onComplete) => endpoint.createTransfer(onComplete),
      clearHalt: () => this.#requests.change({ kind: 'clear-halt', address }, clear),
    };
  }
}
