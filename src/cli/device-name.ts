import type { DeviceInfo } from '../usb/backend.js';
import type { UsbIds } from './usb-ids.js';

/** What usb.ids calls a device. */
export interface KnownNames {
  readonly vendor: string | undefined;
  readonly product: string | undefined;
}

/** Where usb.ids is not asked. */
export const UNKNOWN: KnownNames = { vendor: undefined, product: undefined };

/** Whether a device does not say both of its names itself. */
export function lacksName({ manufacturer, product }: DeviceInfo): boolean {
  return !manufacturer?.trim() || !product?.trim();
}

/** What usb.ids calls a device. */
export function knownNames({ vid, pid }: DeviceInfo, ids: UsbIds | undefined): KnownNames {
  return { vendor: ids?.vendor(vid), product: ids?.product(vid, pid) };
}

/** Maker and product in one: the device's own strings, or those of usb.ids; may be empty. */
export function deviceName(device: DeviceInfo, known: KnownNames): string {
  const maker = device.manufacturer?.trim() || known.vendor || '';
  const product = device.product?.trim() || known.product || '';
  // Many a product says its maker once more.
  const repeated = product.toLowerCase().startsWith(maker.toLowerCase());
  return repeated ? product : `${maker} ${product}`.trim();
}
