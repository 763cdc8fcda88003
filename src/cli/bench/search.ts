import { spreadOf } from './spread.js';

/** A candidate: the transfers in flight, and the bytes in each. */
export interface Setting {
  readonly depth: number;
  readonly transferSize: number;
}

/** What one run of a candidate measured. */
export interface Sample {
  readonly bytesPerSecond: number;
  /** Seconds in which no transfer was in flight, because usbxfer lagged. */
  readonly empty: number;
  /** The longest time between two completions, in seconds. */
  readonly longestInterval: number;
  /** CPU seconds per second. */
  readonly cpu: number;
  /** The share of the time in which the event loop was busy, or another program had the processor. */
  readonly busy: number;
}

/** A candidate, and the medians of what was measured. */
export interface Candidate extends Setting, Sample {
  /** The rate of each run, in bytes per second. */
  readonly rates: readonly number[];
}

/** What limits the candidates. Sizes in bytes. */
export interface SearchLimits {
  readonly packetSize: number;
  /** The longest transfer; Infinity without a limit. */
  readonly maxTransferSize: number;
  /** Returns whether the system has the memory for a candidate. */
  readonly fits: (setting: Setting) => boolean;
}

/**
 * The share of the best rate that may be missing: at least the first, and at most the second. In between, it
 * is three times the scatter of the runs: the best of several equal candidates is better by about this much.
 */
const MIN_TOLERANCE = 0.02;
const MAX_TOLERANCE = 0.1;
const SCATTERS = 3;

/** The rounds that every candidate gets, and the most rounds. */
export const MIN_ROUNDS = 3;
export const MAX_ROUNDS = 9;

/** The transfers to try: their sizes in bytes, and their numbers. */
const SIZES = [16 * 1024, 64 * 1024, 256 * 1024];
const DEPTHS = [4, 8, 16, 32, 64];

/** Returns the bytes in flight. */
export function inFlight({ depth, transferSize }: Setting): number {
  return depth * transferSize;
}

/** The settings to compare: each size with each depth, as far as the limits allow. */
export function candidates({ packetSize, maxTransferSize, fits }: SearchLimits): Setting[] {
  const sizes = SIZES.map((size) => Math.ceil(size / packetSize) * packetSize);
  return sizes
    .flatMap((transferSize) => DEPTHS.map((depth) => ({ depth, transferSize })))
    .filter(({ transferSize }) => transferSize <= maxTransferSize)
    .filter(fits);
}

/** The result of a search. */
export interface SearchResult {
  readonly candidates: readonly Candidate[];
  /** The candidate to use: of those that are good enough, the one with the least in flight. */
  readonly best: Candidate;
  /** The share of the best rate that may be missing, 0.02 to 0.1. */
  readonly tolerance: number;
  /** Whether the time was over while candidates still overlapped. */
  readonly isUncertain: boolean;
  /** The rounds in all. A candidate that left earlier has fewer runs. */
  readonly rounds: number;
}

/**
 * Compares candidates in interleaved rounds, so that a change of the load meets all of them. After the
 * first rounds, only those that may be the best stay. More rounds follow while two of them overlap.
 *
 * @param settings at least one
 * @param measure measures one run of a round, which is numbered from 1
 * @param isOver returns whether no time is left for another round
 */
export async function search(
  settings: readonly Setting[],
  measure: (setting: Setting, round: number) => Promise<Sample>,
  isOver: () => boolean,
): Promise<SearchResult> {
  const samples = new Map<Setting, Sample[]>(settings.map((setting) => [setting, []]));
  let active = settings;
  let rounds = 0;
  while (active.length > 0 && rounds < MAX_ROUNDS && (rounds === 0 || !isOver())) {
    // Every second round runs backwards: a drift then favours neither end.
    for (const setting of rounds % 2 === 0 ? active : active.toReversed()) {
      samples.get(setting)?.push(await measure(setting, rounds + 1));
    }
    rounds += 1;
    if (rounds >= MIN_ROUNDS) {
      active = undecided(settings, samples);
    }
  }
  const measured = settings.map((setting) => candidateOf(setting, samples.get(setting) ?? []));
  const best = choose(measured);
  const tolerance = toleranceOf(eligible(measured));
  return { candidates: measured, best, tolerance, isUncertain: active.length > 0, rounds };
}

function candidateOf(setting: Setting, samples: readonly Sample[]): Candidate {
  const rates = samples.map(({ bytesPerSecond }) => bytesPerSecond);
  const median = (of: (sample: Sample) => number): number => spreadOf(samples.map(of)).median;
  return {
    ...{ ...setting, rates, bytesPerSecond: spreadOf(rates).median },
    empty: median(({ empty }) => empty),
    longestInterval: median(({ longestInterval }) => longestInterval),
    cpu: median(({ cpu }) => cpu),
    busy: median(({ busy }) => busy),
  };
}

