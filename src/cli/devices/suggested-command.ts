import { formatEndpoint, ids } from '../../usb/format.js';
import { type EndpointRequest, locateBulkIn, locateOut } from '../../usb/locate.js';
import { type DeviceInfo, directionOf } from '../../usb/model.js';
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

/** The command for each direction, and the function with which it locates the endpoint. */
const COMMANDS = {
  in: { name: 'read', locate: locateBulkIn },
  out: { name: 'write', locate: locateOut },
} as const;

/**
 * Suggests the `usbxfer read` or `usbxfer write` command for an endpoint, quoted for a shell, with the
 * fewest options that identify it. Returns undefined if no command can use the endpoint now.
 *
 * @param others all connected devices
 */
export function suggestedCommand(
  device: DeviceDetails,
  place: EndpointRef,
  others: readonly DeviceInfo[],
  { backend, scenario }: BackendOptions,
): string | undefined {
  const { info } = device;
  const request = requestFor(info, place);
  if (request === undefined) {
    return undefined;
  }
  const driver = interfaceState(device, place.interfaceNumber)?.driver;
  const words = [
    ...flag('--backend', backend === 'libusb' ? undefined : backend),
    ...flag('--scenario', scenario),
    ...deviceFlags(info, others),
    ...flag('--ep', formatEndpoint(place.address)),
    ...flag('--interface', request.interfaceNumber),
    ...flag('--alt', request.alternateSetting),
    ...(driver === undefined || driver === 'usbfs' ? [] : ['--detach']),
  ];
  return ['usbxfer', COMMANDS[directionOf(place.address)].name, ...words.map(quote)].join(' ');
}

/** The shortest request that identifies the endpoint. */
function requestFor(info: DeviceInfo, place: EndpointRef): EndpointRequest | undefined {
  const { address, interfaceNumber, alternateSetting } = place;
  const { locate } = COMMANDS[directionOf(address)];
  const requests: EndpointRequest[] = [
    { address },
    { address, interfaceNumber },
    { address, interfaceNumber, alternateSetting },
  ];
  return requests.find((request) => {
    try {
      const found = locate(info, request);
      return (
        found.interfaceNumber === interfaceNumber && found.alternateSetting === alternateSetting
      );
    } catch {
      return false;
    }
  });
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
