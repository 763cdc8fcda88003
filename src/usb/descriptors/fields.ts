/*
 * The fields of the decoded descriptors, in order, with their names in the specifications.
 */

/** The name of a field in the specification, and its size in bytes. All fields are little-endian. */
export type Field = readonly [name: string, bytes: 1 | 2 | 4];

/** The values of the fields of a descriptor, by name. */
export type FieldValues<Fields extends readonly Field[]> = {
  readonly [Name in Fields[number][0]]: number;
};

const HEAD = [
  ['bLength', 1],
  ['bDescriptorType', 1],
] as const;

/** USB 2.0 §9.6.1 */
export const DEVICE_FIELDS = [
  ...HEAD,
  ['bcdUSB', 2],
  ['bDeviceClass', 1],
  ['bDeviceSubClass', 1],
  ['bDeviceProtocol', 1],
  ['bMaxPacketSize0', 1],
  ['idVendor', 2],
  ['idProduct', 2],
  ['bcdDevice', 2],
  ['iManufacturer', 1],
  ['iProduct', 1],
  ['iSerialNumber', 1],
  ['bNumConfigurations', 1],
] as const;

/** USB 2.0 §9.6.3 */
export const CONFIGURATION_FIELDS = [
  ...HEAD,
  ['wTotalLength', 2],
  ['bNumInterfaces', 1],
  ['bConfigurationValue', 1],
  ['iConfiguration', 1],
  ['bmAttributes', 1],
  ['bMaxPower', 1],
] as const;

/** USB 2.0 ECN: Interface Association Descriptors */
export const ASSOCIATION_FIELDS = [
  ...HEAD,
  ['bFirstInterface', 1],
  ['bInterfaceCount', 1],
  ['bFunctionClass', 1],
  ['bFunctionSubClass', 1],
  ['bFunctionProtocol', 1],
  ['iFunction', 1],
] as const;

/** USB 2.0 §9.6.5 */
export const INTERFACE_FIELDS = [
  ...HEAD,
  ['bInterfaceNumber', 1],
  ['bAlternateSetting', 1],
  ['bNumEndpoints', 1],
  ['bInterfaceClass', 1],
  ['bInterfaceSubClass', 1],
  ['bInterfaceProtocol', 1],
  ['iInterface', 1],
] as const;

/** USB 2.0 §9.6.6 */
export const ENDPOINT_FIELDS = [
  ...HEAD,
  ['bEndpointAddress', 1],
  ['bmAttributes', 1],
  ['wMaxPacketSize', 2],
  ['bInterval', 1],
] as const;

/** USB 3.2 §9.6.7 */
export const COMPANION_FIELDS = [
  ...HEAD,
  ['bMaxBurst', 1],
  ['bmAttributes', 1],
  ['wBytesPerInterval', 2],
] as const;

/** USB 3.2 §9.6.8 */
export const ISOCHRONOUS_COMPANION_FIELDS = [
  ...HEAD,
  ['wReserved', 2],
  ['dwBytesPerInterval', 4],
] as const;

/** The values of each kind of descriptor; a descriptor may have more bytes than these fields. */
export type DeviceFields = FieldValues<typeof DEVICE_FIELDS>;
export type ConfigurationFields = FieldValues<typeof CONFIGURATION_FIELDS>;
export type AssociationFields = FieldValues<typeof ASSOCIATION_FIELDS>;
export type InterfaceFields = FieldValues<typeof INTERFACE_FIELDS>;
export type EndpointFields = FieldValues<typeof ENDPOINT_FIELDS>;
export type CompanionFields = FieldValues<typeof COMPANION_FIELDS>;
export type IsochronousCompanionFields = FieldValues<typeof ISOCHRONOUS_COMPANION_FIELDS>;

/** Returns the size of a descriptor with these fields, in bytes. */
export function sizeOf(fields: readonly Field[]): number {
  return fields.reduce((sum, [, bytes]) => sum + bytes, 0);
}

/** Decodes fields; returns undefined if there are too few bytes for all of them. */
export function decodeFields<const Fields extends readonly Field[]>(
  fields: Fields,
  bytes: Uint8Array,
): FieldValues<Fields> | undefined {
  if (bytes.length < sizeOf(fields)) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const values = fields.map(([name, size]) => {
    const value = read(view, offset, size);
    offset += size;
    return [name, value] as const;
  });
  return Object.fromEntries(values) as FieldValues<Fields>;
}

/** Encodes a descriptor with these fields. */
export function encodeFields<const Fields extends readonly Field[]>(
  fields: Fields,
  values: FieldValues<Fields>,
): Uint8Array {
  const bytes = new Uint8Array(sizeOf(fields));
  let offset = 0;
  for (const [name, size] of fields) {
    const value = values[name as Fields[number][0]];
    for (let i = 0; i < size; i += 1) {
      bytes[offset + i] = Math.floor(value / 256 ** i) % 256;
    }
    offset += size;
  }
  return bytes;
}

function read(view: DataView, offset: number, size: 1 | 2 | 4): number {
  switch (size) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset, true);
    case 4:
      return view.getUint32(offset, true);
  }
}
