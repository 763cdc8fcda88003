import type { Backend } from '../../src/usb/backend.js';
import type { ControlRequest } from '../../src/usb/control.js';
import type { DeviceInfo } from '../../src/usb/model.js';

/**
 * Creates devices for a backend under test. Each device is newly connected, so its counter starts
 * with 0.
 */
export interface Fixture {
  /** The backend with the most recent device. */
  readonly backend: Backend;
  /**
   * An endless counter on a bulk IN endpoint: little-endian 32-bit words 0, 1, 2, … The device supports
   * vendor requests: 0x01 OUT with wValue 1, which has no effect here, and 0x02, whose OUT stores 64
   * bytes that IN returns. It does not support 0xee.
   */
  counters(): Promise<FixtureDevice>;
  /**
   * The same, for a case that moves no data and leaves the device connected. It need not be newly
   * connected.
   */
  idle(): Promise<FixtureDevice>;
  /** Endless messages of `size` bytes of the counter, each ended by a short or a zero-length packet. */
  messages(size: number): Promise<FixtureDevice>;
  /** `bytes` bytes of the counter, then endless NAKs. `bytes` is a multiple of 1024. */
  silentAfter(bytes: number): Promise<FixtureDevice>;
  /** `bytes` bytes of the counter, then a STALL. After the halt is cleared, the counter continues. */
  stallAfter(bytes: number): Promise<FixtureDevice>;
  /** Returns the data sent to it, in order. */
  loopback(): Promise<FixtureDevice>;
  /** Accepts all data at a bulk OUT endpoint. */
  sink(): Promise<FixtureDevice>;
  /** Accepts all data at an interrupt OUT endpoint. */
  interruptSink(): Promise<FixtureDevice>;
  /** Accepts `bytes` bytes at a bulk OUT endpoint, then sends endless NAKs. `bytes` is a multiple of 1024. */
  silentOutAfter(bytes: number): Promise<FixtureDevice>;
  /** Accepts `bytes` bytes, then STALLs. After the halt is cleared, it accepts all data. */
  stallOutAfter(bytes: number): Promise<FixtureDevice>;
  /** A device whose endpoint is in alternate setting 1. */
  alternate(): Promise<FixtureDevice>;
  /**
   * A device with two configurations. Its endpoints are in the one that is not active: a counter or
   * endless data. `active` has an IN endpoint of the active one.
   */
  configurations(): Promise<ConfigurationsDevice>;
  /** A request for 8 bytes that the counter device never responds to. */
  readonly unanswered: ControlRequest;
  unplug(device: FixtureDevice): Promise<void>;
  /** Reconnects it at the same port. */
  replug(device: FixtureDevice): Promise<void>;
  /** Makes the system deauthorize it, or authorize it again. */
  authorize(device: FixtureDevice, isAuthorized: boolean): Promise<void>;
  /** Resets it as another process would. */
  resetByOther(device: FixtureDevice): Promise<void>;
}

/** A device and its endpoints. */
export interface FixtureDevice {
  readonly info: DeviceInfo;
  readonly interfaceNumber: number;
  /** 0 by default. */
  readonly alternateSetting?: number;
  readonly inEndpoint: number;
  readonly outEndpoint?: number;
}

/** A device with an endpoint in each of two configurations. */
export interface ConfigurationsDevice extends FixtureDevice {
  /** bConfigurationValue of the configuration with `inEndpoint`. */
  readonly configuration: number;
  readonly active: Pick<FixtureDevice, 'interfaceNumber' | 'inEndpoint'>;
}

/** One rule of the contract. It needs no test runner, and rejects if the rule is violated. */
export interface ContractCase {
  readonly name: string;
  /** Whether the rule holds only if `cancelKeepsData` is true. */
  readonly needsKeptData?: true;
  /** Whether the rule holds only if the end of a handle does not reset the device. */
  readonly needsDeviceKept?: true;
  /** Whether the rule holds only if the system of the device says why it was lost. */
  readonly needsLossReason?: true;
  run(fixture: Fixture): Promise<void>;
}
