import type { DeviceInfo } from '../../usb/backend.js';
import { classesOf, className } from '../../usb/device-class.js';
import type { EndpointLocation, EndpointRequest } from '../../usb/locate.js';
import { directionOf, type EndpointDescriptor } from '../../usb/model.js';
import { countOf, endpointName, hex2, hex4, ids } from '../terminal/format.js';
import type { Candidate } from './candidate.js';
import type { GivenOptions } from './parse-line.js';

/*
 * Values of options that the devices on the bus suggest: each once, in the order of the bus.
 */

type Devices = readonly DeviceInfo[];

/** For `--device`. */
export function idPairs(devices: Devices): Candidate[] {
  return candidates(devices, ids, nameOf);
}

/** For `--vid`. */
export function vendorIds(devices: Devices): Candidate[] {
  return candidates(
    devices,
    ({ vid }) => hex4(vid),
    (device) => device.manufacturer ?? nameOf(device),
  );
}

/** For `--pid`. */
export function productIds(devices: Devices): Candidate[] {
  return candidates(devices, ({ pid }) => hex4(pid), nameOf);
}

/** For `--serial`. */
export function serials(devices: Devices): Candidate[] {
  return candidates(
    devices,
    ({ serial }) => serial ?? '',
    (device) => `${ids(device)} ${nameOf(device)}`,
  );
}

/** For `--path`. */
export function paths(devices: Devices): Candidate[] {
  return candidates(
    devices,
    ({ path }) => path,
    (device) => `${ids(device)} ${nameOf(device)}`,
  );
}

/** For `--bus`. */
export function buses(devices: Devices): Candidate[] {
  return [...new Set(devices.map(({ bus }) => bus))].map((bus) => ({
    text: String(bus),
    description: countOf(devices.filter((device) => device.bus === bus).length, 'device'),
  }));
}

/** For `--name`: products, as the devices call them. */
export function names(devices: Devices): Candidate[] {
  return candidates(devices, ({ product }) => product ?? '', ids);
}

/** For `--class`: those that are there. */
export function classes(devices: Devices): Candidate[] {
  const codes = devices.flatMap((device) => classesOf(device));
  return [...new Set(codes)].map((code) => ({
    text: className(code) ?? `0x${hex2(code)}`,
    description: countOf(
      devices.filter((device) => classesOf(device).includes(code)).length,
      'device',
    ),
  }));
}

/** For `--address`. */
export function addresses(devices: Devices): Candidate[] {
  return candidates(
    devices,
    ({ address }) => String(address),
    (device) => `${ids(device)} ${nameOf(device)}`,
  );
}

/** Finds the endpoints of a device that a command is for, and a request fits. */
export type FindEndpoints = (device: DeviceInfo, request: EndpointRequest) => EndpointLocation[];

/** For `--ep`. */
export function endpoints(find: FindEndpoints) {
  return (devices: Devices, given: GivenOptions): Candidate[] =>
    candidates(
      locations(find, devices, given),
      ({ endpoint }) => endpointName(endpoint.address),
      ({ endpoint, ...place }) =>
        `${kindName(endpoint)}, ${endpoint.maxPacketSize} bytes, ${placeName(place)}`,
    );
}

/** For `--interface`: those with such an endpoint. */
export function interfaces(find: FindEndpoints) {
  return (devices: Devices, given: GivenOptions): Candidate[] =>
    candidates(
      locations(find, devices, given),
      ({ interfaceNumber }) => String(interfaceNumber),
      ({ endpoint }) => `${kindName(endpoint)} ${endpointName(endpoint.address)}`,
    );
}

/** For `--alt`: those with such an endpoint. */
export function alternateSettings(find: FindEndpoints) {
  return (devices: Devices, given: GivenOptions): Candidate[] =>
    candidates(
      locations(find, devices, given),
      ({ alternateSetting }) => String(alternateSetting),
      ({ endpoint, interfaceNumber }) =>
        `${kindName(endpoint)} ${endpointName(endpoint.address)}, interface ${interfaceNumber}`,
    );
}

function locations(find: FindEndpoints, devices: Devices, given: GivenOptions): EndpointLocation[] {
  const request = {
    address: given.ep,
    interfaceNumber: given.interface,
    alternateSetting: given.alt,
  };
  return devices.flatMap((device) => find(device, request));
}

/** `bulk IN` */
function kindName({ type, address }: EndpointDescriptor): string {
  return `${type} ${directionOf(address).toUpperCase()}`;
}

/** One candidate for each text, described by the first thing that has it. */
function candidates<T>(
  things: readonly T[],
  text: (thing: T) => string,
  description: (thing: T) => string,
): Candidate[] {
  const first = new Map<string, T>();
  for (const thing of things) {
    if (!first.has(text(thing))) {
      first.set(text(thing), thing);
    }
  }
  return [...first].map(([key, thing]) => ({ text: key, description: description(thing).trim() }));
}

function nameOf({ manufacturer, product }: DeviceInfo): string {
  return [manufacturer, product].filter(Boolean).join(' ');
}

function placeName({
  interfaceNumber,
  alternateSetting,
}: Omit<EndpointLocation, 'endpoint'>): string {
  const alternate = alternateSetting === 0 ? '' : ` alt ${alternateSetting}`;
  return `interface ${interfaceNumber}${alternate}`;
}
