import { HEAD_LENGTH, SETUP_LENGTH } from '../protocol/commands.js';

const NO_DATA = Buffer.alloc(0);

/** A transfer as the connection sees it: it is reused, and is in flight at most once. */
export abstract class Request {
  /** The endpoint number, and the direction of the data. */
  readonly endpoint: number;
  readonly isIn: boolean;
  /** In frames or microframes; 0 unless the endpoint is an interrupt endpoint. */
  readonly interval: number;
  readonly head = Buffer.alloc(HEAD_LENGTH);
  /** Owned by the request until `onReply`. */
  buffer: Buffer = NO_DATA;
  length = 0;
  /** 0 unless the request is in flight. */
  seqnum = 0;
  /** The sequence number of its cancel; 0 unless it is cancelled. */
  unlinkSeqnum = 0;

  constructor(endpoint: number, isIn: boolean, interval: number) {
    this.endpoint = endpoint;
    this.isIn = isIn;
    this.interval = interval;
  }

  /** Whether it is cancelled, or was when it was answered. */
  get isCancelled(): boolean {
    return this.unlinkSeqnum !== 0;
  }

  /**
   * Called once for each submission.
   *
   * @param status a status of the wire
   */
  abstract onReply(status: number, actualLength: number): void;
}

/** Returns the setup packet of a request (USB 2.0 §9.3). */
export function setupPacket(
  requestType: number,
  request: number,
  value: number,
  index: number,
  length: number,
): Buffer {
  const setup = Buffer.alloc(SETUP_LENGTH);
  setup.writeUInt8(requestType, 0);
  setup.writeUInt8(request, 1);
  setup.writeUInt16LE(value, 2);
  setup.writeUInt16LE(index, 4);
  setup.writeUInt16LE(length, 6);
  return setup;
}
