import { TRANSFER_STATUSES } from '../../usb/transfer-status.js';
import { FIRST_WIDTH, MAX_BUCKETS, mean } from './buckets.js';
import type { ChartStream } from './chart-data.js';

/**
 * The time over which the smallest and the largest rate are measured, in seconds: a power of two. A
 * transfer moves all of its bytes at one moment, so a shorter time says little.
 */
const WINDOW = 1;

/** The transfers that a slot should have on average: with fewer, its rate is a matter of chance. */
const TRANSFERS_IN_SLOT = 8;

/** The slots of a run with few transfers. */
const FEWEST_SLOTS = 8;

/** The statuses that are counted, and one for those that a later version may write. */
export const STATUSES: readonly string[] = [...TRANSFER_STATUSES, 'other'];
const PLACES: ReadonlyMap<string, number> = new Map(STATUSES.map((name, i) => [name, i]));

/** A part of the run. */
interface Slot {
  bytes: number;
  readonly statuses: number[];
  /** Windows with data, and the fewest and the most bytes of one. Counted in slots wider than a window. */
  windows: number;
  min: number;
  max: number;
}

/**
 * The rate of transfers: bytes in slots of equal width, from the start of a run to its end. The length of
 * a run is not known before its end: whenever it has too many slots, their width doubles.
 */
export class RateOfTransfers {
  bytes = 0;
  /** Transfers with data, and the moments of the first and the last of them in seconds. */
  transfers = 0;
  firstSeconds = 0;
  lastSeconds = 0;
  /** All transfers by status. */
  readonly counts = STATUSES.map(() => 0);
  #slots: Slot[] = [];
  #width = FIRST_WIDTH;
  /** The current window, counted from the start, and its bytes. */
  #window = 0;
  #windowBytes = 0;
  /** The end of the run in seconds, as far as it is known. */
  #end = 0;

  /** Adds a transfer. One that is earlier than the last one counts with that. */
  add(seconds: number, length: number, status: string): void {
    this.#end = Math.max(this.#end, seconds);
    const slot = this.#slotAt(this.#end);
    const place = PLACES.get(status) ?? STATUSES.length - 1;
    slot.statuses[place] = (slot.statuses[place] ?? 0) + 1;
    this.counts[place] = (this.counts[place] ?? 0) + 1;
    if (length > 0) {
      this.#addToWindow(length);
      slot.bytes += length;
      this.bytes += length;
      this.firstSeconds = this.transfers === 0 ? this.#end : this.firstSeconds;
      this.lastSeconds = this.#end;
      this.transfers += 1;
    }
  }

  /** Ends the run at this moment. */
  end(seconds: number): void {
    this.#end = Math.max(this.#end, seconds);
    this.#slotAt(this.#end);
  }

  /** The stream. No more can be added. @param most slots */
  toStream(most: number): ChartStream {
    this.#closeWindow();
    const enough = Math.max(FEWEST_SLOTS, Math.floor(this.transfers / TRANSFERS_IN_SLOT));
    while (this.#slots.length > Math.min(most, enough)) {
      this.#double();
    }
    this.#joinRest();
    const slots = this.#slots.map((slot, i) => ({ ...slot, duration: this.#durationOf(i) }));
    const means = slots.map(mean);
    const isWide = this.#width > WINDOW;
    return {
      direction: 'in',
      seconds: slots.map((_, i) => (i + 0.5) * this.#width),
      rateMean: means,
      rateMin: isWide ? slots.map(smallestRate) : means,
      rateMax: isWide ? slots.map(({ max }, i) => Math.max(max / WINDOW, means[i] ?? 0)) : means,
      ...{ buffered: [], starved: [] },
      statuses: STATUSES.map((status, i) => ({
        status,
        counts: slots.map(({ statuses }) => statuses[i] ?? 0),
      })).filter(({ counts }) => counts.some((count) => count > 0)),
    };
  }

  /** Returns the slot of a moment, which is not before the last one. */
  #slotAt(seconds: number): Slot {
    while (seconds / this.#width >= MAX_BUCKETS) {
      this.#double();
    }
    const place = Math.floor(seconds / this.#width);
    while (this.#slots.length <= place) {
      const statuses = STATUSES.map(() => 0);
      this.#slots.push({ ...{ bytes: 0, statuses, windows: 0 }, min: Infinity, max: 0 });
    }
    return this.#slots[place] as Slot; // it was made above
  }

  #addToWindow(length: number): void {
    const window = Math.floor(this.#end / WINDOW);
    if (window !== this.#window) {
      this.#closeWindow();
      this.#window = window;
    }
    this.#windowBytes += length;
  }

  #closeWindow(): void {
    if (this.#windowBytes > 0) {
      const slot = this.#slotAt(Math.min(this.#window * WINDOW, this.#end));
      slot.windows += 1;
      slot.min = Math.min(slot.min, this.#windowBytes);
      slot.max = Math.max(slot.max, this.#windowBytes);
      this.#windowBytes = 0;
    }
  }

  /** Joins slots in pairs. */
  #double(): void {
    this.#width *= 2;
    this.#slots = this.#slots.flatMap((slot, i) => {
      const next = this.#slots[i + 1];
      return i % 2 === 1 ? [] : [next === undefined ? slot : joined(slot, next)];
    });
  }

  /** Joins the last slot with the one before it if the run ended soon after its start. */
  #joinRest(): void {
    const [before, last] = this.#slots.slice(-2);
    const place = this.#slots.length - 1;
    if (before && last && this.#durationOf(place) < this.#width / 2) {
      this.#slots.splice(-2, 2, joined(before, last));
    }
  }

  /** The time of a slot in seconds: the last one ends with the run. */
  #durationOf(place: number): number {
    const start = place * this.#width;
    return place < this.#slots.length - 1 ? this.#width : this.#end - start;
  }
}

function joined(one: Slot, other: Slot): Slot {
  return {
    bytes: one.bytes + other.bytes,
    statuses: one.statuses.map((count, i) => count + (other.statuses[i] ?? 0)),
    windows: one.windows + other.windows,
    min: Math.min(one.min, other.min),
    max: Math.max(one.max, other.max),
  };
}

/** The smallest rate in a second: 0 if one had no data. */
function smallestRate(slot: Slot & { readonly duration: number }): number {
  const { windows, min, duration } = slot;
  const hasSilence = windows < Math.floor(duration / WINDOW);
  return hasSilence || windows === 0 ? 0 : Math.min(min / WINDOW, mean(slot));
}
