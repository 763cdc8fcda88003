import { setImmediate as nextTurn } from 'node:timers/promises';
import { CaptureError } from '../../pcapng/capture-error.js';
import type { ReadAt } from '../../pcapng/file-window.js';
import { type CapturedTransfer, TransferReader } from '../../pcapng/transfer-reader.js';
import { directionOf, endpointAddress, type TransferType } from '../../usb/model.js';
import { isFailure } from '../../usb/transfer-status.js';
import { RecordedDescriptors } from './recorded-descriptors.js';
import { assignPaths } from './recorded-path.js';

/** What a capture has of one endpoint. */
export interface RecordedEndpoint {
  /** Bit 7 is set for IN, also for endpoint 0. */
  readonly address: number;
  readonly type: TransferType;
  /** The transfers that ended, and those of them that failed. */
  transfers: number;
  failures: number;
  /** The bytes that they moved: those in the capture, and those that are missing because it was cut. */
  bytes: number;
  missingBytes: number;
}

/** What a capture has of one device. */
export interface RecordedDevice {
  readonly bus: number;
  /** Its port path, or its bus and its first address if the port was not recorded. */
  path: string;
  /** The name of the interface of all of its transfers in the capture; undefined if they have several. Untrusted. */
  interfaceName: string | undefined;
  /** Its addresses, in order: it has a new one each time that it is plugged in. */
  readonly addresses: number[];
  readonly descriptors: RecordedDescriptors;
  /** In the order of their addresses. */
  readonly endpoints: Map<number, RecordedEndpoint>;
  /** The answers to each control request, by `requestKey`. */
  readonly answers: Map<number, number>;
  /** The numbers of its first and of its last transfer in the capture. */
  readonly first: number;
  last: number;
  /** Whether the last one completed: that of a device that was unplugged does not. */
  lastCompleted: boolean;
}

/** What is in a capture file, without the data. */
export interface Recording {
  readonly readAt: ReadAt;
  readonly devices: readonly RecordedDevice[];
  /** Why the file could be read up to a place only; undefined if it is complete. */
  readonly damage: CaptureError | undefined;
}

/** Limits on what a capture may make the program keep. */
const MAX_DEVICES = 256;
const MAX_REQUESTS = 65_536;

/** The bytes of a setup packet before wLength (USB 2.0 §9.3). */
const BEFORE_LENGTH = 6;

/** Blocks of the file to read in one turn of the event loop. */
const TURN = 1000;

/** Address 0 belongs to devices that have not got one yet. */
const NO_ADDRESS = 0;

/**
 * Reads through a capture file, to know what is in it. Memory is bounded, whatever the file contains.
 *
 * @param signal ends the reading
 * @throws CaptureError if it is no capture file, or has no packets of USB devices at all; errors of `readAt`;
 *   the reason of `signal`
 */
export async function readRecording(readAt: ReadAt, signal?: AbortSignal): Promise<Recording> {
  const reader = new TransferReader(readAt, ({ device }) => device !== NO_ADDRESS);
  const devices = new Map<string, RecordedDevice>();
  const answers = new AnswerCounter();
  let damage: CaptureError | undefined;
  try {
    let count = 0;
    for (let blocks = 1; ; blocks++) {
      const transfer = reader.step();
      if (transfer === undefined) {
        break;
      }
      if (transfer !== 'skip') {
        const device = deviceOf(transfer, devices, count, reader.offset);
        add(device, transfer, count, reader);
        answers.count(device, transfer);
        count += 1;
      }
      if (blocks % TURN === 0) {
        await nextTurn();
        signal?.throwIfAborted();
      }
    }
  } catch (error) {
    if (!(error instanceof CaptureError) || devices.size === 0) {
      throw error;
    }
    damage = error;
  }
  if (devices.size === 0) {
    throw new CaptureError('no USB transfer precedes the end of the file', reader.offset);
  }
  const joined = joinReplugged([...devices.values()]);
  assignPaths(joined);
  return { readAt, devices: joined, damage };
}

/** Returns what identifies a control request: bmRequestType, bRequest, wValue and wIndex of its setup packet. */
export function requestKey(setup: Uint8Array): number {
  return Buffer.from(setup.buffer, setup.byteOffset, setup.length).readUIntBE(0, BEFORE_LENGTH);
}

/** Returns a reader of the transfers of one endpoint. Bit 7 of the address is set for IN, also for endpoint 0. */
export function transfersOf(
  { readAt }: Recording,
  { bus, addresses }: RecordedDevice,
  address: number,
): TransferReader {
  return new TransferReader(
    readAt,
    (packet) =>
      packet.endpoint === address && packet.bus === bus && addresses.includes(packet.device),
  );
}

