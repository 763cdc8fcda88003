const BYTES_A_LINE = 16;

/** Bytes as `hexdump -C` shows them: offset, hexadecimal, and what is printable ASCII. */
export function hexDump(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += BYTES_A_LINE) {
    const part = [...bytes.subarray(offset, offset + BYTES_A_LINE)];
    const digits = part.map((byte) => byte.toString(16).padStart(2, '0'));
    const left = digits.slice(0, 8).join(' ').padEnd(23);
    const right = digits.slice(8).join(' ').padEnd(23);
    const text = part.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    const place = offset.toString(16).padStart(8, '0');
    lines.push(`${place}  ${left}  ${right}  |${text.join('')}|`);
  }
  return lines;
}
