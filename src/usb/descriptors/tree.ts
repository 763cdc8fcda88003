import {
  type AlternateSetting,
  type Configuration,
  type EndpointDescriptor,
  packetSizeOf,
  transferTypeOf,
} from '../model.js';
import {
  ASSOCIATION_FIELDS,
  type AssociationFields,
  bytesOf,
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
} from './fields.js';

/*
 * All that a device's descriptors say, for whoever wants all of it. What moving data needs is in
 * `descriptors.ts`, and takes far less time to find.
 */

/** bDescriptorType (USB 2.0 table 9-5, USB 3.2 table 9-6). */
export const DESCRIPTOR_TYPE = {
  device: 0x01,
  configuration: 0x02,
  interface: 0x04,
  endpoint: 0x05,
  association: 0x0b,
  companion: 0x30,
  isochronousCompanion: 0x31,
} as const;

/** A descriptor, decoded. */
export interface Decoded<Fields> {
  readonly fields: Fields;
  /** The whole descriptor; more than the fields, where it is longer than they are. */
  readonly bytes: Uint8Array;
}

/** The descriptors of one endpoint of one alternate setting. */
export interface EndpointNode extends Decoded<EndpointFields> {
  readonly companion: CompanionFields | undefined;
  readonly isochronousCompanion: IsochronousCompanionFields | undefined;
  /** Those behind it of another type, such as a class's own; each whole. */
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
  /** Those before the first configuration that are no device descriptor, or another one. */
  readonly others: readonly Uint8Array[];
  /** Bytes at the end that are no descriptor, as a length before them lies. */
  readonly undecoded: Uint8Array;
}

type Open<Node> = {
  -readonly [Key in keyof Node]: Node[Key] extends readonly (infer Item)[] ? Item[] : Node[Key];
};

/**
 * Decodes a device descriptor and the configurations behind it, as the kernel shows them in sysfs.
 *
 * The bytes come from the device: no length in them is believed further than they reach, and what is
 * too short for its type, or stands where its type does not belong, is kept undecoded among `others`;
 * no byte is lost.
 */
export function parseDescriptorTree(bytes: Uint8Array): DescriptorTree {
  let device: Decoded<DeviceFields> | undefined;
  const others: Uint8Array[] = [];
  const configurations: Open<ConfigurationNode>[] = [];
  let setting: Open<SettingNode> | undefined;
  let endpoint: Open<EndpointNode> | undefined;
  const { descriptors, rest } = splitDescriptors(bytes);
  for (const descriptor of descriptors) {
    const configuration = configurations.at(-1);
    if (!place(descriptor, configuration)) {
      (endpoint ?? setting ?? configuration ?? { others }).others.push(descriptor);
    }
  }
  return { device, configurations, others, undecoded: rest };

  /** Returns whether the descriptor was decoded. */
  function place(descriptor: Uint8Array, within: Open<ConfigurationNode> | undefined): boolean {
    switch (descriptor[1]) {
      case DESCRIPTOR_TYPE.device: {
        const fields = decodeFields(DEVICE_FIELDS, descriptor);
        if (fields === undefined || device !== undefined) {
          return false;
        }
        device = { fields, bytes: descriptor };
        return true;
      }
      case DESCRIPTOR_TYPE.configuration: {
        const fields = decodeFields(CONFIGURATION_FIELDS, descriptor);
        if (fields === undefined) {
          return false;
        }
        const node = { fields, bytes: descriptor, associations: [], settings: [], others: [] };
        configurations.push(node);
        setting = undefined;
        endpoint = undefined;
        return true;
      }
      case DESCRIPTOR_TYPE.association: {
        const fields = decodeExactly(ASSOCIATION_FIELDS, descriptor);
        if (fields === undefined || within === undefined) {
          return false;
        }
        within.associations.push(fields);
        return true;
      }
      case DESCRIPTOR_TYPE.interface: {
        const fields = decodeFields(INTERFACE_FIELDS, descriptor);
        if (fields === undefined || within === undefined) {
          return false;
        }
        setting = { fields, bytes: descriptor, endpoints: [], others: [] };
        within.settings.push(setting);
        endpoint = undefined;
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
        if (
          fields === undefined ||
          endpoint === undefined ||
          endpoint.isochronousCompanion !== undefined
        ) {
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

/** For what is kept as its fields alone: nothing may stand behind them. */
function decodeExactly<const Fields extends readonly Field[]>(
  fields: Fields,
  bytes: Uint8Array,
): FieldValues<Fields> | undefined {
  return bytes.length === bytesOf(fields) ? decodeFields(fields, bytes) : undefined;
}

/**
 * Cuts bytes into descriptors by their bLength.
 *
 * @returns the descriptors, and what is left from the first length on that cannot be
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

const CONFIGURATION = 0x02;
const INTERFACE = 0x04;
const ENDPOINT = 0x05;

/** The bytes of a standard descriptor of each type (USB 2.0 §9.6); a shorter one is passed over. */
const CONFIGURATION_LENGTH = 9;
const INTERFACE_LENGTH = 9;
const ENDPOINT_LENGTH = 7;

interface OpenSetting extends AlternateSetting {
  readonly endpoints: EndpointDescriptor[];
}

interface OpenConfiguration extends Configuration {
  readonly settings: OpenSetting[];
}

/**
 * Reads configuration descriptors, one after another, as the kernel shows them in sysfs behind the
 * device descriptor.
 *
 * The bytes come from the device, so no length in them is believed further than the bytes reach:
 * whatever lies, the walk moves on by at least one descriptor header and ends with the buffer.
 *
 * @param bytes the configurations' bytes, without the device descriptor
 */
export function parseConfigurations(bytes: Uint8Array): Configuration[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const configurations: OpenConfiguration[] = [];
  let offset = 0;
  while (offset + 2 <= bytes.length) {
    const length = view.getUint8(offset);
    if (length < 2 || offset + length > bytes.length) {
      break; // the descriptor lies about its length: nothing behind it can be found
    }
    const type = view.getUint8(offset + 1);
    if (type === CONFIGURATION && length >= CONFIGURATION_LENGTH) {
      configurations.push({ value: view.getUint8(offset + 5), settings: [] });
    } else if (type === INTERFACE && length >= INTERFACE_LENGTH) {
      configurations.at(-1)?.settings.push({
        interfaceNumber: view.getUint8(offset + 2),
        alternateSetting: view.getUint8(offset + 3),
        interfaceClass: view.getUint8(offset + 5),
        interfaceSubClass: view.getUint8(offset + 6),
        interfaceProtocol: view.getUint8(offset + 7),
        endpoints: [],
      });
    } else if (type === ENDPOINT && length >= ENDPOINT_LENGTH) {
      configurations
        .at(-1)
        ?.settings.at(-1)
        ?.endpoints.push({
          address: view.getUint8(offset + 2),
          type: transferTypeOf(view.getUint8(offset + 3)),
          maxPacketSize: packetSizeOf(view.getUint16(offset + 4, true)),
        });
    }
    offset += length;
  }
  return configurations;
}
