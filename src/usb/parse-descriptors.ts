import {
  type AlternateSetting,
  type Configuration,
  type EndpointDescriptor,
  packetSizeOf,
  transferTypeOf,
} from './descriptors.js';

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
