import type { DeviceInfo } from '../../usb/backend.js';
import type { AlternateSetting, EndpointDescriptor, TransferType } from '../../usb/descriptors.js';
import { CounterSource, type CounterSourceOptions } from './counter-source.js';
import type { EndpointFunction } from './endpoint-function.js';
import { createLoopback } from './loopback.js';
import { Sink } from './sink.js';
import { SPEEDS, type SpeedName } from './speed.js';

/** A simulated device: what it says of itself, and what its bulk endpoints do. */
export interface Gadget {
  readonly descriptors: Omit<DeviceInfo, 'path' | 'bus' | 'address'>;
  /** wMaxPacketSize of all its endpoints, in bytes. */
  readonly packetSize: number;
  /** By endpoint address. */
  readonly functions: ReadonlyMap<number, EndpointFunction>;
}

const VENDOR_ID = 0x1234;
const VENDOR_SPECIFIC = 0xff;

/**
 * The virtual counter: EP 2 IN sends counters, EP 2 OUT takes anything. Alternate setting 1 has an
 * isochronous EP 3 IN as well, which is there to be seen only.
 */
export function createCounterGadget(options: Omit<CounterSourceOptions, 'packetSize'>): Gadget {
  const { speed } = options.scenario;
  const { packetSize } = SPEEDS[speed];
  const bulk = [endpoint(0x82, 'bulk', packetSize), endpoint(0x02, 'bulk', packetSize)];
  return {
    descriptors: describe(speed, 0x5678, 'virtual counter', 'V0001', [
      setting(0, bulk),
      setting(1, [...bulk, endpoint(0x83, 'isochronous', packetSize)]),
    ]),
    packetSize,
    functions: new Map<number, EndpointFunction>([
      [0x82, new CounterSource({ ...options, packetSize })],
      [0x02, new Sink(packetSize)],
    ]),
  };
}

/** The virtual loopback: what EP 1 OUT takes comes back on EP 1 IN, packet by packet. */
export function createLoopbackGadget(speed: SpeedName): Gadget {
  const { packetSize } = SPEEDS[speed];
  const loopback = createLoopback(packetSize);
  return {
    descriptors: describe(speed, 0x5679, 'virtual loopback', 'V0002', [
      setting(0, [endpoint(0x81, 'bulk', packetSize), endpoint(0x01, 'bulk', packetSize)]),
    ]),
    packetSize,
    functions: new Map([
      [0x81, loopback.in],
      [0x01, loopback.out],
    ]),
  };
}

function describe(
  speed: SpeedName,
  pid: number,
  product: string,
  serial: string,
  settings: AlternateSetting[],
): Gadget['descriptors'] {
  return {
    vid: VENDOR_ID,
    pid,
    usbVersion: SPEEDS[speed].usbVersion,
    deviceClass: 0,
    deviceSubClass: 0,
    deviceProtocol: 0,
    speed: SPEEDS[speed].signalling,
    manufacturer: 'usbxfer',
    product,
    serial,
    configurations: [{ value: 1, settings }],
    activeConfiguration: 1,
  };
}

function setting(alternateSetting: number, endpoints: EndpointDescriptor[]): AlternateSetting {
  return {
    interfaceNumber: 0,
    alternateSetting,
    interfaceClass: VENDOR_SPECIFIC,
    interfaceSubClass: 0,
    interfaceProtocol: 0,
    endpoints,
  };
}

function endpoint(address: number, type: TransferType, maxPacketSize: number): EndpointDescriptor {
  return { address, type, maxPacketSize };
}
