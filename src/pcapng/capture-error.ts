/** A capture file that is damaged or of no known format, from a place on. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  /** The place in the file, in bytes. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} at offset ${offset}`);
    this.offset = offset;
  }
}
