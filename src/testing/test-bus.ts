import { SimulatedBackend } from '../backends/simulation/backend.js';
import { systemClock } from '../backends/simulation/bus/clock.js';
import { SPEEDS } from '../backends/simulation/bus/speed.js';
import type { ControlFunction } from '../backends/simulation/gadget/endpoint.js';
import { type ControlRequest, directionOfRequest, recipientOf, typeOf } from '../usb/control.js';
import { UsbError } from '../usb/errors.js';
import { formatEndpoint } from '../usb/format.js';
import { type AlternateSetting, directionOf } from '../usb/model.js';
import type { DeviceDefinition, EndpointDefinition, TestRequest } from './definition.js';
import { type EndpointContext, TestInEndpoint, TestOutEndpoint } from './endpoints.js';
import { TestDevice } from './test-device.js';

/** wMaxPacketSize of interrupt endpoints by default, valid at every speed but low. */
const INTERRUPT_PACKET_SIZE = 64;

const VENDOR_SPECIFIC = 0xff;

/** How a bus behaves. */
export interface TestBusOptions {
  /** Whether a cancelled transfer keeps its data, or loses it as over USB/IP; true by default. */
  readonly cancelKeepsData?: boolean | undefined;
}

/**
 * A simulated bus for tests: pass it as `backend`. It has the flow control of a real one: data that the
 * host does not request stays in the device.
 */
export class TestBus extends SimulatedBackend {
  readonly name = 'test';
  #ports = 0;

  constructor({ cancelKeepsData = true }: TestBusOptions = {}) {
    super({ clock: systemClock, cancelKeepsData, memory: Number.POSITIVE_INFINITY });
  }

  /**
   * Plugs a new device in, at the next port: 1-1, 1-2 and so on. What its functions throw is an uncaught
   * exception, except for `control`: its exception is that of the request.
   *
   * @throws UsbError `invalid` for a definition that no device could have
   */
  connect(definition: DeviceDefinition): TestDevice {
    requireId('vid', definition.vid);
    requireId('pid', definition.pid);
    this.#ports += 1;
    const path = `1-${this.#ports}`;
    const { speed = 'high', rate = Number.POSITIVE_INFINITY } = definition;
    const { vid, pid, manufacturer, product, serial } = definition;
    const { signalling, usbVersion } = SPEEDS[speed];
    const functions = new Map<number, TestInEndpoint | TestOutEndpoint>();
    for (const [address, endpoint] of entriesOf(definition)) {
      const Endpoint = directionOf(address) === 'in' ? TestInEndpoint : TestOutEndpoint;
      const context: EndpointContext = {
        packetSize: packetSizeOf(endpoint, definition),
        clock: systemClock,
        onEvent: ({ kind, duration }) => this.happen(path, kind, duration),
      };
      functions.set(address, new Endpoint(endpoint, context));
    }
    const descriptors = {
      ...{ vid, pid, manufacturer, product, serial, usbVersion, speed: signalling },
      ...{ deviceClass: 0, deviceSubClass: 0, deviceProtocol: 0 },
      configurations: [{ value: 1, settings: settingsOf(definition) }],
      configurationValue: 1,
    };
    this.plugIn(path, { descriptors, functions, control: controlOf(definition) }, rate);
    return new TestDevice(this.port(path), functions);
  }
}

/** @throws UsbError `invalid` for a value that idVendor or idProduct cannot have */
function requireId(name: string, id: number): void {
  if (!(Number.isInteger(id) && id >= 0 && id <= 0xffff)) {
    throw new UsbError('invalid', `${name} must be an integer from 0 to 0xffff, not ${id}`);
  }
}

/** The endpoints of a definition by address. */
function entriesOf({ endpoints }: DeviceDefinition): [address: number, EndpointDefinition][] {
  return Object.entries(endpoints).map(([key, endpoint]) => {
    const address = Number(key);
    const isAddress = Number.isInteger(address) && (address & ~0x8f) === 0 && (address & 0xf) > 0;
    if (!isAddress) {
      throw new UsbError(
        'invalid',
        `${key} is no endpoint address: use 0x81 to 0x8f for IN, 1 to 15 for OUT`,
      );
    }
    const isOut = directionOf(address) === 'out';
    if (isOut && endpoint.faults?.some(({ kind }) => kind === 'babble')) {
      throw new UsbError('invalid', `OUT endpoint ${formatEndpoint(address)} cannot babble`);
    }
    return [address, endpoint];
  });
}

function packetSizeOf(
  { type = 'bulk', packetSize }: EndpointDefinition,
  { speed = 'high' }: DeviceDefinition,
): number {
  return packetSize ?? (type === 'bulk' ? SPEEDS[speed].packetSize : INTERRUPT_PACKET_SIZE);
}

/** The interfaces of a definition. A device without endpoints has one, without any. */
function settingsOf(definition: DeviceDefinition): AlternateSetting[] {
  const entries = entriesOf(definition);
  const numbers = new Set(entries.map(([, { interfaceNumber = 0 }]) => interfaceNumber)).add(0);
  return [...numbers]
    .sort((a, b) => a - b)
    .map((interfaceNumber) => ({
      ...{ interfaceNumber, alternateSetting: 0 },
      ...{ interfaceClass: VENDOR_SPECIFIC, interfaceSubClass: 0, interfaceProtocol: 0 },
      endpoints: entries
        .filter(([, endpoint]) => (endpoint.interfaceNumber ?? 0) === interfaceNumber)
        .map(([address, endpoint]) => ({
          ...{ address, type: endpoint.type ?? 'bulk' },
          maxPacketSize: packetSizeOf(endpoint, definition),
        })),
    }));
}

function controlOf({ control, onPowerOn }: DeviceDefinition): ControlFunction {
  return {
    handle(request, data) {
      const reply = control?.(describe(request, data)) ?? 'stall';
      switch (reply) {
        case 'stall':
          return undefined;
        case 'no-answer':
          return 'nak';
        case 'accept':
          return directionOfRequest(request) === 'in' ? 0 : data.length;
        default:
          return Buffer.from(reply).copy(data);
      }
    },
    powerOn: () => onPowerOn?.(),
  };
}

function describe(setup: ControlRequest, data: Buffer): TestRequest {
  const direction = directionOfRequest(setup);
  const { request, value, index } = setup;
  return {
    ...{ direction, type: typeOf(setup), recipient: recipientOf(setup), request, value, index },
    length: data.length,
    data: direction === 'out' ? Buffer.from(data) : Buffer.alloc(0),
  };
}
