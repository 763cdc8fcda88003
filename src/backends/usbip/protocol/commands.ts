/*
 * The second phase of a USB/IP connection, after an import: commands and replies, each with a head of 48
 * bytes. All fields are big-endian, except for the setup packet, which has the byte order of USB.
 */

/** The commands, and the replies to them. */
export const COMMAND = {
  submit: 1,
  unlink: 2,
  submitReply: 3,
  unlinkReply: 4,
} as const;

/** The size of a head in bytes. Data may follow it. */
export const HEAD_LENGTH = 48;

/** The size of a setup packet in bytes (USB 2.0 §9.3). */
export const SETUP_LENGTH = 8;

/** The size of the description of one isochronous packet in bytes. */
export const ISOCHRONOUS_PACKET_LENGTH = 16;

/**
 * The maximum number of bytes of a transfer. Linux's server breaks the export of a device on a submit of
 * more than 4 MiB (measured).
 */
export const MAX_TRANSFER_LENGTH = 1024 * 1024;

/** The number of packets of a transfer that is not isochronous. */
const NO_PACKETS = 0xffff_ffff;

/** URB_DIR_IN of Linux, which it uses on the wire. */
const FLAG_IN = 0x200;

const IN = 1;
const OUT = 0;

/** A place for the setup packet of a transfer that is not of endpoint 0. */
const NO_SETUP = Buffer.alloc(SETUP_LENGTH);

/**
 * Encodes CMD_SUBMIT into a head. Data of an OUT transfer follows it.
 *
 * @param devId the bus number in the upper 16 bits, the address in the lower ones
 * @param endpoint 0 to 15, without the direction
 * @param interval that of an interrupt endpoint, in frames or microframes
 * @param setup the setup packet of a control request
 */
export function encodeSubmit(
  head: Buffer,
  seqnum: number,
  devId: number,
  isIn: boolean,
  endpoint: number,
  length: number,
  interval: number,
  setup: Buffer = NO_SETUP,
): void {
  writeStart(head, COMMAND.submit, seqnum, devId, isIn ? IN : OUT, endpoint);
  head.writeUInt32BE(isIn ? FLAG_IN : 0, 20);
  head.writeUInt32BE(length, 24);
  head.writeUInt32BE(0, 28);
  head.writeUInt32BE(NO_PACKETS, 32);
  head.writeUInt32BE(interval, 36);
  setup.copy(head, 40, 0, SETUP_LENGTH);
}

/** A submitted transfer. All numbers are untrusted. */
export class Submit {
  seqnum = 0;
  devId = 0;
  isIn = false;
  /** The endpoint number, without the direction. */
  endpoint = 0;
  length = 0;
  /** The number of isochronous packets; 0 for another transfer. */
  packets = 0;
  /** The setup packet of a control request. */
  readonly setup = Buffer.alloc(SETUP_LENGTH);

  /** Decodes CMD_SUBMIT. */
  decode(head: Buffer): void {
    this.seqnum = head.readUInt32BE(4);
    this.devId = head.readUInt32BE(8);
    this.isIn = head.readUInt32BE(12) === IN;
    this.endpoint = head.readUInt32BE(16);
    this.length = head.readUInt32BE(24);
    const packets = head.readUInt32BE(32);
    this.packets = packets === NO_PACKETS ? 0 : packets;
    head.copy(this.setup, 0, 40, 40 + SETUP_LENGTH);
  }
}

/** Encodes CMD_UNLINK of the transfer with the sequence number `victim`. */
export function encodeUnlink(seqnum: number, devId: number, victim: number): Buffer {
  const head = Buffer.alloc(HEAD_LENGTH);
  writeStart(head, COMMAND.unlink, seqnum, devId, OUT, 0);
  head.writeUInt32BE(victim, 20);
  return head;
}

/** Returns the transfer that CMD_UNLINK cancels. */
export function victimOf(head: Buffer): number {
  return head.readUInt32BE(20);
}

/** Returns the command of a head. */
export function commandOf(head: Buffer): number {
  return head.readUInt32BE(0);
}

/** Returns the sequence number of a head. */
export function seqnumOf(head: Buffer): number {
  return head.readUInt32BE(4);
}

/** Returns the device ID of a command. */
export function devIdOf(head: Buffer): number {
  return head.readUInt32BE(8);
}

/** Returns the status of a reply: 0, or a negative errno of Linux. */
export function statusOf(head: Buffer): number {
  return head.readInt32BE(20);
}

/** Returns the number of bytes that RET_SUBMIT says were moved. Untrusted. */
export function actualLengthOf(head: Buffer): number {
  return head.readUInt32BE(24);
}

/** Encodes RET_SUBMIT into a head. The data of an IN transfer follows it. */
export function encodeSubmitReply(
  head: Buffer,
  seqnum: number,
  status: number,
  actualLength: number,
  packets = 0,
): void {
  writeStart(head, COMMAND.submitReply, seqnum, 0, 0, 0);
  head.writeInt32BE(status, 20);
  head.writeUInt32BE(actualLength, 24);
  head.writeUInt32BE(0, 28);
  head.writeUInt32BE(packets === 0 ? NO_PACKETS : packets, 32);
  head.fill(0, 36);
}

/** Encodes RET_UNLINK. */
export function encodeUnlinkReply(seqnum: number, status: number): Buffer {
  const head = Buffer.alloc(HEAD_LENGTH);
  writeStart(head, COMMAND.unlinkReply, seqnum, 0, 0, 0);
  head.writeInt32BE(status, 20);
  return head;
}

function writeStart(
  head: Buffer,
  command: number,
  seqnum: number,
  devId: number,
  direction: number,
  endpoint: number,
): void {
  head.writeUInt32BE(command, 0);
  head.writeUInt32BE(seqnum, 4);
  head.writeUInt32BE(devId, 8);
  head.writeUInt32BE(direction, 12);
  head.writeUInt32BE(endpoint, 16);
}
