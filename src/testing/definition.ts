import type { DeviceEvent } from '../backends/simulation/backend.js';
import type { SpeedName } from '../backends/simulation/bus/speed.js';
import type { Direction } from '../usb/model.js';

/** A device for a test: what it says about itself, and what it does. */
export interface DeviceDefinition {
  /** idVendor, 0 to 0xffff. */
  readonly vid: number;
  /** idProduct, 0 to 0xffff. */
  readonly pid: number;
  /** The name of the manufacturer. */
  readonly manufacturer?: string | undefined;
  /** The name of the product. */
  readonly product?: string | undefined;
  /** The serial number. */
  readonly serial?: string | undefined;
  /** The speed, which decides the size of packets: 64, 512 or 1024 bytes; `high` by default. */
  readonly speed?: SpeedName | undefined;
  /** Bytes per second on each endpoint; unlimited by default. */
  readonly rate?: number | undefined;
  /** The endpoints by address: 0x81 to 0x8f for IN, 0x01 to 0x0f for OUT. */
  readonly endpoints: Readonly<Record<number, EndpointDefinition>>;
  /**
   * Answers the control requests that a device may define itself. Without it, and for the standard requests
   * that it does not know, the bus answers.
   */
  readonly control?: ((request: TestRequest) => TestReply) | undefined;
  /** Called when the device is plugged in again or reset: it forgets its state. */
  readonly onPowerOn?: (() => void) | undefined;
}

/** A bulk or interrupt endpoint. */
export interface EndpointDefinition {
  /** `bulk` by default. */
  readonly type?: 'bulk' | 'interrupt' | undefined;
  /** Bytes in a full packet; by default as `speed` says, and 64 for an interrupt endpoint. */
  readonly packetSize?: number | undefined;
  /** The number of its interface; 0 by default. Interfaces have one alternate setting. */
  readonly interfaceNumber?: number | undefined;
  /**
   * For IN: called when the host reads and nothing is left of what was sent before. Returns the next message,
   * as for `TestDevice.send`; undefined if there is none until `TestDevice.send` is called.
   */
  readonly send?: (() => Uint8Array | undefined) | undefined;
  /**
   * For OUT: called with what the host has sent: whole packets, or a short one, which ends a message. The
   * buffer belongs to the function.
   */
  readonly receive?: ((data: Buffer) => void) | undefined;
  /** What goes wrong, and where; each fault happens once. */
  readonly faults?: readonly TestFault[] | undefined;
}

/**
 * A fault of an endpoint:
 *
 * - `stall`: the endpoint halts;
 * - `error`: the transfer ends with a protocol error;
 * - `babble`: the device sends a packet that is too large and lost (IN only);
 * - `silence`: the endpoint sends, or accepts, nothing;
 * - `unplug`, `deauthorize`, `reset`: an event of the whole device.
 */
export interface TestFault {
  /** What goes wrong. */
  readonly kind: 'stall' | 'error' | 'babble' | 'silence' | DeviceEvent;
  /** The fault happens before the packet with this byte of the endpoint: 0 for the first. */
  readonly offset: number;
  /** Milliseconds until it is over, for `silence`, `unplug` and `deauthorize`; by default, never. */
  readonly duration?: number | undefined;
}

/** A control request, as the device gets it. */
export interface TestRequest {
  /** The direction of the data. */
  readonly direction: Direction;
  /** Undefined for a reserved type. */
  readonly type: 'standard' | 'class' | 'vendor' | undefined;
  /** Undefined for a reserved recipient. */
  readonly recipient: 'device' | 'interface' | 'endpoint' | 'other' | undefined;
  /** bRequest. */
  readonly request: number;
  /** wValue. */
  readonly value: number;
  /** wIndex. */
  readonly index: number;
  /** wLength. */
  readonly length: number;
  /** For OUT, the data. Empty for IN. */
  readonly data: Buffer;
}

/**
 * What the device does: it sends these bytes, for IN; it accepts the request; it rejects it with a stall;
 * or it does not answer.
 */
export type TestReply = Uint8Array | 'accept' | 'stall' | 'no-answer';
