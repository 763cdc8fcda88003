/** Returns bytes of a counting device from an offset: the nth little-endian 32-bit word is n. */
export function counterBytes(offset: number, length: number): Buffer {
  const first = Math.floor(offset / 4);
  const words = Math.ceil((offset + length) / 4) - first;
  const buffer = Buffer.allocUnsafe(words * 4);
  for (let i = 0; i < words; i += 1) {
    buffer.writeUInt32LE((first + i) >>> 0, i * 4);
  }
  return buffer.subarray(offset % 4, (offset % 4) + length);
}

/** Returns whether the bytes are those of a counting device from its start, without a gap. */
export function isCounterPrefix(bytes: Buffer): boolean {
  return bytes.equals(counterBytes(0, bytes.length));
}
