import { accessSync, constants, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/*
 * Reads what Linux shows in files: attributes in sysfs, processes in /proc, accounts in /etc. Each
 * reader returns undefined if there is nothing to read: an attribute that a device does not have, a
 * device or process that has just gone, a file that this user may not read.
 */

/** Reads a whole file. */
export function readBytes(file: string): Buffer | undefined {
  return attempt(() => readFileSync(file));
}

/** Reads a whole file as UTF-8, without the newline that ends an attribute. */
export function readText(file: string): string | undefined {
  return attempt(() => readFileSync(file, 'utf8').replace(/\n$/, ''));
}

/** Reads a decimal number; undefined also for any other text. */
export function readNumber(file: string): number | undefined {
  const text = readText(file)?.trim();
  const number = text ? Number(text) : Number.NaN; // an unconfigured device has an empty value
  return Number.isFinite(number) ? number : undefined;
}

/** Lists the names in a folder. */
export function readNames(folder: string): string[] | undefined {
  return attempt(() => readdirSync(folder));
}

/** Reads where a symbolic link points to. */
export function readLink(file: string): string | undefined {
  return attempt(() => readlinkSync(file));
}

/** Reads the inode number of a file, or of a symbolic link itself. */
export function readInode(file: string): string | undefined {
  return attempt(() => String(lstatSync(file, { bigint: true }).ino));
}

/**
 * Returns why this user may not read and write a file, as the code of access(2): EACCES, or EPERM if
 * the device rules of a container forbid it. Opens nothing.
 *
 * @returns undefined if the user may
 */
export function accessError(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? 'EACCES';
  }
}

/** Returns the code of a failed system call: `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
