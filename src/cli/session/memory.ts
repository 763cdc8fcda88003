import type { Limits } from '../../engine/receive/limits.js';
import type { TransferMemory } from '../../usb/backend.js';
import {
  fittingLength,
  fittingTransfers,
  maxMemory,
  minMemory,
} from '../../usb/transfer-memory.js';
import { adviceFor } from '../errors/advice.js';
import { CliError } from '../errors/cli-error.js';
import { binarySize } from '../terminal/format.js';

/** The maximum transfer queue in bytes, so that a typo is rejected before any allocation. */
const MAX_QUEUE_SIZE = 4 * 1024 ** 3;

/** The transfers that are in flight together. */
export interface Queue extends Limits {
  readonly depth: number;
  /** Bytes per transfer. */
  readonly transferSize: number;
}

/** Suggested sizes are multiples of this, unless they are smaller. */
const SIZE_STEP = 4096;

const UNITS: readonly (readonly [bytes: number, unit: string])[] = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
];

/** @throws CliError for a transfer queue that is too large for any system */
export function checkQueueSize(transfers: number, transferSize: number): void {
  if (transfers * transferSize > MAX_QUEUE_SIZE) {
    throw new CliError('invalid-value', '--transfers times --transfer-size must not exceed 4GiB');
  }
}

/** @throws CliError for transfers that are longer than the backend allows */
export function checkTransferLength(queues: readonly Queue[], maximum = Infinity): void {
  const longest = Math.max(...queues.map(({ transferSize }) => transferSize));
  if (longest > maximum) {
    throw new CliError(
      'invalid-value',
      `--transfer-size must not exceed ${sizeText(maximum)} with --host`,
    );
  }
}

/**
 * Rejects transfer queues that exceed the memory of the system, before anything is opened. They may
 * still be too large, because other programs use the same memory.
 *
 * @param queues one for each direction, with transfers of about the same size
 * @param packetSize the smallest transfer, in bytes
 * @param memory undefined if there is no limit
 * @throws CliError with the sizes that fit
 */
export function checkTransferMemory(
  queues: readonly Queue[],
  packetSize: number,
  memory: TransferMemory | undefined,
): void {
  const transferSize = Math.max(...queues.map((queue) => queue.transferSize));
  const depth = queues.reduce((sum, queue) => sum + maxInFlight(queue), 0);
  if (memory === undefined || depth * minMemory(transferSize) <= memory.bytes) {
    return;
  }
  const transfers = Math.floor(fittingTransfers(memory.bytes, transferSize) / queues.length);
  const size = roundSize(fittingLength(memory.bytes, depth), packetSize);
  const options = [
    ...(transfers > 0 ? [`--transfers ${transfers}`] : []),
    ...(size > 0 && depth > 1 ? [`--transfer-size ${sizeValue(size)}`] : []),
  ];
  const total = depth * transferSize;
  const need = total > memory.bytes ? sizeText(total) : `a little more than ${sizeText(total)}`;
  const demand =
    depth === 1
      ? `1 transfer of ${sizeText(transferSize)} needs`
      : `${depth} transfers of ${sizeText(transferSize)} need`;
  const use = options.length > 0 ? `use ${options.join(' or ')}, or ` : '';
  throw new CliError(
    'no-memory',
    `${demand} ${need}, but the kernel limits USB transfers to ${sizeText(memory.bytes)} for all ` +
      'programs combined (usbfs_memory_mb)',
    { advice: use + adviceFor(memory.raise(depth * maxMemory(transferSize))) },
  );
}

/** The number of transfers that are submitted together: fewer near a limit. */
function maxInFlight({ depth, transferSize, bytes, skip = 0, count, untilShort }: Queue): number {
  return Math.min(
    untilShort ? 1 : depth,
    count ?? depth,
    bytes === undefined ? depth : Math.ceil((skip + bytes) / transferSize),
  );
}

function roundSize(bytes: number, packetSize: number): number {
  const step = bytes >= SIZE_STEP ? SIZE_STEP : packetSize;
  return Math.floor(bytes / step) * step;
}

/** A size as an option value: `248KiB`, `512`. */
function sizeValue(bytes: number): string {
  const [factor, unit] = UNITS.find(([candidate]) => bytes % candidate === 0) ?? [1, ''];
  return `${bytes / factor}${unit}`;
}

/** A size as text: `1 MiB` if it is a whole number, `63.5 MiB` otherwise. */
function sizeText(bytes: number): string {
  const [factor, unit] = UNITS.find(([candidate]) => bytes >= candidate) ?? [1, 'bytes'];
  return bytes % factor === 0 ? `${bytes / factor} ${unit}` : binarySize(bytes);
}
