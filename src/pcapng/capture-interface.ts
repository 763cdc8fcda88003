/** An interface of a section: what its packets are, and how their times are given. */
export interface CaptureInterface {
  readonly linkType: number;
  /** What its writer called it, cut to `MAX_NAME` bytes. Untrusted. */
  readonly name: string | undefined;
  /** The bytes that were captured of a packet at most; 0 for no limit. */
  readonly snapLength: number;
  /** Units of time per second. */
  readonly unitsPerSecond: bigint;
  /** Seconds to add. */
  readonly timeOffset: bigint;
}

/** The bytes that are kept of a name. */
export const MAX_NAME = 64;

const NANOSECONDS = 1_000_000_000n;

/** Returns the units per second of if_tsresol: a negative power of 10, or of 2 if its highest bit is set. */
export function resolutionOf(code: number): bigint {
  return (code & 0x80) === 0 ? 10n ** BigInt(code) : 2n ** BigInt(code & 0x7f);
}

/** Returns a time in nanoseconds since 1970. */
export function timeOf(
  units: bigint,
  { unitsPerSecond, timeOffset }: Pick<CaptureInterface, 'unitsPerSecond' | 'timeOffset'>,
): bigint {
  return (units * NANOSECONDS) / unitsPerSecond + timeOffset * NANOSECONDS;
}
