import { Transform, type TransformCallback } from 'node:stream';

/** The start of each frame: two bytes of magic, then the length of the payload. */
const MAGIC = 0xa55a;
const HEADER = 4;

/**
 * Cuts a byte stream into frames. Chunks of a stream say nothing about frames: one may have parts of two.
 */
export class FrameParser extends Transform {
  #rest = Buffer.alloc(0);

  constructor() {
    super({ readableObjectMode: true });
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = Buffer.concat([this.#rest, chunk]);
    while (rest.length >= HEADER) {
      if (rest.readUInt16BE(0) !== MAGIC) {
        done(new Error(`no frame starts with ${rest.readUInt16BE(0).toString(16)}`));
        return;
      }
      const end = HEADER + rest.readUInt16BE(2);
      if (rest.length < end) {
        break;
      }
      this.push(rest.subarray(HEADER, end));
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    done();
  }
}

/** Returns a frame with this payload. */
export function frame(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(MAGIC, 0);
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