function deviceOf(
  { bus, device: address, interfaceName }: CapturedTransfer,
  devices: Map<string, RecordedDevice>,
  count: number,
  offset: number,
): RecordedDevice {
  const key = `${bus}.${address}`;
  let device = devices.get(key);
  if (device === undefined) {
    if (devices.size === MAX_DEVICES) {
      throw new CaptureError(`the file has more than ${MAX_DEVICES} devices`, offset);
    }
    device = {
      ...{ bus, path: '', interfaceName, addresses: [address] },
      descriptors: new RecordedDescriptors(),
      ...{
        endpoints: new Map(),
        answers: new Map(),
        first: count,
        last: count,
        lastCompleted: true,
      },
    };
    devices.set(key, device);
  }
  return device;
}

function add(
  device: RecordedDevice,
  transfer: CapturedTransfer,
  count: number,
  reader: TransferReader,
): void {
  const { endpoint: address, type, status, length, captured } = transfer;
  let endpoint = device.endpoints.get(address);
  if (endpoint === undefined) {
    endpoint = { address, type, transfers: 0, failures: 0, bytes: 0, missingBytes: 0 };
    device.endpoints.set(address, endpoint);
  }
  device.last = count;
  device.interfaceName =
    transfer.interfaceName === device.interfaceName ? device.interfaceName : undefined;
  device.lastCompleted = status === 'completed';
  endpoint.transfers += 1;
  endpoint.failures += isFailure(status) ? 1 : 0;
  endpoint.bytes += captured;
  endpoint.missingBytes += length - captured;
  if (type === 'control') {
    device.descriptors.learn(transfer, (bytes) => {
      const copy = Buffer.alloc(bytes);
      return copy.subarray(0, reader.copyData(transfer, 0, copy));
    });
  }
}

/** Counts the answers to each control request. The number of requests in the whole capture is limited. */
class AnswerCounter {
  #left = MAX_REQUESTS;

  count({ answers }: RecordedDevice, { setup, endpoint }: CapturedTransfer): void {
    const direction = directionOf(setup?.[0] ?? 0); // bmRequestType has it where an address does
    if (setup === undefined || endpoint !== endpointAddress(0, direction)) {
      return;
    }
    const key = requestKey(setup);
    const before = answers.get(key) ?? 0;
    if (before > 0 || this.#left > 0) {
      this.#left -= before > 0 ? 0 : 1;
      answers.set(key, before + 1);
    }
  }
}

/**
 * Joins devices that are one, which was unplugged and plugged in again.
 */
function joinReplugged(devices: readonly RecordedDevice[]): RecordedDevice[] {
  const joined: RecordedDevice[] = [];
  for (const device of devices) {
    const before = joined.findLast((one) => isFollowedBy(one, device));
    if (before === undefined) {
      joined.push(device);
      continue;
    }
    before.addresses.push(...device.addresses);
    before.interfaceName =
      device.interfaceName === before.interfaceName ? before.interfaceName : undefined;
    before.last = device.last;
    before.lastCompleted = device.lastCompleted;
    for (const [address, endpoint] of device.endpoints) {
      before.endpoints.set(address, sum(endpoint, before.endpoints.get(address)));
    }
    for (const [key, count] of device.answers) {
      before.answers.set(key, count + (before.answers.get(key) ?? 0));
    }
  }
  for (const device of joined) {
    const sorted = [...device.endpoints].sort(([a], [b]) => a - b);
    device.endpoints.clear();
    for (const [address, endpoint] of sorted) {
      device.endpoints.set(address, endpoint);
    }
  }
  return joined.sort((a, b) => a.bus - b.bus || (a.addresses[0] ?? 0) - (b.addresses[0] ?? 0));
}

/** Whether a device was unplugged, and this one came after it, on the same bus and with the same descriptors. */
function isFollowedBy(a: RecordedDevice, b: RecordedDevice): boolean {
  if (a.bus !== b.bus || a.last >= b.first || a.lastCompleted) {
    return false;
  }
  const [left, right] = [a, b].map(({ descriptors: { device, configurations } }) =>
    device === undefined ? undefined : Buffer.concat([device, ...configurations]),
  );
  return left !== undefined && right !== undefined && left.equals(right);
}

function sum(endpoint: RecordedEndpoint, before: RecordedEndpoint | undefined): RecordedEndpoint {
  return {
    ...endpoint,
    transfers: endpoint.transfers + (before?.transfers ?? 0),
    failures: endpoint.failures + (before?.failures ?? 0),
    bytes: endpoint.bytes + (before?.bytes ?? 0),
    missingBytes: endpoint.missingBytes + (before?.missingBytes ?? 0),
  };
}
