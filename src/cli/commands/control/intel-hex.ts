/** Bytes at consecutive addresses. */
export interface HexBlock {
  /** The address of the first byte, 0 to 2^32 - 1. */
  readonly address: number;
  readonly data: Buffer;
}

/** What is wrong with a line of an Intel HEX file. */
export class IntelHexError extends Error {
  override readonly name = 'IntelHexError';
  /** From 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** A record: `:LLAAAATT`, LL bytes of data, and a checksum. */
interface HexRecord {
  readonly line: number;
  readonly address: number;
  readonly type: number;
  readonly data: Buffer;
}

/** The data of a record, at its full address. */
interface DataRecord extends HexBlock {
  readonly line: number;
}

/** Types of records (Intel Hexadecimal Object File Format Specification, 1988). */
const DATA = 0;
const END_OF_FILE = 1;
const SEGMENT_ADDRESS = 2;
const START_SEGMENT = 3;
const LINEAR_ADDRESS = 4;
const START_LINEAR = 5;

/** Bytes in a record besides its data: length, address, type and checksum. */
const OVERHEAD = 5;

/**
 * Parses an Intel HEX file, and checks every record. Joins records that continue the previous one, and
 * keeps their order otherwise. Ignores start addresses and empty lines.
 *
 * @param maxBytes the maximum size of a block
 * @throws IntelHexError for the first line that is wrong
 */
export function parseIntelHex(text: string, maxBytes: number): HexBlock[] {
  const records = dataRecords(text);
  checkOverlaps(records);
  const runs: { address: number; end: number; parts: Buffer[] }[] = [];
  for (const { address, data } of records) {
    const last = runs.at(-1);
    if (last?.end === address) {
      last.parts.push(data);
      last.end += data.length;
    } else {
      runs.push({ address, end: address + data.length, parts: [data] });
    }
  }
  return runs.flatMap(({ address, parts }) => cut(address, Buffer.concat(parts), maxBytes));
}

function cut(address: number, data: Buffer, maxBytes: number): HexBlock[] {
  const blocks: HexBlock[] = [];
  for (let at = 0; at < data.length; at += maxBytes) {
    blocks.push({ address: address + at, data: data.subarray(at, at + maxBytes) });
  }
  return blocks;
}

/** Returns the records with data, at their full addresses. */
function dataRecords(text: string): DataRecord[] {
  const found: DataRecord[] = [];
  let base = 0;
  let end: number | undefined;
  const lines = text.split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') {
      continue;
    }
    const record = parseRecord(index + 1, line.trim());
    if (end !== undefined) {
      throw new IntelHexError(record.line, `follows the end record in line ${end}`);
    }
    const { address, type, data } = record;
    switch (type) {
      case DATA:
        if (address + data.length > 0x10000) {
          throw new IntelHexError(record.line, 'the data goes beyond the address 0xffff');
        }
        if (data.length > 0) {
          found.push({ line: record.line, address: base + address, data });
        }
        break;
      case END_OF_FILE:
        requireLength(record, 0);
        end = record.line;
        break;
      case SEGMENT_ADDRESS:
        requireLength(record, 2);
        base = data.readUInt16BE() * 16;
        break;
      case LINEAR_ADDRESS:
        requireLength(record, 2);
        base = data.readUInt16BE() * 0x10000;
        break;
      case START_SEGMENT:
      case START_LINEAR:
        requireLength(record, 4);
        break;
      default:
        throw new IntelHexError(record.line, `the type of the record is ${type}, not 0 to 5`);
    }
  }
  if (end === undefined) {
    const last = lines.findLastIndex((line) => line.trim() !== '') + 1;
    throw new IntelHexError(Math.max(1, last), 'the end record (:00000001FF) is missing after it');
  }
  return found;
}

function parseRecord(line: number, text: string): HexRecord {
  if (!text.startsWith(':')) {
    throw new IntelHexError(line, 'a record starts with a colon');
  }
  const bytes = Buffer.from(text.slice(1), 'hex');
  if (bytes.length * 2 !== text.length - 1) {
    throw new IntelHexError(line, 'a record has two hexadecimal digits per byte');
  }
  const [length = 0, high = 0, low = 0, type = 0] = bytes;
  if (bytes.length !== length + OVERHEAD) {
    const has = Math.max(0, bytes.length - OVERHEAD);
    throw new IntelHexError(
      line,
      `the record has ${has} bytes of data, but its length is ${length}`,
    );
  }
  const sum = bytes.reduce((total, byte) => total + byte, 0) & 0xff;
  if (sum !== 0) {
    const given = bytes.at(-1) ?? 0;
    const right = (given - sum) & 0xff;
    throw new IntelHexError(line, `the checksum is ${hex(given)}, but should be ${hex(right)}`);
  }
  return { line, address: high * 0x100 + low, type, data: bytes.subarray(4, -1) };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function requireLength({ line, type, data }: HexRecord, length: number): void {
  if (data.length !== length) {
    const found = `a record of type ${type} has ${length} bytes of data`;
    throw new IntelHexError(line, `${found}, not ${data.length}`);
  }
}

/** @throws IntelHexError for a record with an address that an earlier line has */
function checkOverlaps(records: readonly DataRecord[]): void {
  const sorted = records.toSorted((a, b) => a.address - b.address);
  for (const [index, record] of sorted.entries()) {
    const before = sorted[index - 1];
    if (before !== undefined && before.address + before.data.length > record.address) {
      const [first, second] = [before.line, record.line].sort((a, b) => a - b);
      const address = `0x${record.address.toString(16)}`;
      throw new IntelHexError(
        second ?? 0,
        `line ${first} has data for the address ${address}, too`,
      );
    }
  }
}
