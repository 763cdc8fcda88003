import { fstatSync, type Stats } from 'node:fs';
import { isatty } from 'node:tty';
import { FdSink } from '../../engine/io/fd-sink.js';
import type { Sink } from '../../engine/io/sink.js';
import type { TransferObserver } from '../../engine/queue/observer.js';
import { PacketHeaders } from '../../engine/receive/packet-headers.js';
import type { ReceiveOptions } from '../../engine/receive/receiver.js';
import { groupObservers } from '../../engine/record/observer-group.js';
import type { StreamNote } from '../../engine/record/record-format.js';
import { recordControl } from '../../engine/record/recorded-backend.js';
import {
  type QueueSize,
  type RecordSink,
  TransferRecorder,
} from '../../engine/record/transfer-recorder.js';
import type { Backend } from '../../usb/backend.js';
import type { EndpointLocation } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { CliError } from '../errors/cli-error.js';
import { openOutput } from '../session/output.js';
import { type OutputPlan, statOf } from '../session/output-name.js';
import type { Interruption } from '../session/shutdown.js';
import {
  checkDescriptor,
  checkIsNotData,
  type DataNames,
  isSameFile,
} from '../session/side-output.js';
import { requireStdout, STDOUT } from '../terminal/stdio.js';
import { IndexFormat } from './index-format.js';
import { NamedSink } from './named-sink.js';
import { OutputPosition } from './output-position.js';
import { PcapngFormat } from './pcapng-format.js';
import { type RecordFile, type RecordPlan, recordName, type SigmfPlan } from './plan.js';
import { SigmfMetadata } from './sigmf.js';

/** What records need to know about their stream. */
export interface RecordedStream {
  readonly device: DeviceInfo;
  /** The endpoints, whose transfers decide how much memory is needed. */
  readonly queues: readonly QueueSize[];
  /** The endpoint to receive from, and how: for an index. */
  readonly received?:
    | { readonly location: EndpointLocation; readonly receive: ReceiveOptions }
    | undefined;
  readonly data: DataNames;
  readonly shutdown: Interruption;
  /** Whether a file is used for something else. */
  readonly isTaken: (file: Stats) => boolean;
}

/** An observer that also records what happens between transfers. */
type NotedObserver = TransferObserver & { note(note: StreamNote): void };

/** The files next to the data of a stream that describe its transfers. */
export class Records {
  readonly #stream: RecordedStream;
  readonly #files: Stats[] = [];
  readonly #observers: NotedObserver[] = [];
  /** Records control requests, too. */
  #packets: TransferRecorder | undefined;
  #metadata: SigmfMetadata | undefined;

  private constructor(stream: RecordedStream) {
    this.#stream = stream;
  }

  /**
   * Opens the files of a plan.
   *
   * @throws CliError if one cannot be opened, or is used for something else; all are closed then
   */
  static async open(plan: RecordPlan, stream: RecordedStream): Promise<Records> {
    const records = new Records(stream);
    try {
      await records.#openPackets(plan.record);
      await records.#openIndex(plan.index);
      await records.#openMetadata(plan.sigmf);
      return records;
    } catch (error) {
      await records.observer?.close?.(undefined).catch(() => {}); // the first failure is reported
      throw error;
    }
  }

  /** All records as one observer, which closes the files. */
  get observer(): TransferObserver | undefined {
    return groupObservers(this.#observers);
  }

  /** Returns a backend whose control requests are recorded, too, if any is. */
  backend(backend: Backend): Backend {
    return this.#packets === undefined ? backend : recordControl(backend, this.#packets);
  }

  /** Returns the sink of the data, which computes its hash if that is wanted. */
  sink(sink: Sink): Sink {
    return this.#metadata?.hashing(sink) ?? sink;
  }

  /** Notes what happens between transfers. */
  readonly note = (note: StreamNote): void => {
    for (const observer of this.#observers) {
      observer.note(note);
    }
  };

  /** Begins another file of packets, because the data goes to another file. */
  readonly onPart = (): void => this.#packets?.cut();

  /** Whether something is written to this file. */
  isOpenOn(file: Stats): boolean {
    return this.#files.some((one) => isSameFile(one, file));
  }

  async #openPackets(file: RecordFile | undefined): Promise<void> {
    if (file !== undefined) {
      const { device, queues } = this.#stream;
      const sink = await this.#openFile(file);
      if (file.side.target === STDOUT && isatty(STDOUT)) {
        throw new CliError('stdout-is-terminal', 'will not write binary data to a terminal', {
          advice: 'redirect stdout, or give --record FILE',
        });
      }
      this.#packets = new TransferRecorder(sink, new PcapngFormat(device), queues);
      this.#observers.push(this.#packets);
    }
  }

  async #openIndex(file: RecordFile | undefined): Promise<void> {
    const { device, queues, received } = this.#stream;
    if (file !== undefined && received !== undefined) {
      const { location, receive } = received;
      const headers = new PacketHeaders(receive.stripPacket ?? 0);
      const position = new OutputPosition(headers, receive.skip, receive.bytes);
      const sink = await this.#openFile(file);
      const format = new IndexFormat(device, location, position);
      this.#observers.push(new TransferRecorder(sink, format, queues));
    }
  }

  async #openMetadata(plan: SigmfPlan | undefined): Promise<void> {
    if (plan !== undefined) {
      const sink = await this.#openNamed(plan.metadata, '--sigmf');
      this.#metadata = new SigmfMetadata(sink, plan.type, plan.data, this.#stream.device);
      this.#observers.push(this.#metadata);
    }
  }

  /** @throws CliError */
  async #openFile(file: RecordFile): Promise<RecordSink> {
    const { side, output } = file;
    const { target } = side;
    checkIsNotData(side, this.#stream.data);
    if (output !== undefined) {
      return this.#openNamed(output, recordName(file));
    }
    const fd = Number(target);
    if (fd === STDOUT) {
      requireStdout('redirect it, or give a file name');
    }
    checkDescriptor(side, fd);
    this.#take(fstatSync(fd), recordName(file));
    return new NamedSink(new FdSink(fd), recordName(file));
  }

  async #openNamed(plan: OutputPlan, name: string): Promise<RecordSink> {
    const { device, shutdown, isTaken } = this.#stream;
    const isUsed = (file: Stats): boolean => isTaken(file) || this.isOpenOn(file);
    const { sink, files } = await openOutput(plan, device, shutdown, isUsed);
    const file = statOf(files()?.first ?? '');
    if (file !== undefined) {
      this.#files.push(file);
    }
    return new NamedSink(sink, name);
  }

  /** @throws CliError if something else is written to the file */
  #take(file: Stats, name: string): void {
    if (!file.isCharacterDevice() && (this.#stream.isTaken(file) || this.isOpenOn(file))) {
      throw new CliError('conflicting-options', `${name} is used for something else`, {
        advice: 'name another file',
      });
    }
    this.#files.push(file);
  }
}
