import type { DeviceInfo } from '../../../usb/model.js';
import type { ControlFunction, EndpointFunction } from './endpoint.js';

/** A simulated device: its descriptors and its endpoints. */
export interface Gadget {
  readonly descriptors: Omit<DeviceInfo, 'path' | 'bus' | 'address' | 'cancelKeepsData'>;
  /** The device descriptor and the configurations; by default, they are made from `descriptors`. */
  readonly bytes?: Uint8Array;
  /** The bulk and interrupt endpoints by address. */
  readonly functions: ReadonlyMap<number, EndpointFunction>;
  readonly control: ControlFunction;
}
