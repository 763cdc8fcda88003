import { fstatSync, type Stats } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { STDOUT } from '../terminal/stdio.js';
import { statOf } from './output-name.js';

/** Blocks of `Stats.blocks`, in bytes (POSIX.1 leaves the unit open; Linux and macOS use 512). */
const STAT_BLOCK = 512;

/** An output whose file system has less free space than the output may need, in bytes. */
export interface SpaceShortage {
  /** The name of the file; undefined for stdout. */
  readonly file: string | undefined;
  readonly free: number;
  readonly needed: number;
}

/**
 * Compares the free space for an open output with what it may need.
 *
 * @param file the name of the file, or of the first one; undefined for stdout
 * @param isReplaced whether the present contents of the file will be removed
 * @param needed bytes
 * @param freeAt another way to find the free space, for tests
 * @returns undefined if there is enough space, if the space is unknown, and if it is no regular file
 */
export async function findShortage(
  file: string | undefined,
  isReplaced: boolean,
  needed: number,
  freeAt = availableSpace,
): Promise<SpaceShortage | undefined> {
  const stats = file === undefined ? fstatSync(STDOUT) : statOf(file);
  const path = file ?? `/proc/self/fd/${STDOUT}`;
  const available = stats?.isFile() ? await freeAt(path) : undefined;
  if (stats === undefined || available === undefined) {
    return undefined;
  }
  const free = available + (isReplaced ? allocated(stats) : 0);
  return free < needed ? { file, free, needed } : undefined;
}

/** The free space of a file system for this user, in bytes; undefined if unknown. */
async function availableSpace(path: string): Promise<number | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return blocks === 0 ? undefined : bavail * bsize; // some file systems do not know their size
  } catch {
    return undefined;
  }
}

function allocated({ blocks = 0 }: Stats): number {
  return blocks * STAT_BLOCK;
}
