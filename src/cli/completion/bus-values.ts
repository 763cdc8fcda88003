import { className } from '../../usb/device-class.js';
import { formatEndpoint, hex2, hex4, ids } from '../../usb/format.js';
import type { EndpointLocation, EndpointRequest } from '../../usb/locate.js';
import {
  classesOf,
  type DeviceInfo,
  directionOf,
  type EndpointDescriptor,
} from '../../usb/model.js';
import { countOf } from '../terminal/format.js';
import type { GivenOptions } from './parse-line.js';
import type { Candidate } from './values.js';

/*
 * Candidates from the devices on the bus: each once, in the order of the bus.
 */

/** Suggests values from the devices that match the other options on the line. */
export type BusValues = (devices: readonly DeviceInfo[], given: GivenOptions) => Candidate[];

/** The IDs of devices. */
export const idValues = property(ids, nameOf);

/** The port paths of devices. */
export const pathValues = property(({ path }) => path, idsAndName);

/** The options whose values are properties of devices. */
export const DEVICE_VALUES: Readonly<Record<string, BusValues>> = {
  '--device': idValues,
  '--vid': property(
    ({ vid }) => hex4(vid),
    (device) => device.manufacturer ?? nameOf(device),
  ),
  '--pid': property(({ pid }) => hex4(pid), nameOf),
  '--serial': property(({ serial }) => serial ?? '', idsAndName),
  '--path': pathValues,
  '--address': property(({ address }) => String(address), idsAndName),
  '--name': property(({ product }) => product ?? '', ids),
  '--bus': sharedProperty(({ bus }) => [String(bus)]),
  '--class': sharedProperty((device) =>
    classesOf(device).map((code) => className(code) ?? `0x${hex2(code)}`),
  ),
};

/** A property that identifies a device, which describes it. */
function property(
  value: (device: DeviceInfo) => string,
  description: (device: DeviceInfo) => string,
): (devices: readonly DeviceInfo[]) => Candidate[] {
  return (devices) => unique(devices, value, description);
}

/** A property that devices share. The number of devices describes it. */
function sharedProperty(values: (device: DeviceInfo) => readonly string[]): BusValues {
  return (devices) =>
    unique(
      devices.flatMap(values),
      (value) => value,
      (value) => {
        const sharing = devices.filter((device) => values(device).includes(value));
        return countOf(sharing.length, 'device');
      },
    );
}

/** Finds the endpoints of a device that a command can use and that match a request. */
type FindEndpoints = (device: DeviceInfo, request: EndpointRequest) => EndpointLocation[];

/** Suggests endpoint addresses. */
export function endpoints(find: FindEndpoints): BusValues {
  return endpointValues(
    find,
    ({ endpoint }) => formatEndpoint(endpoint.address),
    ({ endpoint, ...place }) =>
      `${kindName(endpoint)}, ${endpoint.maxPacketSize} bytes, ${placeName(place)}`,
  );
}

/** Suggests interfaces that have such an endpoint. */
export function interfaces(find: FindEndpoints): BusValues {
  return endpointValues(
    find,
    ({ interfaceNumber }) => String(interfaceNumber),
    ({ endpoint }) => `${kindName(endpoint)} ${formatEndpoint(endpoint.address)}`,
  );
}

/** Suggests alternate settings that have such an endpoint. */
export function alternateSettings(find: FindEndpoints): BusValues {
  return endpointValues(
    find,
    ({ alternateSetting }) => String(alternateSetting),
    ({ endpoint, interfaceNumber }) =>
      `${kindName(endpoint)} ${formatEndpoint(endpoint.address)}, interface ${interfaceNumber}`,
  );
}

/** Suggests configurations. */
export const configurations: BusValues = (devices) =>
  unique(
    devices.flatMap((device) => device.configurations.map(({ value }) => ({ device, value }))),
    ({ value }) => String(value),
    ({ device, value }) =>
      `${idsAndName(device)}${value === device.configurationValue ? ' (active)' : ''}`,
  );

function endpointValues(
  find: FindEndpoints,
  value: (location: EndpointLocation) => string,
  description: (location: EndpointLocation) => string,
): BusValues {
  return (devices, { ep, configuration, interface: interfaceNumber, alt }) => {
    const request = { configuration, address: ep, interfaceNumber, alternateSetting: alt };
    const locations = devices.flatMap((device) => find(device, request));
    return unique(locations, value, description);
  };
}

/** Makes one candidate for each text. The first item with that text describes it. */
function unique<T>(
  items: readonly T[],
  text: (item: T) => string,
  description: (item: T) => string,
): Candidate[] {
  const first = new Map<string, T>();
  for (const item of items) {
    if (!first.has(text(item))) {
      first.set(text(item), item);
    }
  }
  return [...first].map(([key, item]) => ({ text: key, description: description(item).trim() }));
}

function nameOf({ manufacturer, product }: DeviceInfo): string {
  return [manufacturer, product].filter(Boolean).join(' ');
}

function idsAndName(device: DeviceInfo): string {
  return `${ids(device)} ${nameOf(device)}`;
}

/** `bulk IN` */
function kindName({ type, address }: EndpointDescriptor): string {
  return `${type} ${directionOf(address).toUpperCase()}`;
}

function placeName({
  interfaceNumber,
  alternateSetting,
}: Omit<EndpointLocation, 'endpoint'>): string {
  const alternate = alternateSetting === 0 ? '' : ` alt ${alternateSetting}`;
  return `interface ${interfaceNumber}${alternate}`;
}
