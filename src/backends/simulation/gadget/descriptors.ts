import {
  COMPANION_FIELDS,
  CONFIGURATION_FIELDS,
  DEVICE_FIELDS,
  ENDPOINT_FIELDS,
  encodeFields,
  INTERFACE_FIELDS,
} from '../../../usb/descriptors/fields.js';
import { DESCRIPTOR_TYPE } from '../../../usb/descriptors/tree.js';
import {
  type AlternateSetting,
  type Configuration,
  type EndpointDescriptor,
  TRANSFER_TYPES,
  type TransferType,
} from '../../../usb/model.js';
import type { Gadget } from './gadget.js';

/** bmAttributes of a bus-powered device (USB 2.0 §9.6.3), and bMaxPower for 100 mA, in units of 2 mA. */
const BUS_POWERED = 0x80;
const MAX_POWER = 50;

/** The minimum bcdUSB of devices whose endpoints have companion descriptors. */
const USB_3 = 0x0300;

/** Returns the descriptors of a simulated device. */
export function descriptorBytes(info: Gadget['descriptors']): Uint8Array {
  const device = encodeFields(DEVICE_FIELDS, {
    bLength: 18,
    bDescriptorType: DESCRIPTOR_TYPE.device,
    bcdUSB: info.usbVersion,
    bDeviceClass: info.deviceClass,
    bDeviceSubClass: info.deviceSubClass,
    bDeviceProtocol: info.deviceProtocol,
    bMaxPacketSize0: info.usbVersion >= USB_3 ? 9 : 64, // an exponent of 2 at SuperSpeed
    idVendor: info.vid,
    idProduct: info.pid,
    bcdDevice: 0x0100,
    iManufacturer: info.manufacturer === undefined ? 0 : 1,
    iProduct: info.product === undefined ? 0 : 2,
    iSerialNumber: info.serial === undefined ? 0 : 3,
    bNumConfigurations: info.configurations.length,
  });
  const companions = info.usbVersion >= USB_3;
  return join([
    device,
    ...info.configurations.map((configuration) => configurationBytes(configuration, companions)),
  ]);
}

function configurationBytes({ value, settings }: Configuration, companions: boolean): Uint8Array {
  const content = join(settings.map((setting) => settingBytes(setting, companions)));
  const head = encodeFields(CONFIGURATION_FIELDS, {
    bLength: 9,
    bDescriptorType: DESCRIPTOR_TYPE.configuration,
    wTotalLength: 9 + content.length,
    bNumInterfaces: new Set(settings.map(({ interfaceNumber }) => interfaceNumber)).size,
    bConfigurationValue: value,
    iConfiguration: 0,
    bmAttributes: BUS_POWERED,
    bMaxPower: MAX_POWER,
  });
  return join([head, content]);
}

function settingBytes(setting: AlternateSetting, companions: boolean): Uint8Array {
  const head = encodeFields(INTERFACE_FIELDS, {
    bLength: 9,
    bDescriptorType: DESCRIPTOR_TYPE.interface,
    bInterfaceNumber: setting.interfaceNumber,
    bAlternateSetting: setting.alternateSetting,
    bNumEndpoints: setting.endpoints.length,
    bInterfaceClass: setting.interfaceClass,
    bInterfaceSubClass: setting.interfaceSubClass,
    bInterfaceProtocol: setting.interfaceProtocol,
    iInterface: 0,
  });
  return join([head, ...setting.endpoints.map((endpoint) => endpointBytes(endpoint, companions))]);
}

function endpointBytes(endpoint: EndpointDescriptor, companions: boolean): Uint8Array {
  const { address, type, maxPacketSize } = endpoint;
  const head = encodeFields(ENDPOINT_FIELDS, {
    bLength: 7,
    bDescriptorType: DESCRIPTOR_TYPE.endpoint,
    bEndpointAddress: address,
    bmAttributes: TRANSFER_TYPES.indexOf(type),
    wMaxPacketSize: maxPacketSize,
    bInterval: isPeriodic(type) ? 1 : 0,
  });
  const companion = encodeFields(COMPANION_FIELDS, {
    bLength: 6,
    bDescriptorType: DESCRIPTOR_TYPE.companion,
    bMaxBurst: 0,
    bmAttributes: 0,
    wBytesPerInterval: isPeriodic(type) ? maxPacketSize : 0,
  });
  return companions ? join([head, companion]) : head;
}

/** Returns whether the host polls the endpoint periodically (USB 2.0 §5.10). */
function isPeriodic(type: TransferType): boolean {
  return type === 'isochronous' || type === 'interrupt';
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
