import type {
  AlternateSetting,
  DeviceInfo,
  EndpointDescriptor,
  TransferType,
} from '../../../usb/model.js';
import { SPEEDS, type SpeedName } from '../bus/speed.js';
import { type ControlFunction, CounterRequests, NO_REQUESTS } from './control.js';
import { CounterIn, type CounterSourceOptions } from './counter-in.js';
import { CounterOut, type CounterSinkOptions, DiscardingEndpoint } from './counter-out.js';
import type { EndpointFunction } from './endpoint.js';
import { createLoopback } from './loopback.js';

/** A simulated device: what it says of itself, and what its endpoints do. */
export interface Gadget {
  readonly descriptors: Omit<DeviceInfo, 'path' | 'bus' | 'address'>;
  /** By endpoint address. */
  readonly functions: ReadonlyMap<number, EndpointFunction>;
  readonly control: ControlFunction;
}

const VENDOR_ID = 0x1234;
const VENDOR_SPECIFIC = 0xff;

/** wMaxPacketSize of interrupt endpoints: what every speed but low has room for. */
const INTERRUPT_PACKET_SIZE = 64;

/**
 * The virtual counter: EP 2 IN sends counters, EP 2 OUT takes anything. Alternate setting 1 has an
 * interrupt EP 4 OUT as well, which takes anything, and an isochronous EP 3 IN, which is there to be
 * seen only.
 */
export function createCounterGadget(
  options: Omit<CounterSourceOptions & CounterSinkOptions, 'packetSize'>,
): Gadget {
  const { speed } = options.scenario;
  const { packetSize } = SPEEDS[speed];
  const bulk = [endpoint(0x82, 'bulk', packetSize), endpoint(0x02, 'bulk', packetSize)];
  const source = new CounterIn({ ...options, packetSize });
  return {
    descriptors: describe(speed, 0x5678, 'virtual counter', 'V0001', [
      setting(0, bulk),
      setting(1, [
        ...bulk,
        endpoint(0x83, 'isochronous', packetSize),
        endpoint(0x04, 'interrupt', INTERRUPT_PACKET_SIZE),
      ]),
    ]),
    functions: new Map<number, EndpointFunction>([
      [0x82, source],
      [0x02, new CounterOut({ ...options, packetSize })],
      [0x04, new DiscardingEndpoint(INTERRUPT_PACKET_SIZE)],
    ]),
    control: new CounterRequests(source),
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
    functions: new Map([
      [0x81, loopback.in],
      [0x01, loopback.out],
    ]),
    control: NO_REQUESTS,
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
    configurationValue: 1,
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
