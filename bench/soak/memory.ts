/** Memory that is in use, in bytes; see `process.memoryUsage`. */
export interface Memory {
  /** Transfers that had completed by then. */
  readonly transfers: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

const MIB = 1024 * 1024;

/**
 * What may have been added since the first sample. Ten million transfers that each left half a byte
 * behind would be over it, while the engine's own state varies by less: buffers are kept once made,
 * and code that gets hot is compiled again.
 *
 * Resident memory varies more: how V8 and the allocator keep pages that were freed is theirs.
 */
const ALLOWED = [
  ['heapUsed', 4 * MIB],
  ['external', 8 * MIB],
  ['rss', 16 * MIB],
] as const;

/** Measures what is in use, after everything that is garbage was collected. */
export function takeMemory(transfers: number): Memory {
  if (globalThis.gc === undefined) {
    throw new Error('needs node --expose-gc');
  }
  globalThis.gc();
  globalThis.gc(); // what the first one finalised, such as the memory of buffers, is gone after this
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { transfers, heapUsed, external, arrayBuffers, rss };
}

/** What grew too much from the first sample to the last one; empty when memory is flat. */
export function growth(samples: readonly Memory[]): string[] {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || first === last) {
    throw new Error('needs two samples');
  }
  return ALLOWED.filter(([what, bytes]) => last[what] - first[what] > bytes).map(
    ([what, bytes]) =>
      `${what} grew by ${mib(last[what] - first[what])} MiB, allowed are ${mib(bytes)}`,
  );
}

/** The samples as a table, in MiB. */
export function memoryTable(samples: readonly Memory[]): string {
  const columns = ['heapUsed', 'external', 'arrayBuffers', 'rss'] as const;
  const line = (cells: readonly string[]) => cells.map((cell) => cell.padStart(12)).join('  ');
  const rows = samples.map((memory) =>
    line([`${memory.transfers}`, ...columns.map((column) => mib(memory[column]))]),
  );
  return [line(['transfers', ...columns.map((column) => column)]), ...rows].join('\n');
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(2);
}
