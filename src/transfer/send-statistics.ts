import { Statistics } from './statistics.js';

/**
 * What happened to the bytes that were to be sent. Once that ended, always:
 * `bytesRead = bytesAccepted + bytesUnsent`.
 */
export class SendStatistics extends Statistics {
  /** Bytes that were read from the input, behind those to skip. */
  bytesRead = 0;
  /**
   * Bytes that the device took, up to the first that it did not: with those skipped, where a second
   * run has to go on.
   */
  bytesAccepted = 0;
  /**
   * Bytes that the device took behind the first that it did not: there is a hole before them. A host
   * controller may go on with what is queued after a protocol error, before anybody can cancel it.
   */
  bytesBeyond = 0;
  /** Zero-length packets that the device took at the ends of messages. */
  zeroLengthPackets = 0;
  /** The most bytes that ever were read and not yet submitted. */
  readAheadPeak = 0;

  override get bytesDelivered(): number {
    return this.bytesAccepted;
  }

  /** Bytes that were read, and that the device did not take, or took out of their place. */
  get bytesUnsent(): number {
    return this.bytesRead - this.bytesAccepted;
  }
}
