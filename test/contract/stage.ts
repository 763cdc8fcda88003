import type { Backend, DeviceInfo } from '../../src/usb/backend.js';

/**
 * What a backend under test can stage. Each device that it stages is plugged in now and fresh: no
 * byte of its stream has been taken, so that counters begin with 0.
 */
export interface Stage {
  /** The backend with the device that was staged last. */
  readonly backend: Backend;
  /** Endless counters on a bulk IN endpoint: little-endian 32-bit words 0, 1, 2, … */
  counters(): Promise<StagedDevice>;
  /** Endless messages of `size` bytes of the counter, a short packet or an empty one after each. */
  messages(size: number): Promise<StagedDevice>;
  /** That many counter bytes, then NAKs for ever. `bytes` is a multiple of 1024. */
  silentAfter(bytes: number): Promise<StagedDevice>;
  /** That many counter bytes, then a STALL; once the halt is cleared, the counter goes on. */
  stallAfter(bytes: number): Promise<StagedDevice>;
  /** What goes out to it comes back in, in order. */
  loopback(): Promise<StagedDevice>;
  unplug(device: StagedDevice): Promise<void>;
  /** Plugs it in again at the same port. */
  replug(device: StagedDevice): Promise<void>;
}

/** A device on the stage, and where its bulk endpoints are: in alternate setting 0. */
export interface StagedDevice {
  readonly info: DeviceInfo;
  readonly interfaceNumber: number;
  readonly inEndpoint: number;
  readonly outEndpoint?: number;
}

/** One promise of the contract. Runs under any test runner, or none: it rejects when broken. */
export interface ContractCase {
  readonly name: string;
  run(stage: Stage): Promise<void>;
}
