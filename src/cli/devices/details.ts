import type { Backend, DeviceState, InterfaceState } from '../../usb/backend.js';
import type { ConfigurationNode, DescriptorTree } from '../../usb/descriptors/tree.js';
import { UsbError } from '../../usb/errors.js';
import { ids } from '../../usb/format.js';
import type { DeviceInfo } from '../../usb/model.js';
import { advertisedSpeed } from '../../usb/speed.js';
import { systemRoot } from '../options/backend.js';
import { LONGEST_NAME, sanitize } from '../terminal/sanitize.js';
import { loadUsbIds, type UsbIds } from './usb-ids.js';

/** All that is known about a device without opening it. Strings are unescaped. */
export interface DeviceDetails {
  readonly info: DeviceInfo;
  readonly state: DeviceState;
  readonly known: UsbIdsNames;
  /** Manufacturer and product; may be empty. */
  readonly name: string;
  /** In Mbit/s, see `advertisedSpeed`. */
  readonly maxSpeed: number | undefined;
}

/** Details that take time to collect: from `usb.ids` and from the BOS descriptor. */
interface DetailOptions {
  /** Whether to look up names in usb.ids even if the device has its own. */
  readonly knownNames: boolean;
  readonly maxSpeed: boolean;
}

/** The devices on the bus; none if there is no bus. */
export interface ListedDevices {
  readonly devices: DeviceInfo[];
  /** The error that says why there is no bus. */
  readonly noBus?: UsbError;
}

/** Lists the devices of a system that may have no USB bus. */
export async function listDevices(backend: Backend): Promise<ListedDevices> {
  try {
    return { devices: await backend.list() };
  } catch (error) {
    if (error instanceof UsbError && error.code === 'no-bus') {
      return { devices: [], noBus: error };
    }
    throw error;
  }
}

/** Collects details of devices. Skips a device that is unplugged in the meantime. */
export async function inspectDevices(
  backend: Backend,
  devices: readonly DeviceInfo[],
  wanted: DetailOptions,
): Promise<DeviceDetails[]> {
  const ids = wanted.knownNames || devices.some(lacksName) ? loadUsbIds(systemRoot()) : undefined;
  const listed: DeviceDetails[] = [];
  for (const info of devices) {
    const known = knownNames(info, ids);
    try {
      listed.push({
        info,
        state: await backend.inspect(info),
        known,
        name: deviceName(info, known),
        maxSpeed: wanted.maxSpeed && !info.isPartial ? await maxSpeedOf(backend, info) : undefined,
      });
    } catch (error) {
      if (!(error instanceof UsbError && error.code === 'no-device')) {
        throw error;
      }
    }
  }
  return listed;
}

/** The kernel drivers of the active configuration, without duplicates. */
export function driversOf({ interfaces }: DeviceState): string[] {
  const drivers = interfaces.map(({ driver }) => driver).filter((driver) => driver !== undefined);
  return [...new Set(drivers)];
}

/** The state of an interface of the active configuration. */
export function interfaceState(
  { state }: Pick<DeviceDetails, 'state'>,
  number: number,
): InterfaceState | undefined {
  return state.interfaces.find(({ interfaceNumber }) => interfaceNumber === number);
}

/**
 * The descriptors of the active configuration. Of several with the active value, it is the first, as for
 * the kernel and for `activeConfiguration`.
 */
export function activeNode(
  { configurations }: DescriptorTree,
  { configurationValue }: DeviceInfo,
): ConfigurationNode | undefined {
  return configurations.find(({ fields }) => fields.bConfigurationValue === configurationValue);
}

async function maxSpeedOf(backend: Backend, info: DeviceInfo): Promise<number | undefined> {
  const { bos } = await backend.descriptors(info);
  const advertised = advertisedSpeed(info.usbVersion, bos);
  return advertised && Math.max(advertised, info.speed ?? 0); // the actual speed is possible
}

/** The names of a device in usb.ids. */
interface UsbIdsNames {
  readonly vendor: string | undefined;
  readonly product: string | undefined;
}

/** No names from usb.ids. */
export const UNKNOWN: UsbIdsNames = { vendor: undefined, product: undefined };

/** Whether a device does not provide both names itself. */
function lacksName({ manufacturer, product }: DeviceInfo): boolean {
  return !manufacturer?.trim() || !product?.trim();
}

/** Looks up the names of a device in usb.ids. */
function knownNames({ vid, pid }: DeviceInfo, ids: UsbIds | undefined): UsbIdsNames {
  return { vendor: ids?.vendor(vid), product: ids?.product(vid, pid) };
}

/** Manufacturer and product, from the device or else from usb.ids; may be empty. */
export function deviceName(device: DeviceInfo, known: UsbIdsNames): string {
  const maker = device.manufacturer?.trim() || known.vendor || '';
  const product = device.product?.trim() || known.product || '';
  // Many product strings repeat the manufacturer.
  const repeated = product.toLowerCase().startsWith(maker.toLowerCase());
  return repeated ? product : `${maker} ${product}`.trim();
}

/** `1234:5678 thing at 3-1.2`. Safe to print. */
export function nameOf(device: DeviceInfo): string {
  const name = sanitize(deviceName(device, UNKNOWN), LONGEST_NAME);
  return `${ids(device)}${name === '' ? '' : ` ${name}`} at ${device.path}`;
}
