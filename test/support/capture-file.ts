import assert from 'node:assert/strict';

/** A packet of a capture file, as these tests need it. */
export interface Packet {
  readonly id: bigint;
  readonly event: string;
  readonly type: number;
  readonly endpoint: number;
  readonly device: number;
  readonly setup: string | undefined;
  readonly status: number;
  readonly length: number;
  readonly data: Buffer;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly comments: readonly string[];
}

/** A capture file: its packets, and the comments of the statistics at its end. */
export interface CaptureFile {
  readonly packets: readonly Packet[];
  readonly end: readonly string[];
}

/** Reads a pcapng file of one section with link type 220, little-endian, and checks its structure. */
export function readCapture(bytes: Buffer): CaptureFile {
  const types: number[] = [];
  const packets: Packet[] = [];
  let end: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [type, length] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    const block = bytes.subarray(at, at + length);
    assert.equal(block.readUInt32LE(length - 4), length);
    types.push(type);
    if (type === 6) {
      packets.push(packetIn(block));
    } else if (type === 5) {
      end = commentsIn(block.subarray(20));
    }
    at += length;
  }
  assert.deepEqual(types.slice(0, 2), [0x0a0d0d0a, 1]);
  assert.equal(types.at(-1), 5);
  assert.equal(
    types.slice(2, -1).every((type) => type === 6),
    true,
  );
  return { packets, end };
}

function packetIn(block: Buffer): Packet {
  const captured = block.readUInt32LE(20);
  const header = block.subarray(28, 92);
  const padded = (captured + 3) & ~3;
  const data = block.subarray(92, 28 + captured);
  assert.equal(header.readUInt32LE(36), data.length);
  return {
    id: header.readBigUInt64LE(0),
    event: header.toString('latin1', 8, 9),
    ...{ type: header.readUInt8(9), endpoint: header.readUInt8(10), device: header.readUInt8(11) },
    setup: header[14] === 0 ? header.toString('hex', 40, 48) : undefined,
    ...{ status: header.readInt32LE(28), length: header.readUInt32LE(32), data },
    time: (BigInt(block.readUInt32LE(12)) << 32n) | BigInt(block.readUInt32LE(16)),
    comments: commentsIn(block.subarray(28 + padded)),
  };
}

function commentsIn(options: Buffer): string[] {
  const comments: string[] = [];
  for (let at = 0; at + 4 < options.length; ) {
    const [code, length] = [options.readUInt16LE(at), options.readUInt16LE(at + 2)];
    if (code === 0) {
      break;
    }
    if (code === 1) {
      comments.push(options.toString('utf8', at + 4, at + 4 + length));
    }
    at += 4 + ((length + 3) & ~3);
  }
  return comments;
}

/** The transfers of an endpoint, without the requests for descriptors that were not sent. */
export function eventsOf({ packets }: CaptureFile, endpoint: number): Packet[] {
  const made = new Set(packets.filter(({ comments }) => comments.some(isMade)).map(({ id }) => id));
  return packets.filter((packet) => packet.endpoint === endpoint && !made.has(packet.id));
}

function isMade(comment: string): boolean {
  return comment.startsWith('not sent');
}

/** The bytes that moved through an endpoint. */
export function bytesOf(capture: CaptureFile, endpoint: number): Buffer {
  return Buffer.concat(eventsOf(capture, endpoint).map(({ data }) => data));
}
