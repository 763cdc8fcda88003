import type { Backend } from '../../src/usb/backend.js';
import type { ControlRequest } from '../../src/usb/control.js';
import type { DeviceInfo } from '../../src/usb/model.js';

/**
 * What a backend under test can stage. Each device that it stages is plugged in now and fresh: no
 * byte of its stream has been taken, so that counters begin with 0.
 */
export interface Stage {
  /** The backend with the device that was staged last. */
  readonly backend: Backend;
  /**
   * Endless counters on a bulk IN endpoint: little-endian 32-bit words 0, 1, 2, … It knows vendor
   * requests to the device: 0x01 OUT with wValue 1, which changes nothing here, and 0x02, OUT for 64
   * bytes that IN gives back. It does not know 0xee.
   */
  counters(): Promise<StagedDevice>;
  /** Endless messages of `size` bytes of the counter, a short packet or an empty one after each. */
  messages(size: number): Promise<StagedDevice>;
  /** That many counter bytes, then NAKs for ever. `bytes` is a multiple of 1024. */
  silentAfter(bytes: number): Promise<StagedDevice>;
  /** That many counter bytes, then a STALL; once the halt is cleared, the counter goes on. */
  stallAfter(bytes: number): Promise<StagedDevice>;
  /** What goes out to it comes back in, in order. */
  loopback(): Promise<StagedDevice>;
  /** Takes whatever comes at a bulk OUT endpoint. */
  sink(): Promise<StagedDevice>;
  /** Takes whatever comes at an interrupt OUT endpoint. */
  interruptSink(): Promise<StagedDevice>;
  /** Takes that many bytes at a bulk OUT endpoint, then NAKs for ever. `bytes` is a multiple of 1024. */
  silentOutAfter(bytes: number): Promise<StagedDevice>;
  /** Takes that many bytes, then STALLs; once the halt is cleared, it takes whatever comes. */
  stallOutAfter(bytes: number): Promise<StagedDevice>;
  /** An interface with an alternate setting 1, which has the endpoint. */
  alternate(): Promise<StagedDevice>;
  /** A request that the counters never answer, with room for 8 bytes; undefined: they answer all. */
  readonly unanswered: ControlRequest | undefined;
  unplug(device: StagedDevice): Promise<void>;
  /** Plugs it in again at the same port. */
  replug(device: StagedDevice): Promise<void>;
}

/** A device on the stage, and where its endpoints are. */
export interface StagedDevice {
  readonly info: DeviceInfo;
  readonly interfaceNumber: number;
  /** 0 unless it is there. */
  readonly alternateSetting?: number;
  readonly inEndpoint: number;
  readonly outEndpoint?: number;
}

/** One promise of the contract. Runs under any test runner, or none: it rejects when broken. */
export interface ContractCase {
  readonly name: string;
  run(stage: Stage): Promise<void>;
}
