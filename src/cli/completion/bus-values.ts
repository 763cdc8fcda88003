import type { DeviceInfo } from '../../usb/backend.js';
import { classesOf, className } from '../../usb/device-class.js';
import { bulkInEndpoints, type EndpointLocation } from '../../usb/locate-endpoint.js';
import { countOf, endpointName, hex2, hex4, ids } from '../format.js';
import type { Candidate } from './candidate.js';
import type { GivenOptions } from './typed-options.js';

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

/** For `--ep`: bulk IN endpoints. */
export function endpoints(devices: Devices, given: GivenOptions): Candidate[] {
  return candidates(
    bulkIn(devices, given),
    ({ endpoint }) => endpointName(endpoint.address),
    ({ endpoint, ...place }) => `bulk IN, ${endpoint.maxPacketSize} bytes, ${placeName(place)}`,
  );
}

/** For `--interface`: those with a bulk IN endpoint. */
export function interfaces(devices: Devices, given: GivenOptions): Candidate[] {
  return candidates(
    bulkIn(devices, given),
    ({ interfaceNumber }) => String(interfaceNumber),
    ({ endpoint }) => `bulk IN ${endpointName(endpoint.address)}`,
  );
}

/** For `--alt`: those with a bulk IN endpoint. */
export function alternateSettings(devices: Devices, given: GivenOptions): Candidate[] {
  return candidates(
    bulkIn(devices, given),
    ({ alternateSetting }) => String(alternateSetting),
    ({ endpoint, interfaceNumber }) =>
      `bulk IN ${endpointName(endpoint.address)}, interface ${interfaceNumber}`,
  );
}

function bulkIn(devices: Devices, given: GivenOptions): EndpointLocation[] {
  const request = {
    address: given.ep,
    interfaceNumber: given.interface,
    alternateSetting: given.alt,
  };
  return devices.flatMap((device) => bulkInEndpoints(device, request));
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
