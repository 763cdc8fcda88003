import { requireRange, requireTime } from '../engine/checks.js';
import { openWhenReady } from '../engine/device/open.js';
import {
  examine,
  isReady,
  type WatchedBus,
  waitForDevice,
  watchBus,
} from '../engine/device/presence.js';
import type { Backend } from '../usb/backend.js';
import type { BusEvent } from '../usb/bus-events.js';
import { UsbError } from '../usb/errors.js';
import { type DeviceFilter, type DeviceInfo, matches } from '../usb/model.js';
import { type BackendOptions, loadBackend } from './backends.js';
import { UsbDevice } from './device.js';
import { SharedDevice } from './shared-device.js';

/** Where to look for devices, and for which; all of them by default. */
export interface ListOptions extends DeviceFilter, BackendOptions {}

/** What to watch for, and for how long. */
export interface WatchOptions extends ListOptions {
  /** Ends the iteration when it is aborted, with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** Which device to open, and how. */
export interface OpenOptions extends ListOptions {
  /** Milliseconds to wait for the device, or Infinity; by default, it must be connected. */
  readonly wait?: number | undefined;
  /** Ends the wait when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** bConfigurationValue of the configuration to use; the active one by default. */
  readonly configuration?: number | undefined;
  /**
   * Whether to detach kernel drivers from interfaces that are claimed, until the device is closed. By
   * default, such an interface is `busy`.
   */
  readonly detachDriver?: boolean | undefined;
}

/**
 * Opens the one device that matches. Claims nothing yet.
 *
 * @throws UsbError `no-device` if none matches, or none in time; `ambiguous` if several match; `access`,
 *   `busy`, `io`, `not-found` for the configuration; `unavailable` if the backend cannot be loaded. The reason
 *   of the signal.
 */
export async function open(options: OpenOptions = {}): Promise<UsbDevice> {
  const { wait, signal, configuration, detachDriver } = options;
  requireTime('wait', wait);
  requireIds(options);
  signal?.throwIfAborted();
  const backend = await loadBackend(options);
  const stopped = signal ?? new AbortController().signal;
  const isWanted = (device: DeviceInfo) => isReady(device) && matches(device, options);
  const present = await backend.list();
  const hasWaited = wait !== undefined && !present.some(isWanted);
  if (hasWaited) {
    await waitForDevice(backend, isWanted, wait, stopped);
    signal?.throwIfAborted();
  }
  const chosen = choose(hasWaited ? await backend.list() : present, options);
  const device = await examine(backend, chosen);
  const handle = { configuration, detachDriver };
  const shared = new SharedDevice(backend, device, handle);
  const first = () => shared.open(device);
  const share = await (hasWaited ? openWhenReady(first, stopped) : first());
  await share.close();
  return new UsbDevice(shared, handle);
}

/**
 * Lists the devices that match, ordered by bus and port. Opens none.
 *
 * @throws UsbError `no-bus` if the system has no USB bus
 */
export async function list(options: ListOptions = {}): Promise<DeviceInfo[]> {
  requireIds(options);
  const backend = await loadBackend(options);
  return (await backend.list()).filter((device) => matches(device, options));
}

/**
 * Yields an event for each matching device that is present at the start, and then for each that is
 * connected or disconnected, until the loop is left. Opens no device.
 *
 * @throws as `list`; the reason of the signal
 */
export async function* watch(
  options: WatchOptions = {},
): AsyncGenerator<BusEvent, void, undefined> {
  const { signal } = options;
  requireIds(options);
  const bus: Backend & Pick<WatchedBus, 'fingerprint'> = await loadBackend(options);
  for await (const events of watchBus(bus, signal ?? new AbortController().signal)) {
    for (const event of events) {
      signal?.throwIfAborted();
      if (matches(event.device, options)) {
        yield event;
      }
    }
  }
  signal?.throwIfAborted();
}

/** @throws TypeError or RangeError for an ID that is no number from 0: no device could match it */
function requireIds({ vid = 0, pid = 0 }: DeviceFilter): void {
  requireRange('vid', vid, 0, Number.isInteger);
  requireRange('pid', pid, 0, Number.isInteger);
}

/** @throws UsbError `no-device` or `ambiguous` */
function choose(present: readonly DeviceInfo[], filter: DeviceFilter): DeviceInfo {
  const found = present.filter((device) => matches(device, filter));
  const [device, ...others] = found;
  if (device === undefined) {
    throw new UsbError('no-device', `no device matches ${describe(filter)}`);
  }
  if (others.length > 0) {
    const paths = found.map(({ path }) => path).join(', ');
    throw new UsbError(
      'ambiguous',
      `${found.length} devices match ${describe(filter)}: give the serial number, or one of the paths ${paths}`,
    );
  }
  return device;
}

function describe({ vid, pid, serial, path, bus, address, classCode }: DeviceFilter): string {
  const hex = (id: number | undefined) =>
    id === undefined ? id : `0x${id.toString(16).padStart(4, '0')}`;
  const given = { vid: hex(vid), pid: hex(pid), serial, path, bus, address, classCode };
  const parts = Object.entries(given).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} ${key === 'serial' ? JSON.stringify(value) : value}`],
  );
  return parts.length === 0 ? 'an empty filter' : parts.join(', ');
}
