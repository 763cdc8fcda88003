import assert from 'node:assert/strict';
import { ReplayBackend } from '../../src/backends/replay/backend.js';
import { readRecording } from '../../src/backends/replay/recording.js';
import { VirtualBackend } from '../../src/backends/virtual/backend.js';
import type { Backend } from '../../src/usb/backend.js';
import { endpointDescriptor } from '../../src/usb/model.js';
import {
  captureOf,
  controlRequest,
  descriptorRequests,
  type Recorded,
  readerOf,
} from '../support/capture.js';
import { counterBytes } from '../support/counter-stream.js';
import { deviceInfo, setting } from '../support/device-info.js';
import type { ConfigurationsDevice, Fixture, FixtureDevice } from './fixture.js';

/** Thrown for a device that no recording can stand for: it reacts to the host. */
export class Unrecordable extends Error {}

const MIB = 1024 * 1024;

/** The counter that stands for an endless one, and the size of its transfers, in bytes. */
const ENDLESS = 32 * MIB;
const TRANSFER = 256 * 1024;

const BULK = [endpointDescriptor(0x82, 2, 512), endpointDescriptor(0x02, 2, 512)];
const DEVICE = deviceInfo({
  configurations: [
    {
      value: 1,
      settings: [
        setting(0, 0, ...BULK),
        setting(
          0,
          1,
          ...BULK,
          endpointDescriptor(0x83, 1, 512),
          endpointDescriptor(0x84, 3, 64),
          endpointDescriptor(0x04, 3, 64),
        ),
      ],
    },
    {
      value: 2,
      settings: [
        setting(0, 0, endpointDescriptor(0x02, 2, 512)),
        setting(1, 0, endpointDescriptor(0x86, 2, 512)),
      ],
    },
  ],
});

/** Creates the contract's devices from captures. */
export class ReplayFixture implements Fixture {
  #replay: ReplayBackend | undefined;
  backend: Backend = new VirtualBackend();
  readonly unanswered = { requestType: 0xc0, request: 0x03, value: 0, index: 0 };

  counters(): Promise<FixtureDevice> {
    return this.#play(endlessCounter(), 'stream');
  }

  idle(): Promise<FixtureDevice> {
    return this.counters();
  }

  messages(size: number): Promise<FixtureDevice> {
    const requested = size + 512; // a short or an empty packet ended each
    const transfers = counter(0x82, 0, size * Math.ceil(Math.max(64, (4 * MIB) / size)), size);
    return this.#play(
      transfers.map((one) => ({ ...one, requested })),
      'messages',
    );
  }

  silentAfter(bytes: number): Promise<FixtureDevice> {
    return this.#play(counter(0x82, 0, bytes, TRANSFER), 'stream');
  }

  stallAfter(bytes: number): Promise<FixtureDevice> {
    return this.#play(
      [
        ...counter(0x82, 0, bytes, TRANSFER),
        { endpoint: 0x82, status: 'stall' },
        ...counter(0x82, bytes, 4 * MIB, TRANSFER),
      ],
      'stream',
    );
  }

  async loopback(): Promise<FixtureDevice> {
    throw new Unrecordable();
  }

  sink(): Promise<FixtureDevice> {
    return this.#playOut();
  }

  async interruptSink(): Promise<FixtureDevice> {
    return { ...(await this.#playOut()), alternateSetting: 1, outEndpoint: 0x04 };
  }

  async silentOutAfter(): Promise<FixtureDevice> {
    throw new Unrecordable();
  }

  async stallOutAfter(): Promise<FixtureDevice> {
    throw new Unrecordable();
  }

  async alternate(): Promise<FixtureDevice> {
    return { ...(await this.counters()), alternateSetting: 1 };
  }

  async configurations(): Promise<ConfigurationsDevice> {
    const { info } = await this.#play(
      [...counter(0x82, 0, MIB, TRANSFER), ...counter(0x86, 0, MIB, TRANSFER)],
      'stream',
    );
    const active = { interfaceNumber: 0, inEndpoint: 0x82 };
    return { info, configuration: 2, interfaceNumber: 1, inEndpoint: 0x86, active };
  }

  async unplug({ info }: FixtureDevice): Promise<void> {
    this.#replay?.unplug(info.path);
  }

  async replug({ info }: FixtureDevice): Promise<void> {
    this.#replay?.replug(info.path);
  }

  async authorize({ info }: FixtureDevice, isAuthorized: boolean): Promise<void> {
    this.#replay?.authorize(info.path, isAuthorized);
  }

  async resetByOther({ info }: FixtureDevice): Promise<void> {
    this.#replay?.resetByOther(info.path);
  }

  async #playOut(): Promise<FixtureDevice> {
    return { ...(await this.#play([], 'messages')), outEndpoint: 0x02 };
  }

  async #play(
    transfers: readonly Recorded[] | Buffer,
    mode: 'messages' | 'stream',
  ): Promise<FixtureDevice> {
    const bytes = Buffer.isBuffer(transfers) ? transfers : captureOf([...FRONT, ...transfers]);
    this.#replay = new ReplayBackend(await readRecording(readerOf(bytes)), { mode });
    this.backend = this.#replay;
    const [info] = await this.backend.list();
    assert(info !== undefined);
    return { info, interfaceNumber: 0, inEndpoint: 0x82 };
  }
}

/** Returns recorded transfers of the counter, from an offset, of this many bytes in all and each. */
function counter(endpoint: number, offset: number, bytes: number, each: number): Recorded[] {
  const data = counterBytes(offset, bytes);
  return Array.from({ length: Math.ceil(bytes / each) }, (_, index) => ({
    endpoint,
    data: data.subarray(index * each, (index + 1) * each),
  }));
}

/** What comes before the data: requests for the descriptors, and those that the contract sends. */
const FRONT: readonly Recorded[] = [
  ...descriptorRequests(DEVICE),
  controlRequest([0x40, 0x01, 1, 0], Buffer.alloc(0)),
  controlRequest([0xc0, 0x03, 0, 0], Buffer.alloc(0), 'cancelled'),
];

/** Made once, because it is large. */
let endless: Buffer | undefined;

function endlessCounter(): Buffer {
  endless ??= captureOf([...FRONT, ...counter(0x82, 0, ENDLESS, TRANSFER)]);
  return endless;
}
