/**
 * The library: `for await` over `read` and `readBorrowed`, a Node stream and a Web stream. The data goes
 * nowhere.
 */
export const LIBRARY_PATHS = ['read', 'borrowed', 'node', 'web'] as const;
export type LibraryPath = (typeof LIBRARY_PATHS)[number];

/**
 * What moves the bytes: the bare loop, the engine, the engine while it strips two bytes of each packet or
 * records each transfer, the command, or the library.
 */
export const PATHS = ['bare', 'engine', 'strip', 'record', 'command', ...LIBRARY_PATHS] as const;
export type Path = (typeof PATHS)[number];

/** Returns whether a path is one of the library. */
export function isLibrary(path: string | undefined): path is LibraryPath {
  return LIBRARY_PATHS.some((one) => one === path);
}

/** Where the bytes go: /dev/null, a file in memory (tmpfs), or a pipe that cat empties. */
export type Output = 'null' | 'file' | 'pipe';

/** One case to measure. */
export interface Case {
  readonly path: Path;
  readonly output: Output;
  /** Transfers in flight. */
  readonly depth: number;
  /** Bytes in each transfer. */
  readonly size: number;
}

export const DEPTHS: readonly number[] = [1, 4, 16, 64];
export const SIZES: readonly number[] = [512, 4 * 1024, 64 * 1024, 256 * 1024, 1024 * 1024];

/** Sizes and depth that are measured with every output and with the command. */
const FULL_DEPTH = 16;
const FULL_SIZES: readonly number[] = [512, 4 * 1024, 256 * 1024];

const MIB = 1024 * 1024;

/** The selected part of the matrix. */
export interface Wanted {
  readonly depths: readonly number[];
  readonly sizes: readonly number[];
  readonly paths: readonly Path[];
}

/** Lists the cases to measure. Cases that are compared are neighbours. */
export function plan({ depths, sizes, paths }: Wanted): Case[] {
  return depths.flatMap((depth) => sizes.flatMap((size) => casesOf(depth, size, paths)));
}

function casesOf(depth: number, size: number, paths: readonly Path[]): Case[] {
  const full = depth === FULL_DEPTH && FULL_SIZES.includes(size);
  const outputs: readonly Output[] = full ? ['null', 'file', 'pipe'] : ['null'];
  return outputs.flatMap((output) =>
    PATHS.filter((path) => paths.includes(path))
      .filter((path) => output === 'null' || (path !== 'bare' && !isLibrary(path)))
      .filter((path) => path === 'bare' || path === 'engine' || full)
      .map((path) => ({ path, output, depth, size })),
  );
}

/** Formats a size: `4KiB`. */
export function sizeName(bytes: number): string {
  const mebi = bytes % MIB === 0;
  return mebi ? `${bytes / MIB}MiB` : bytes % 1024 === 0 ? `${bytes / 1024}KiB` : `${bytes}B`;
}
