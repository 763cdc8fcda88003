import { type Configuration, endpointDescriptor } from '../model.js';
import {
  ASSOCIATION_FIELDS,
  type AssociationFields,
  COMPANION_FIELDS,
  CONFIGURATION_FIELDS,
  type CompanionFields,
  type ConfigurationFields,
  DEVICE_FIELDS,
  type DeviceFields,
  decodeFields,
  ENDPOINT_FIELDS,
  type EndpointFields,
  type Field,
  type FieldValues,
  INTERFACE_FIELDS,
  type InterfaceFields,
  ISOCHRONOUS_COMPANION_FIELDS,
  type IsochronousCompanionFields,
  sizeOf,
} from './fields.js';

/*
 * Decodes the descriptors of a device. They are untrusted: no length in them is trusted beyond the
 * bytes that exist. Every descriptor takes at least its header, so decoding always ends.
 */

/** bDescriptorType (USB 2.0 table 9-5, USB 3.2 table 9-6). */
export const DESCRIPTOR_TYPE = {
  device: 0x01,
  configuration: 0x02,
  string: 0x03,
  interface: 0x04,
  endpoint: 0x05,
  association: 0x0b,
  companion: 0x30,
  isochronousCompanion: 0x31,
} as const;

/** A decoded descriptor. */
export interface Decoded<Fields> {
  readonly fields: Fields;
  /** The whole descriptor, which may be longer than its fields. */
  readonly bytes: Uint8Array;
}

/** The descriptors of one endpoint of one alternate setting. */
export interface EndpointNode extends Decoded<EndpointFields> {
  readonly companion: CompanionFields | undefined;
  readonly isochronousCompanion: IsochronousCompanionFields | undefined;
  /** The undecoded descriptors that follow it, such as those of a class; each is complete. */
  readonly others: readonly Uint8Array[];
}

/** The descriptors of one alternate setting of one interface. */
export interface SettingNode extends Decoded<InterfaceFields> {
  readonly endpoints: readonly EndpointNode[];
  readonly others: readonly Uint8Array[];
}

/** The descriptors of one configuration. */
export interface ConfigurationNode extends Decoded<ConfigurationFields> {
  readonly associations: readonly AssociationFields[];
  readonly settings: readonly SettingNode[];
  readonly others: readonly Uint8Array[];
}

/** All descriptors of a device. */
export interface DescriptorTree {
  readonly device: Decoded<DeviceFields> | undefined;
  readonly configurations: readonly ConfigurationNode[];
  /** The undecoded descriptors between the device descriptor and the first configuration. */
  readonly others: readonly Uint8Array[];
  /** The bytes from the first invalid length on. */
  readonly undecoded: Uint8Array;
}

type Mutable<Node> = {
  -readonly [Key in keyof Node]: Node[Key] extends readonly (infer Item)[] ? Item[] : Node[Key];
};

/** The part of a tree that is split by bLength. */
type Configurations = Omit<DescriptorTree, 'device'>;

/**
 * Decodes a device descriptor and the configurations after it, in the layout of `descriptors` in sysfs:
 * the device descriptor always takes 18 bytes, whatever its bLength and bDescriptorType are.
 *
 * A descriptor that is too short for its type, or in a place where its type does not belong, is kept
 * undecoded in `others`: no byte is lost.
 */
export function parseDescriptorTree(bytes: Uint8Array): DescriptorTree {
  const fields = decodeFields(DEVICE_FIELDS, bytes);
  if (fields === undefined) {
    return { device: undefined, configurations: [], others: [], undecoded: bytes };
  }
  const size = sizeOf(DEVICE_FIELDS);
  return {
    device: { fields, bytes: bytes.subarray(0, size) },
    ...parseBelowDevice(bytes.subarray(size)),
  };
}

