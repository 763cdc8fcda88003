/** The transfers that are kept in flight unless told otherwise; sizes in bytes. */
export const DEFAULT_POOL = { transfers: 16, transferSize: 256 * 1024 } as const;
