import { formatEndpoint, ids } from '../../usb/format.js';
import {
  type EndpointLocation,
  type EndpointRequest,
  locateIn,
  locateOut,
} from '../../usb/locate.js';
import { type Configuration, type DeviceInfo, directionOf, isHub } from '../../usb/model.js';
import { formatServerAddress } from '../../usb/server-address.js';
import type { BackendOptions } from '../options/backend.js';
import { type DeviceDetails, driversOf, interfaceState } from './details.js';

/** Text that a shell needs no quotes for. */
const PLAIN = /^[\w.:/-]+$/;

/** Text that is safe to copy from a terminal. */
const PRINTABLE = /^[\x20-\x7e]+$/;

/** The place of an endpoint. */
export interface EndpointRef {
  /** bConfigurationValue of another configuration than the active one. */
  readonly configuration?: number | undefined;
  readonly interfaceNumber: number;
  readonly alternateSetting: number;
  readonly address: number;
}

/** A request for an endpoint with an address. */
type AddressRequest = EndpointRequest & Pick<EndpointRef, 'address'>;

/** The command for each direction, and the function with which it locates the endpoint. */
const COMMANDS = {
  in: { name: 'read', locate: locateIn },
  out: { name: 'write', locate: locateOut },
} as const;

/**
 * Returns the function that suggests the `usbxfer read` or `usbxfer write` command for an endpoint, quoted
 * for a shell, with the fewest options that identify it. It returns undefined if no command can use the
 * endpoint.
 *
 * @param others all connected devices
 */
export function commandSuggester(
  device: DeviceDetails,
  others: readonly DeviceInfo[],
  { backend, scenario, capture, deviceFile, host }: BackendOptions,
): (place: EndpointRef) => string | undefined {
  const requestFor = requestFinder(device.info);
  const holders = (place: EndpointRef) =>
    place.configuration === undefined
      ? [interfaceState(device, place.interfaceNumber)?.driver]
      : driversOf(device.state);
  const common = [
    ...flag('--backend', backend === 'libusb' || host ? undefined : backend),
    ...flag('--scenario', scenario),
    ...flag('--capture', capture),
    ...flag('--device-file', deviceFile),
    ...flag('--host', host && formatServerAddress(host)),
    ...deviceFlags(device.info, others),
  ];
  return (place) => {
    // Reading from a hub would detach its driver, and disconnect every device below it.
    const request = isHub(device.info) ? undefined : requestFor(place);
    if (request === undefined) {
      return undefined;
    }
    const isHeld = holders(place).some((driver) => driver !== undefined && driver !== 'usbfs');
    const words = [
      ...common,
      ...flag('--ep', formatEndpoint(place.address)),
      ...flag('--configuration', place.configuration),
      ...flag('--interface', request.interfaceNumber),
      ...flag('--alt', request.alternateSetting),
      ...(isHeld ? ['--detach'] : []),
    ];
    return ['usbxfer', COMMANDS[directionOf(place.address)].name, ...words.map(quote)].join(' ');
  };
}

/**
 * Returns the function that finds the shortest request that identifies an endpoint. Each request is
 * located once, among the endpoints that match it: a device may have thousands of endpoints.
 */
function requestFinder(info: DeviceInfo): (place: EndpointRef) => EndpointRequest | undefined {
  const matching = matchesByRequest(info);
  const located = new Map<string, EndpointLocation | undefined>();
  return (place) =>
    requestsFor({
      ...place,
      configuration: place.configuration ?? info.configurationValue,
    }).find((request) => {
      const key = keyOf(request);
      if (!located.has(key)) {
        const match = matching.get(key);
        const configurations = match === undefined ? [] : [match];
        located.set(key, locate({ ...info, configurations }, request));
      }
      const found = located.get(key);
      return (
        found?.interfaceNumber === place.interfaceNumber &&
        found.alternateSetting === place.alternateSetting
      );
    });
}

/** The requests that match an endpoint, the shortest first. */
function requestsFor({
  configuration,
  address,
  interfaceNumber,
  alternateSetting,
}: EndpointRef): AddressRequest[] {
  return [
    { configuration, address },
    { configuration, address, interfaceNumber },
    { configuration, address, interfaceNumber, alternateSetting },
  ];
}

/** The endpoints of one configuration that match a request, each in its alternate setting. */
interface Matches extends Configuration {
  readonly settings: Configuration['settings'][number][];
}

/** Returns the endpoints that match each request. Of several configurations of a value, the first. */
function matchesByRequest({ configurations }: DeviceInfo): ReadonlyMap<string, Matches> {
  const groups = new Map<string, Matches>();
  const seen = new Set<number>();
  for (const { value, settings } of configurations) {
    for (const setting of seen.has(value) ? [] : settings) {
      for (const endpoint of setting.endpoints) {
        const place = { configuration: value, ...setting, address: endpoint.address };
        for (const key of requestsFor(place).map(keyOf)) {
          const group = groups.get(key) ?? { value, settings: [] };
          group.settings.push({ ...setting, endpoints: [endpoint] });
          groups.set(key, group);
        }
      }
    }
    seen.add(value);
  }
  return groups;
}

function keyOf(request: AddressRequest): string {
  const { configuration, address, interfaceNumber, alternateSetting } = request;
  return [configuration, address, interfaceNumber, alternateSetting].join();
}

function locate(info: DeviceInfo, request: AddressRequest): EndpointLocation | undefined {
  try {
    return COMMANDS[directionOf(request.address)].locate(info, request);
  } catch {
    return undefined;
  }
}

/** Selects a device by its IDs; if others share them, also by serial number or else by port. */
function deviceFlags(info: DeviceInfo, others: readonly DeviceInfo[]): string[] {
  const alike = others.filter(({ vid, pid }) => vid === info.vid && pid === info.pid);
  const named = ['-d', ids(info)];
  if (alike.length <= 1) {
    return named;
  }
  const { serial } = info;
  const unique = alike.filter((other) => other.serial === serial).length === 1;
  return serial !== undefined && unique && PRINTABLE.test(serial)
    ? [...named, '--serial', serial]
    : [...named, '--path', info.path];
}

function flag(option: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [option, String(value)];
}

/** Quotes a word for a POSIX shell. */
function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