function parseBelowDevice(bytes: Uint8Array): Configurations {
  const { descriptors, rest } = splitDescriptors(bytes);
  const tree: Mutable<Configurations> = { configurations: [], others: [], undecoded: rest };
  let configuration: Mutable<ConfigurationNode> | undefined;
  let setting: Mutable<SettingNode> | undefined;
  let endpoint: Mutable<EndpointNode> | undefined;
  for (const descriptor of descriptors) {
    if (!place(descriptor)) {
      (endpoint ?? setting ?? configuration ?? tree).others.push(descriptor);
    }
  }
  return tree;

  /** Decodes a descriptor into the node that it belongs to; returns false if it has none. */
  function place(descriptor: Uint8Array): boolean {
    switch (descriptor[1]) {
      case DESCRIPTOR_TYPE.configuration: {
        const fields = decodeFields(CONFIGURATION_FIELDS, descriptor);
        if (fields === undefined) {
          return false;
        }
        configuration = { fields, bytes: descriptor, associations: [], settings: [], others: [] };
        setting = undefined;
        endpoint = undefined;
        tree.configurations.push(configuration);
        return true;
      }
      case DESCRIPTOR_TYPE.association: {
        const fields = decodeExactly(ASSOCIATION_FIELDS, descriptor);
        if (fields === undefined || configuration === undefined) {
          return false;
        }
        configuration.associations.push(fields);
        return true;
      }
      case DESCRIPTOR_TYPE.interface: {
        const fields = decodeFields(INTERFACE_FIELDS, descriptor);
        if (fields === undefined || configuration === undefined) {
          return false;
        }
        setting = { fields, bytes: descriptor, endpoints: [], others: [] };
        endpoint = undefined;
        configuration.settings.push(setting);
        return true;
      }
      case DESCRIPTOR_TYPE.endpoint: {
        const fields = decodeFields(ENDPOINT_FIELDS, descriptor);
        if (fields === undefined || setting === undefined) {
          return false;
        }
        endpoint = {
          fields,
          bytes: descriptor,
          companion: undefined,
          isochronousCompanion: undefined,
          others: [],
        };
        setting.endpoints.push(endpoint);
        return true;
      }
      case DESCRIPTOR_TYPE.companion: {
        const fields = decodeExactly(COMPANION_FIELDS, descriptor);
        if (fields === undefined || endpoint === undefined || endpoint.companion !== undefined) {
          return false;
        }
        endpoint.companion = fields;
        return true;
      }
      case DESCRIPTOR_TYPE.isochronousCompanion: {
        const fields = decodeExactly(ISOCHRONOUS_COMPANION_FIELDS, descriptor);
        if (fields === undefined || endpoint === undefined || endpoint.isochronousCompanion) {
          return false;
        }
        endpoint.isochronousCompanion = fields;
        return true;
      }
      default:
        return false;
    }
  }
}

/**
 * Decodes the fields of configurations that transfers need, and ignores the rest.
 *
 * @param bytes the configurations, without the device descriptor before them
 */
export function parseConfigurations(bytes: Uint8Array): Configuration[] {
  return parseBelowDevice(bytes).configurations.map(({ fields, settings }) => ({
    value: fields.bConfigurationValue,
    settings: settings.map(({ fields: setting, endpoints }) => ({
      interfaceNumber: setting.bInterfaceNumber,
      alternateSetting: setting.bAlternateSetting,
      interfaceClass: setting.bInterfaceClass,
      interfaceSubClass: setting.bInterfaceSubClass,
      interfaceProtocol: setting.bInterfaceProtocol,
      endpoints: endpoints.map(({ fields: endpoint, companion }) =>
        endpointDescriptor(
          endpoint.bEndpointAddress,
          endpoint.bmAttributes,
          endpoint.wMaxPacketSize,
          companion?.bMaxBurst,
        ),
      ),
    })),
  }));
}

/**
 * Splits bytes into descriptors by their bLength.
 *
 * @returns the descriptors, and the bytes from the first invalid length on
 */
export function splitDescriptors(bytes: Uint8Array): {
  descriptors: Uint8Array[];
  rest: Uint8Array;
} {
  const descriptors: Uint8Array[] = [];
  let offset = 0;
  while (offset + 2 <= bytes.length) {
    const length = bytes[offset] ?? 0;
    if (length < 2 || offset + length > bytes.length) {
      break;
    }
    descriptors.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  return { descriptors, rest: bytes.subarray(offset) };
}

/** Decodes a descriptor that consists of these fields alone; returns undefined for any other. */
function decodeExactly<const Fields extends readonly Field[]>(
  fields: Fields,
  bytes: Uint8Array,
): FieldValues<Fields> | undefined {
  return bytes.length === sizeOf(fields) ? decodeFields(fields, bytes) : undefined;
}
