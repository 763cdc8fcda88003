import { directionOf } from '../../usb/model.js';
import { SimulatedBackend } from '../simulation/backend.js';
import { type Clock, systemClock } from '../simulation/bus/clock.js';
import type { EndpointFunction } from '../simulation/gadget/endpoint.js';
import { configurationWith, describeDevice, describeEndpoint, endpointsOf } from './describe.js';
import { type DeviceFile, findRecorded } from './device-file.js';
import { PlayControl } from './play-control.js';
import { type Playback, type PlayedEndpoint, PlayIn } from './play-in.js';
import { type Mismatch, PlayOut } from './play-out.js';
import type { RecordedDevice, RecordedEndpoint, Recording } from './recording.js';

/** How a recording is played. */
export interface ReplayOptions {
  /** Whether each recorded transfer ends one of the host; `messages` by default. */
  readonly mode?: Playback['mode'];
  /** Seconds of the recording per second; by default Infinity: as fast as the host asks. */
  readonly speed?: number;
  /** Descriptors of devices for which the recording has none. */
  readonly deviceFiles?: readonly DeviceFile[];
  /** Called at the first byte that differs from the recording at each OUT endpoint, which then fails. */
  readonly onMismatch?: (mismatch: Mismatch) => void;
  /** The only endpoint to play, in either direction: the host receives what was recorded. */
  readonly only?: { readonly device: RecordedDevice; readonly endpoint: RecordedEndpoint };
  /** The clock of the bus; by default, that of this machine. */
  readonly clock?: Clock;
}

/**
 * The devices of a recording, at the ports where they were, or at ports with the numbers of their addresses. Each IN endpoint sends the
 * data that was recorded, and control requests get the recorded answers.
 */
export class ReplayBackend extends SimulatedBackend {
  readonly name = 'replay';
  /** The paths of the devices whose descriptors are unknown. */
  readonly madeUp: readonly string[];
  readonly #recording: Recording;
  readonly #options: ReplayOptions;
  readonly #clock: Clock;

  constructor(recording: Recording, options: ReplayOptions = {}) {
    const { clock = systemClock, only } = options;
    super({ clock, cancelKeepsData: true, memory: Number.POSITIVE_INFINITY });
    this.#recording = recording;
    this.#options = options;
    this.#clock = clock;
    const devices = only === undefined ? recording.devices : [only.device];
    this.madeUp = devices.filter((device) => this.#plugIn(device)).map(({ path }) => path);
  }

  /** Returns whether the descriptors of the device are made up. */
  #plugIn(device: RecordedDevice): boolean {
    const { only, deviceFiles = [] } = this.#options;
    const { info, bytes, isMadeUp } = describeDevice(device, findRecorded(deviceFiles, device));
    const played = only === undefined ? endpointsOf(info, device) : [only.endpoint];
    const endpoints = played.filter(({ type }) => type === 'bulk' || type === 'interrupt');
    const described = endpoints.map((one) => describeEndpoint(info, one));
    const configurations = [configurationWith(described)];
    const onUnplug = this.#unplugger(device);
    this.plugIn(
      device.path,
      {
        descriptors: only === undefined ? info : { ...info, configurations, configurationValue: 1 },
        ...(only === undefined && bytes !== undefined && { bytes }),
        functions: new Map(
          described.map(({ address, maxPacketSize: packetSize }) => {
            const recording = this.#recording;
            return [address, this.#play({ recording, device, address, packetSize, onUnplug })];
          }),
        ),
        control: new PlayControl(this.#recording, device),
      },
      Number.POSITIVE_INFINITY,
      device.addresses,
    );
    return isMadeUp;
  }

  #play(endpoint: PlayedEndpoint): EndpointFunction {
    const { mode = 'messages', speed = Number.POSITIVE_INFINITY, only, onMismatch } = this.#options;
    const isIn = directionOf(endpoint.address) === 'in' || only !== undefined;
    return isIn
      ? new PlayIn(endpoint, { clock: this.#clock, mode, speed })
      : new PlayOut(endpoint, onMismatch);
  }

  /**
   * Returns what unplugs a device, and plugs it in again with its next address, once for each of its
   * addresses: each endpoint sees that it was unplugged.
   */
  #unplugger(device: RecordedDevice): PlayedEndpoint['onUnplug'] {
    const left = new Set<number>();
    return (address) => {
      const isFirst = !left.has(address);
      if (isFirst) {
        left.add(address);
        this.#clock.soon(() => {
          this.unplug(device.path);
          this.replug(device.path);
        });
      }
      return isFirst;
    };
  }
}
