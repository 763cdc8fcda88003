import { formatEndpoint, ids } from '../../usb/format.js';
import {
  type EndpointLocation,
  type EndpointRequest,
  locateIn,
  locateOut,
} from '../../usb/locate.js';
import {
  type AlternateSetting,
  activeConfiguration,
  type DeviceInfo,
  directionOf,
  isHub,
} from '../../usb/model.js';
import type { BackendOptions } from '../options/backend.js';
import { type DeviceDetails, interfaceState } from './details.js';

/** Text that a shell needs no quotes for. */
const PLAIN = /^[\w.:/-]+$/;

/** Text that is safe to copy from a terminal. */
const PRINTABLE = /^[\x20-\x7e]+$/;

/** The place of an endpoint in the active configuration. */
export interface EndpointRef {
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
 * endpoint now.
 *
 * @param others all connected devices
 */
export function commandSuggester(
  device: DeviceDetails,
  others: readonly DeviceInfo[],
  { backend, scenario }: BackendOptions,
): (place: EndpointRef) => string | undefined {
  const requestFor = requestFinder(device.info);
  const common = [
    ...flag('--backend', backend === 'libusb' ? undefined : backend),
    ...flag('--scenario', scenario),
    ...deviceFlags(device.info, others),
  ];
  return (place) => {
    // Reading from a hub would detach its driver, and disconnect every device below it.
    const request = isHub(device.info) ? undefined : requestFor(place);
    if (request === undefined) {
      return undefined;
    }
    const driver = interfaceState(device, place.interfaceNumber)?.driver;
    const words = [
      ...common,
      ...flag('--ep', formatEndpoint(place.address)),
      ...flag('--interface', request.interfaceNumber),
      ...flag('--alt', request.alternateSetting),
      ...(driver === undefined || driver === 'usbfs' ? [] : ['--detach']),
    ];
    return ['usbxfer', COMMANDS[directionOf(place.address)].name, ...words.map(quote)].join(' ');
  };
}

/**
 * Returns the function that finds the shortest request that identifies an endpoint. Each request is
 * located once, among the endpoints that match it: a device may have thousands of endpoints.
 */
function requestFinder(info: DeviceInfo): (place: EndpointRef) => EndpointRequest | undefined {
  const matching = settingsByRequest(activeConfiguration(info)?.settings ?? []);
  const located = new Map<string, EndpointLocation | undefined>();
  return (place) =>
    requestsFor(place).find((request) => {
      const key = keyOf(request);
      if (!located.has(key)) {
        const configuration = {
          value: info.configurationValue ?? 0,
          settings: matching.get(key) ?? [],
        };
        located.set(key, locate({ ...info, configurations: [configuration] }, request));
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
  address,
  interfaceNumber,
  alternateSetting,
}: EndpointRef): AddressRequest[] {
  return [
    { address },
    { address, interfaceNumber },
    { address, interfaceNumber, alternateSetting },
  ];
}

/** Returns the endpoints that match each request, with their alternate settings. */
function settingsByRequest(
  settings: readonly AlternateSetting[],
): ReadonlyMap<string, AlternateSetting[]> {
  const groups = new Map<string, AlternateSetting[]>();
  for (const setting of settings) {
    for (const endpoint of setting.endpoints) {
      for (const key of requestsFor({ ...setting, address: endpoint.address }).map(keyOf)) {
        const group = groups.get(key) ?? [];
        group.push({ ...setting, endpoints: [endpoint] });
        groups.set(key, group);
      }
    }
  }
  return groups;
}

function keyOf({ address, interfaceNumber, alternateSetting }: AddressRequest): string {
  return [address, interfaceNumber, alternateSetting].join();
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
