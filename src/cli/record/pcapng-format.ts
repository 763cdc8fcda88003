import { arch, release, type } from 'node:os';
import type { TransferEvent } from '../../engine/record/event-ring.js';
import type { RecordFormat, StreamNote } from '../../engine/record/record-format.js';
import type { WriteBatch } from '../../engine/record/write-batch.js';
import type { Outcome } from '../../engine/session/outcome.js';
import { errnoOf, IN_PROGRESS, type UsbPacket } from '../../pcapng/usb-packet.js';
import {
  interfaceDescription,
  interfaceStatistics,
  packetBlock,
  packetSuffixLength,
  sectionHeader,
  writePacketPrefix,
  writePacketSuffix,
} from '../../pcapng/writer.js';
import { ids } from '../../usb/format.js';
import type { DeviceInfo, TransferType } from '../../usb/model.js';
import { causeText } from '../report/words.js';
import { version } from '../version.js';
import { descriptorPackets } from './descriptor-packets.js';
import { WallClock } from './wall-clock.js';

/** A device that was opened. */
type Opened = Extract<StreamNote, { kind: 'opened' }>;

/** Writes transfers as packets of a pcapng file, which Wireshark opens. */
export class PcapngFormat implements RecordFormat {
  readonly keepsData = true;
  readonly #clock = new WallClock();
  readonly #device: DeviceInfo;
  #opened: Opened | undefined;
  #types: ReadonlyMap<number, TransferType> = new Map();
  /** The times of the first and the last packet of the file, in nanoseconds since 1970, and their number. */
  #first = 0n;
  #last = 0n;
  #packets = 0;

  /** @param device names the interface */
  constructor(device: DeviceInfo) {
    this.#device = device;
  }

  begin(time: number, batch: WriteBatch): void {
    const application = `usbxfer ${version()}`;
    const os = `${type()} ${release()}`;
    batch.put(sectionHeader({ hardware: arch(), os, application }));
    batch.put(interfaceDescription(`usb ${this.#device.path} (${ids(this.#device)})`));
    this.#first = this.#clock.at(time);
    this.#last = this.#first;
    this.#packets = 0;
    this.#putDescriptors(batch);
  }

  add(event: TransferEvent, data: Buffer, batch: WriteBatch): void {
    const time = this.#clock.at(event.time);
    this.#last = time;
    const comments = event.notes.length === 0 ? [] : this.#take(event.notes, batch);
    const { isCompletion, endpoint, status } = event;
    if (status === 'timed-out') {
      comments.push('cancelled after its timeout');
    }
    const { address, bus } = this.#opened?.device ?? this.#device;
    const packet: UsbPacket = {
      id: BigInt(event.sequence) * 256n + BigInt(endpoint),
      event: isCompletion ? 'C' : 'S',
      type: event.setup === undefined ? (this.#types.get(endpoint) ?? 'bulk') : 'control',
      ...{ endpoint, device: address, bus, data, time, comments },
      setup: isCompletion ? undefined : event.setup,
      status: isCompletion ? errnoOf(status) : IN_PROGRESS,
      length: isCompletion ? event.actualLength : event.requested,
    };
    this.#packets += 1;
    batch.position = writePacketPrefix(packet, batch.scratch, batch.position);
    batch.put(data);
    if (comments.length === 0) {
      batch.position = writePacketSuffix(packet, batch.scratch, batch.position);
    } else {
      const suffix = Buffer.alloc(packetSuffixLength(comments));
      batch.put(suffix.subarray(0, writePacketSuffix(packet, suffix, 0)));
    }
  }

  end(notes: readonly StreamNote[], end: Outcome | undefined, batch: WriteBatch): void {
    const comments = this.#take(notes, batch);
    comments.push(end === undefined ? 'continued in the next file' : `end: ${end.reason}`);
    batch.put(
      interfaceStatistics({
        ...{ start: this.#first, end: this.#last, received: this.#packets, dropped: 0, comments },
      }),
    );
  }

  /** Returns the comments for notes. A device that was opened has its descriptors before them. */
  #take(notes: readonly StreamNote[], batch: WriteBatch): string[] {
    return notes.flatMap((note) => {
      if (note.kind === 'gap') {
        return [`gap at byte ${note.gap.offset}: ${causeText(note.gap.cause)}`];
      }
      const before = this.#opened?.device;
      this.#open(note);
      const { bus, address } = note.device;
      if (before?.address !== address || before.bus !== bus) {
        this.#putDescriptors(batch);
      }
      return before === undefined
        ? []
        : [`the device was opened again, as device ${address} of bus ${bus}`];
    });
  }

  #open(opened: Opened): void {
    this.#opened = opened;
    const settings = opened.device.configurations.flatMap((each) => each.settings);
    const endpoints = settings.flatMap((each) => each.endpoints);
    this.#types = new Map(endpoints.map((endpoint) => [endpoint.address, endpoint.type]));
  }

  #putDescriptors(batch: WriteBatch): void {
    if (this.#opened !== undefined) {
      const { device, descriptors } = this.#opened;
      for (const packet of descriptorPackets(device, descriptors, this.#last)) {
        batch.put(packetBlock(packet));
        this.#packets += 1;
      }
    }
  }
}
