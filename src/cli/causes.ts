/** Causes that are looked at; a longer chain, or one that bites its tail, tells nothing more. */
const MOST_CAUSES = 8;

/** What a system or a library calls a failure. */
export interface NativeFailure {
  /** `ENOENT`, `LIBUSB_ERROR_BUSY`; undefined where it has but a number. */
  readonly code: string | undefined;
  readonly errno: number;
  /** The system call, or what Node calls it. */
  readonly syscall: string | undefined;
}

/** A failure, and what began it: each with the cause of the one before. */
export function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && chain.length < MOST_CAUSES; ) {
    chain.push(at);
    at = at instanceof Error ? at.cause : undefined;
  }
  return chain;
}

/**
 * The number by which the system (`errno`) or libusb (`libusb_error`) knows a failure; undefined
 * for one that came from neither. libusb's has its name for a message.
 */
export function nativeFailure(error: unknown): NativeFailure | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const { code, errno, syscall, message }: NodeJS.ErrnoException = error;
  if (typeof errno !== 'number') {
    return undefined;
  }
  const libusb = /^LIBUSB_\w+$/.test(message) ? message : undefined;
  return { code: typeof code === 'string' ? code : libusb, errno, syscall };
}
