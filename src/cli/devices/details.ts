import type { Backend, DeviceInfo, DeviceState } from '../../usb/backend.js';
import { UsbError } from '../../usb/errors.js';
import { advertisedSpeed } from '../../usb/speed.js';
import { systemRoot } from '../options/backend.js';
import type { UsbIds } from './usb-ids.js';

/** A device with what is known of it without opening it. Strings are as the device sent them. */
export interface DeviceDetails {
  readonly info: DeviceInfo;
  readonly state: DeviceState;
  readonly known: UsbIdsNames;
  /** Maker and product; may be empty. */
  readonly name: string;
  /** In Mbit/s, see `advertisedSpeed`. */
  readonly maxSpeed: number | undefined;
}

/** What takes time to find out, and is left out where nobody asks: `usb.ids`, and the BOS descriptor. */
export interface Fields {
  /** Whether names from usb.ids are wanted where the device has its own. */
  readonly knownNames: boolean;
  readonly maxSpeed: boolean;
}

/** Finds out about devices; one that goes away meanwhile is left out. */
export async function inspectDevices(
  backend: Backend,
  devices: readonly DeviceInfo[],
  wanted: Fields,
): Promise<DeviceDetails[]> {
  const ids = wanted.knownNames || devices.some(lacksName) ? await systemIds() : undefined;
  const listed: DeviceDetails[] = [];
  for (const info of devices) {
    const known = knownNames(info, ids);
    try {
      listed.push({
        info,
        state: await backend.inspect(info),
        known,
        name: deviceName(info, known),
        maxSpeed: wanted.maxSpeed ? await maxSpeedOf(backend, info) : undefined,
      });
    } catch (error) {
      if (!(error instanceof UsbError && error.code === 'no-device')) {
        throw error;
      }
    }
  }
  return listed;
}

/** Names of the active configuration's drivers, each once. */
export function driversOf({ interfaces }: DeviceState): string[] {
  const drivers = interfaces.map(({ driver }) => driver).filter((driver) => driver !== undefined);
  return [...new Set(drivers)];
}

async function maxSpeedOf(backend: Backend, info: DeviceInfo): Promise<number | undefined> {
  const { bos } = await backend.descriptors(info);
  const advertised = advertisedSpeed(info.usbVersion, bos);
  return advertised && Math.max(advertised, info.speed ?? 0); // what it does, it can
}

async function systemIds(): Promise<UsbIds> {
  const { loadUsbIds } = await import('./usb-ids.js');
  return loadUsbIds(systemRoot());
}

/** What usb.ids calls a device. */
export interface UsbIdsNames {
  readonly vendor: string | undefined;
  readonly product: string | undefined;
}

/** Where usb.ids is not asked. */
export const UNKNOWN: UsbIdsNames = { vendor: undefined, product: undefined };

/** Whether a device does not say both of its names itself. */
export function lacksName({ manufacturer, product }: DeviceInfo): boolean {
  return !manufacturer?.trim() || !product?.trim();
}

/** What usb.ids calls a device. */
export function knownNames({ vid, pid }: DeviceInfo, ids: UsbIds | undefined): UsbIdsNames {
  return { vendor: ids?.vendor(vid), product: ids?.product(vid, pid) };
}

/** Maker and product in one: the device's own strings, or those of usb.ids; may be empty. */
export function deviceName(device: DeviceInfo, known: UsbIdsNames): string {
  const maker = device.manufacturer?.trim() || known.vendor || '';
  const product = device.product?.trim() || known.product || '';
  // Many a product says its maker once more.
  const repeated = product.toLowerCase().startsWith(maker.toLowerCase());
  return repeated ? product : `${maker} ${product}`.trim();
}
