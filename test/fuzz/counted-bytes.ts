/** The reads of each byte that a linear walk needs at most, and those at its start and its end. */
const READS_PER_BYTE = 16;
const READS = 64;

/**
 * Returns bytes that count how often their elements and properties are read, also through their
 * subarrays, and that throw at the first read that a linear walk does not need. So a loop that does not
 * end becomes a failure.
 */
export function countedBytes(bytes: Uint8Array): Uint8Array {
  const most = READS_PER_BYTE * bytes.length + READS;
  let reads = 0;
  return counted(bytes);

  function counted(part: Uint8Array): Uint8Array {
    return new Proxy(part, {
      get(target, key) {
        reads += 1;
        if (reads > most) {
          throw new Error(`more than ${most} reads of ${bytes.length} bytes`);
        }
        return key === 'subarray'
          ? (start: number, end?: number) => counted(target.subarray(start, end))
          : Reflect.get(target, key, target);
      },
    });
  }
}
