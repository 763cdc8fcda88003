import type {
  AlternateSetting,
  Configuration,
  EndpointDescriptor,
  TransferType,
} from '../../../usb/model.js';
import { SPEEDS, type SpeedName } from '../../simulation/bus/speed.js';
import type { EndpointFunction } from '../../simulation/gadget/endpoint.js';
import type { Gadget } from '../../simulation/gadget/gadget.js';
import { DEFAULT_SCENARIO } from '../scenario.js';
import { CounterRequests } from './control.js';
import type { CounterOptions } from './counter.js';
import { CounterIn } from './counter-in.js';
import { CounterOut } from './counter-out.js';
import { createLoopback } from './loopback.js';
import { ReportIn } from './report-in.js';

const VENDOR_ID = 0x1234;
const VENDOR_SPECIFIC = 0xff;

/** wMaxPacketSize of interrupt endpoints, valid at every speed but low. */
const INTERRUPT_PACKET_SIZE = 64;

/**
 * Creates the virtual counter: EP 2 IN sends the counter, EP 2 OUT accepts all data. Alternate setting 1
 * also has an interrupt EP 4 IN, which sends the counter in reports of 8 bytes every 10 ms, an
 * interrupt EP 4 OUT, which accepts all data, and an isochronous EP 3 IN, which cannot be used. In
 * configuration 2, which some scenarios have, EP 6 IN of interface 1 sends the counter.
 */
export function createCounterGadget(options: Omit<CounterOptions, 'packetSize'>): Gadget {
  const { speed, configurations } = options.scenario;
  const { packetSize } = SPEEDS[speed];
  const bulk = [endpoint(0x82, 'bulk', packetSize), endpoint(0x02, 'bulk', packetSize)];
  const source = new CounterIn({ ...options, packetSize });
  const first = [
    setting(0, 0, bulk),
    setting(0, 1, [
      ...bulk,
      endpoint(0x83, 'isochronous', packetSize),
      endpoint(0x84, 'interrupt', INTERRUPT_PACKET_SIZE),
      endpoint(0x04, 'interrupt', INTERRUPT_PACKET_SIZE),
    ]),
  ];
  const second = [
    setting(0, 0, [endpoint(0x02, 'bulk', packetSize)]),
    setting(1, 0, [endpoint(0x86, 'bulk', packetSize)]),
  ];
  const all = [
    { value: 1, settings: first },
    { value: 2, settings: second },
  ];
  return {
    descriptors: describe(speed, 0x5678, 'virtual counter', 'V0001', all.slice(0, configurations)),
    functions: new Map<number, EndpointFunction>([
      [0x82, source],
      [0x86, source],
      [0x02, new CounterOut({ ...options, packetSize })],
      [0x84, new ReportIn(options.clock, INTERRUPT_PACKET_SIZE)],
      [
        0x04,
        new CounterOut({
          ...options,
          scenario: DEFAULT_SCENARIO,
          packetSize: INTERRUPT_PACKET_SIZE,
          onOut: undefined,
        }),
      ],
    ]),
    control: new CounterRequests(source, options),
  };
}

/** Creates the virtual loopback: EP 1 IN returns what EP 1 OUT accepts, packet by packet. */
export function createLoopbackGadget(speed: SpeedName): Gadget {
  const { packetSize } = SPEEDS[speed];
  const loopback = createLoopback(packetSize);
  return {
    descriptors: describe(speed, 0x5679, 'virtual loopback', 'V0002', [
      {
        value: 1,
        settings: [
          setting(0, 0, [endpoint(0x81, 'bulk', packetSize), endpoint(0x01, 'bulk', packetSize)]),
        ],
      },
    ]),
    functions: new Map([
      [0x81, loopback.in],
      [0x01, loopback.out],
    ]),
    control: { handle: () => undefined, powerOn() {} },
  };
}

function describe(
  speed: SpeedName,
  pid: number,
  product: string,
  serial: string,
  configurations: readonly Configuration[],
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
    configurations,
    configurationValue: 1,
  };
}

function setting(
  interfaceNumber: number,
  alternateSetting: number,
  endpoints: EndpointDescriptor[],
): AlternateSetting {
  return {
    interfaceNumber,
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
