import type { Limits } from '../../engine/receive/limits.js';
import type { TransferMemory } from '../../usb/backend.js';
import type { EndpointLocation } from '../../usb/locate.js';
import {
  fittingLength,
  fittingTransfers,
  leastMemory,
  mostMemory,
} from '../../usb/transfer-memory.js';
import { adviceFor } from '../errors/advice.js';
import { CliError } from '../errors/cli-error.js';
import type { PoolOptions } from '../options/stream.js';
import { binarySize } from '../terminal/format.js';

/** Bytes in flight at the most, so that a typing error is refused and not tried. */
const LARGEST_POOL = 4 * 1024 ** 3;

/** The transfers that are to be in flight together. */
export interface Pool extends Limits {
  readonly depth: number;
  /** Bytes in each transfer. */
  readonly transferSize: number;
}

/** Suggested sizes are multiples of it, where they are no smaller. */
const ROUND = 4096;

const UNITS: readonly (readonly [bytes: number, unit: string])[] = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
];

/**
 * Refuses a pool that no system has the memory for, before anything is looked at.
 *
 * @throws CliError
 */
export function checkPoolSize({ transfers, transferSize }: PoolOptions): void {
  if (transfers * transferSize > LARGEST_POOL) {
    throw new CliError(
      'invalid-value',
      '--transfers times --transfer-size: give at most 4GiB in all',
    );
  }
}

/**
 * Refuses a pool that the system has not the memory for, before anything is opened. What others
 * have in flight cannot be known: the pool may still turn out too large.
 *
 * @param memory undefined where there is no limit
 * @param packetSize in bytes; the least that a transfer can be
 * @throws CliError with the numbers, and with what does fit
 */
export function checkTransferMemory(
  pool: Pool,
  packetSize: number,
  memory: TransferMemory | undefined,
): void {
  const { transferSize } = pool;
  const depth = mostInFlight(pool);
  if (memory === undefined || depth * leastMemory(transferSize) <= memory.bytes) {
    return;
  }
  const transfers = fittingTransfers(memory.bytes, transferSize);
  const size = roundSize(fittingLength(memory.bytes, depth), packetSize);
  const remedies = [
    ...(transfers > 0 ? [`--transfers ${transfers}`] : []),
    ...(size > 0 && depth > 1 ? [`--transfer-size ${sizeValue(size)}`] : []),
  ];
  const total = depth * transferSize;
  const need = total > memory.bytes ? words(total) : `a little more than ${words(total)}`;
  const demand =
    depth === 1
      ? `1 transfer of ${words(transferSize)} needs`
      : `${depth} transfers of ${words(transferSize)} need`;
  const use = remedies.length > 0 ? `use ${remedies.join(' or ')}, or ` : '';
  throw new CliError(
    'no-memory',
    `${demand} ${need}, and the kernel lends ${words(memory.bytes)} to all programs together (usbfs_memory_mb)`,
    { advice: use + adviceFor(memory.raise(depth * mostMemory(transferSize))) },
  );
}

/** A capture that is near its limit from the start does not fill its pool. */
function mostInFlight({ depth, transferSize, bytes, skip = 0, count, untilShort }: Pool): number {
  return Math.min(
    untilShort ? 1 : depth,
    count ?? depth,
    bytes === undefined ? depth : Math.ceil((skip + bytes) / transferSize),
  );
}

function roundSize(bytes: number, packetSize: number): number {
  const step = bytes >= ROUND ? ROUND : packetSize;
  return Math.floor(bytes / step) * step;
}

/** As an option takes it: `248KiB`, `512`. */
function sizeValue(bytes: number): string {
  const [factor, unit] = UNITS.find(([candidate]) => bytes % candidate === 0) ?? [1, ''];
  return `${bytes / factor}${unit}`;
}

/** `1 MiB` where it is a whole number, `63.5 MiB` where not. */
function words(bytes: number): string {
  const [factor, unit] = UNITS.find(([candidate]) => bytes >= candidate) ?? [1, 'bytes'];
  return bytes % factor === 0 ? `${bytes / factor} ${unit}` : binarySize(bytes);
}

/** A transfer of whole packets: one that ends within a packet could be overflowed by the device. */
export function wholePackets(bytes: number, { endpoint }: EndpointLocation): number {
  return Math.ceil(bytes / endpoint.maxPacketSize) * endpoint.maxPacketSize;
}
