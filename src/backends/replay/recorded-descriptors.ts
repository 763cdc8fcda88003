import type { CapturedTransfer } from '../../pcapng/transfer-reader.js';
import { DEVICE_FIELDS, sizeOf } from '../../usb/descriptors/fields.js';
import { DESCRIPTOR_TYPE } from '../../usb/descriptors/tree.js';

/** bDescriptorType of a string, and the index of the descriptor with the languages. */
const STRING = 0x03;

/** bmRequestType and bRequest (USB 2.0 table 9-3). */
const GET_DESCRIPTOR = 0x8006;
const SET_CONFIGURATION = 0x0009;

/** Limits on what is kept of one device. */
const MAX_CONFIGURATIONS = 16;
const MAX_CONFIGURATION = 16 * 1024;
const MAX_STRINGS = 256;

/** The size of a device descriptor. */
const DEVICE_LENGTH = sizeOf(DEVICE_FIELDS);

/** The size of the fields of a configuration that say how long it is. */
const TOTAL_LENGTH_END = 4;

/** The descriptors of a device, from the recorded requests for them. Untrusted. */
export class RecordedDescriptors {
  /** The device descriptor, with all of its bytes; undefined if it was not recorded. */
  device: Buffer | undefined;
  readonly #configurations = new Map<number, Buffer>();
  readonly #strings = new Map<number, string>();
  /** bConfigurationValue of the last SET_CONFIGURATION that succeeded; undefined if there was none. */
  selected: number | undefined;

  /** The complete configurations, in the order of their indices. */
  get configurations(): Buffer[] {
    return [...this.#configurations]
      .filter(([, bytes]) => bytes.length >= TOTAL_LENGTH_END && isComplete(bytes))
      .sort(([a], [b]) => a - b)
      .map(([, bytes]) => bytes.subarray(0, bytes.readUInt16LE(2)));
  }

  /** Returns a string by its index; undefined for index 0, and if it was not recorded. */
  string(index: number): string | undefined {
    return index === 0 ? undefined : this.#strings.get(index);
  }

  /**
   * Learns from a control transfer.
   *
   * @param copy returns the first bytes of its data
   */
  learn({ setup, status, captured }: CapturedTransfer, copy: (bytes: number) => Buffer): void {
    if (setup === undefined || status !== 'completed') {
      return;
    }
    const [requestType = 0, request = 0, index = 0, type = 0] = setup;
    switch ((requestType << 8) | request) {
      case SET_CONFIGURATION:
        this.selected = index;
        break;
      case GET_DESCRIPTOR:
        if (captured >= 2) {
          this.#learnDescriptor(type, index, captured, copy);
        }
        break;
    }
  }

  #learnDescriptor(
    type: number,
    index: number,
    captured: number,
    copy: (bytes: number) => Buffer,
  ): void {
    if (type === DESCRIPTOR_TYPE.device && captured >= DEVICE_LENGTH) {
      this.device = copy(DEVICE_LENGTH);
    } else if (type === DESCRIPTOR_TYPE.configuration && index < MAX_CONFIGURATIONS) {
      if (captured > (this.#configurations.get(index)?.length ?? 0)) {
        this.#configurations.set(index, copy(Math.min(captured, MAX_CONFIGURATION)));
      }
    } else if (type === STRING && index > 0 && this.#strings.size < MAX_STRINGS) {
      const bytes = copy(Math.min(captured, 255));
      const length = Math.min(bytes[0] ?? 0, bytes.length) & ~1;
      this.#strings.set(index, bytes.toString('utf16le', 2, Math.max(2, length)));
    }
  }
}

/** Whether there are as many bytes as wTotalLength says. */
function isComplete(bytes: Buffer): boolean {
  return bytes.readUInt16LE(2) <= bytes.length;
}