function fastestOf(measured: readonly Candidate[]): number {
  return Math.max(...measured.map(({ bytesPerSecond }) => bytesPerSecond));
}

/**
 * The share of the best rate that may be missing, from the scatter of the candidates that are nearly as fast:
 * the median of their median deviations.
 */
export function toleranceOf(measured: readonly Candidate[]): number {
  const least = (1 - MAX_TOLERANCE) * fastestOf(measured);
  const deviations = measured
    .filter(({ bytesPerSecond }) => bytesPerSecond >= least)
    .map(({ rates, bytesPerSecond: median }) => {
      const ofRuns = rates.map((rate) => Math.abs(rate - median) / median);
      return spreadOf(ofRuns).median;
    });
  const tolerance = SCATTERS * spreadOf(deviations).median;
  return Math.min(MAX_TOLERANCE, Math.max(MIN_TOLERANCE, tolerance));
}

/** Returns the candidates that may be used: those without an empty queue, or all if there are none. */
function eligible(measured: readonly Candidate[]): readonly Candidate[] {
  const steady = measured.filter(({ empty }) => empty === 0);
  return steady.length > 0 ? steady : measured;
}

/** Returns the lowest rate that counts as equal to the best one. */
function enoughOf(measured: readonly Candidate[]): number {
  return (1 - toleranceOf(measured)) * fastestOf(measured);
}

/** Returns the candidate to use. */
export function choose(measured: readonly Candidate[]): Candidate {
  const steady = eligible(measured);
  const enough = enoughOf(steady);
  const [best] = steady
    .filter(({ bytesPerSecond }) => bytesPerSecond >= enough)
    .toSorted((a, b) => inFlight(a) - inFlight(b) || b.bytesPerSecond - a.bytesPerSecond);
  if (best === undefined) {
    throw new RangeError('there is no candidate');
  }
  return best;
}

/**
 * The candidates that decide the result and are not certain yet: the chosen one, and those with less in
 * flight whose best run was good enough, although their median was not.
 */
function undecided(
  settings: readonly Setting[],
  samples: ReadonlyMap<Setting, readonly Sample[]>,
): readonly Setting[] {
  const measured = settings.map((setting) => candidateOf(setting, samples.get(setting) ?? []));
  const best = choose(measured);
  const enough = enoughOf(eligible(measured));
  const mayBeGood = ({ rates, bytesPerSecond, empty, ...setting }: Candidate): boolean =>
    inFlight(setting) < inFlight(best) &&
    empty === 0 &&
    bytesPerSecond < enough &&
    Math.max(...rates) >= enough;
  const isCertain = Math.min(...best.rates) >= enough;
  const rivals = measured.map(mayBeGood);
  const isDecided = isCertain && !rivals.includes(true);
  return isDecided ? [] : settings.filter((_, i) => rivals[i] || measured[i] === best);
}

/** What limits the rate of a candidate. */
export type Bottleneck = 'bus' | 'host' | 'settings' | 'device';

/** The share of the bus that a good host reaches, and the share of the time that is all of it. */
const FULL_BUS = 0.9;
const ALWAYS = 0.9;

/** A bus without wires, such as dummy_hcd, is faster than its speed allows: it has no limit. */
const REAL_BUS = 1.02;

/**
 * Returns what limits the rate of the candidate to use: the bus, if nearly all of it is used; the host, if
 * usbxfer is always busy; the settings, if more in flight may be faster; otherwise the device. If a candidate
 * has less work with the same rate, the host is not the limit.
 *
 * @param busRate bytes per second that the bus can carry; Infinity if unknown
 */
export function bottleneckOf(
  { candidates: all, best, tolerance }: Pick<SearchResult, 'candidates' | 'best' | 'tolerance'>,
  busRate: number,
): Bottleneck {
  const share = best.bytesPerSecond / busRate;
  if (share >= FULL_BUS && share <= REAL_BUS) {
    return 'bus';
  }
  const enough = (1 - tolerance) * best.bytesPerSecond;
  const asFast = all.filter(({ bytesPerSecond }) => bytesPerSecond >= enough);
  if (Math.min(...asFast.map(({ busy }) => busy)) >= ALWAYS) {
    return 'host';
  }
  const most = Math.max(...all.map(inFlight));
  return all.length > 1 && inFlight(best) === most ? 'settings' : 'device';
}
