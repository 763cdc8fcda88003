/** Memory in use, in bytes; see `process.memoryUsage`. */
export interface Memory {
  /** Transfers completed at that time. */
  readonly transfers: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly rss: number;
}

const MIB = 1024 * 1024;

/**
 * Maximum growth since the first sample. A leak of half a byte in each of ten million transfers exceeds
 * it. The engine's own state varies by less: buffers are kept, and hot code is recompiled.
 *
 * Resident memory varies more, because V8 and the allocator may keep freed pages.
 */
const ALLOWED = [
  ['heapUsed', 4 * MIB],
  ['external', 8 * MIB],
  ['rss', 16 * MIB],
] as const;

/** Measures memory in use after a full garbage collection. */
export function takeMemory(transfers: number): Memory {
  if (globalThis.gc === undefined) {
    throw new Error('needs node --expose-gc');
  }
  globalThis.gc();
  globalThis.gc(); // frees what the first collection finalised, such as the memory of buffers
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  return { transfers, heapUsed, external, arrayBuffers, rss };
}

/** Returns what grew too much from the first sample to the last; empty if memory is flat. */
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

/** Formats the samples as a table, in MiB. */
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
