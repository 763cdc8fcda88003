import type { DeviceInfo } from '../../usb/backend.js';
import { type EndpointRequest, locateBulkIn, locateOut } from '../../usb/locate.js';
import { directionOf } from '../../usb/model.js';
import type { BackendOptions } from '../options/backend.js';
import { endpointName, ids } from '../terminal/format.js';
import type { DeviceDetails } from './details.js';

/** What a shell takes as it stands. */
const PLAIN = /^[\w.:/-]+$/;

/** What may stand in a line to be copied. */
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Where an endpoint is. */
export interface EndpointRef {
  readonly interfaceNumber: number;
  readonly alternateSetting: number;
  readonly address: number;
}

/** The commands that move data through an endpoint, and how they find it. */
const COMMANDS = {
  in: { name: 'read', locate: locateBulkIn },
  out: { name: 'write', locate: locateOut },
} as const;

/**
 * The `usbxfer read` that reads from an IN endpoint, or the `usbxfer write` that writes to an OUT
 * endpoint, for a shell, with no more options than it takes to mean that endpoint alone; undefined
 * when there is none for it as the device is now.
 *
 * @param others the devices that are there
 */
export function suggestedCommand(
  { info, state }: DeviceDetails,
  place: EndpointRef,
  others: readonly DeviceInfo[],
  { backend, scenario }: BackendOptions,
): string | undefined {
  const request = requestFor(info, place);
  if (request === undefined) {
    return undefined;
  }
  const held = state.interfaces.find(
    ({ interfaceNumber }) => interfaceNumber === place.interfaceNumber,
  )?.driver;
  const words = [
    ...(backend === 'libusb' ? [] : ['--backend', backend]),
    ...(scenario === undefined ? [] : ['--scenario', scenario]),
    ...deviceWords(info, others),
    ...['--ep', endpointName(place.address)],
    ...numberWords('--interface', request.interfaceNumber),
    ...numberWords('--alt', request.alternateSetting),
    ...(held === undefined || held === 'usbfs' ? [] : ['--detach']),
  ];
  return ['usbxfer', COMMANDS[directionOf(place.address)].name, ...words.map(quote)].join(' ');
}

/** The shortest request that means the endpoint. */
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

/** By ids, by serial number where others have the same ids, by port where that does not help. */
function deviceWords(info: DeviceInfo, others: readonly DeviceInfo[]): string[] {
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

function numberWords(option: string, value: number | undefined): string[] {
  return value === undefined ? [] : [option, String(value)];
}

/** For a POSIX shell. */
function quote(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
