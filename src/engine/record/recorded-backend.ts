import type { Backend, Device, Endpoint } from '../../usb/backend.js';
import {
  type ControlRequest,
  directionOfRequest,
  type HostRequest,
  requestOfHost,
  setupPacket,
} from '../../usb/control.js';
import { UsbError, type UsbErrorCode } from '../../usb/errors.js';
import { endpointAddress } from '../../usb/model.js';
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
  const requests = new RequestRecorder(recorder);
  return override(backend, {
    open: async (info) => {
      const device = await backend.open(info);
      // Without descriptors, a record is still complete.
      const known = await backend.descriptors(info).catch(() => undefined);
      const descriptors = known?.descriptors ?? NO_DATA;
      recorder.note({ kind: 'opened', device: device.info, descriptors });
      return recordDevice(device, requests);
    },
  });
}

/** Returns an object with some methods in place of those of another one, and all else of that one. */
function override<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return new Proxy(target, {
    get(_, key): unknown {
      if (Reflect.has(methods, key)) {
        return Reflect.get(methods, key);
      }
      const value: unknown = Reflect.get(target, key);
      // A method may use private fields, which only the object itself has.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function recordDevice(device: Device, requests: RequestRecorder): Device {
  return override(device, {
    control: (request, data, timeout, signal) => {
      const send = () => device.control(request, data, timeout, signal);
      return requests.send(request, data, send, (length) => length, signal);
    },
    selectConfiguration: (value, options) => {
      const select = () => device.selectConfiguration(value, options);
      const sends = options?.isPermanent === true || device.info.configurationValue !== value;
      return sends ? requests.change({ kind: 'set-configuration', value }, select) : select();
    },
    claim: async (interfaceNumber, alternateSetting, options) => {
      const claim = () => device.claim(interfaceNumber, alternateSetting, options);
      const setting = { kind: 'set-interface', interfaceNumber } as const;
      const sends = alternateSetting !== 0 || options?.sendSetting === true;
      const claimed = await (sends
        ? requests.change({ ...setting, alternateSetting }, claim)
        : claim());
      const release = () => claimed.release();
      return override(claimed, {
        endpoint: (address) => recordEndpoint(claimed.endpoint(address), requests),
        release: () =>
          alternateSetting === 0
            ? release()
            : requests.change({ ...setting, alternateSetting: 0 }, release),
      });
    },
  });
}

function recordEndpoint(endpoint: Endpoint, requests: RequestRecorder): Endpoint {
  const { address } = endpoint;
  const clear = () => endpoint.clearHalt();
  return override(endpoint, {
    clearHalt: () => requests.change({ kind: 'clear-halt', address }, clear),
  });
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
      packetSize: 0,
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
