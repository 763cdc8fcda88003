import { IN_PROGRESS, type UsbPacket } from '../../pcapng/usb-packet.js';
import { setupPacket } from '../../usb/control.js';
import { DESCRIPTOR_TYPE } from '../../usb/descriptors/tree.js';
import type { DeviceInfo } from '../../usb/model.js';

/** GET_DESCRIPTOR (USB 2.0 §9.4.3). */
const GET_DESCRIPTOR = { requestType: 0x80, request: 6 } as const;

const STRING = 0x03;
const ENGLISH = 0x0409;

/** Where a device descriptor has the numbers of its strings (USB 2.0 §9.6.1). */
const STRING_FIELDS = [
  ['manufacturer', 14],
  ['product', 15],
  ['serial', 16],
] as const satisfies readonly (readonly [keyof DeviceInfo, number])[];

const DEVICE_LENGTH = 18;

/** The longest string descriptor in code units: its length is one byte. */
const MAX_STRING = 126;

/** The IDs of these packets begin here; those of transfers are smaller. */
const FIRST_ID = 1n << 63n;

const COMMENT = 'not sent: the descriptor as the system knows it';

/** One descriptor, and the wValue and wIndex with which it is requested. */
interface Requested {
  readonly value: number;
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * Returns requests for the descriptors of a device, with their answers, as if they had been sent when the
 * device was plugged in: programs that show packets know its classes then. The active configuration is the
 * last one.
 *
 * @param descriptors the device descriptor, then each complete configuration
 * @param time nanoseconds since 1970
 */
export function descriptorPackets(
  device: DeviceInfo,
  descriptors: Uint8Array,
  time: bigint,
): UsbPacket[] {
  const requested = [
    ...deviceDescriptor(descriptors),
    ...stringDescriptors(device, descriptors),
    ...configurations(device, descriptors),
  ];
  return requested.flatMap(({ value, index, bytes }, i): UsbPacket[] => {
    const packet = {
      ...({ id: FIRST_ID + BigInt(i), type: 'control', endpoint: 0x80, time } as const),
      ...{ device: device.address, bus: device.bus, length: bytes.length },
    };
    const setup = setupPacket({ ...GET_DESCRIPTOR, value, index }, bytes.length);
    const none = new Uint8Array(0);
    return [
      { ...packet, event: 'S', setup, status: IN_PROGRESS, data: none, comments: [COMMENT] },
      { ...packet, event: 'C', setup: undefined, status: 0, data: bytes, comments: [] },
    ];
  });
}

function deviceDescriptor(descriptors: Uint8Array): Requested[] {
  const bytes = descriptors.subarray(0, DEVICE_LENGTH);
  return bytes.length < DEVICE_LENGTH
    ? []
    : [{ value: DESCRIPTOR_TYPE.device << 8, index: 0, bytes }];
}

function stringDescriptors(device: DeviceInfo, descriptors: Uint8Array): Requested[] {
  return STRING_FIELDS.flatMap(([field, offset]) => {
    const text = device[field];
    const number = descriptors[offset] ?? 0;
    if (text === undefined || number === 0) {
      return [];
    }
    const units = Buffer.from(text.slice(0, MAX_STRING), 'utf16le');
    const bytes = Buffer.concat([Buffer.of(2 + units.length, STRING), units]);
    return [{ value: (STRING << 8) | number, index: ENGLISH, bytes }];
  });
}

function configurations(device: DeviceInfo, descriptors: Uint8Array): Requested[] {
  const found: { readonly isActive: boolean; readonly requested: Requested }[] = [];
  const view = new DataView(descriptors.buffer, descriptors.byteOffset, descriptors.length);
  for (let at = DEVICE_LENGTH; at + 9 <= descriptors.length; ) {
    const length = Math.max(view.getUint16(at + 2, true), 9);
    const bytes = descriptors.subarray(at, at + length);
    const value = (DESCRIPTOR_TYPE.configuration << 8) | found.length;
    found.push({
      isActive: bytes[5] === device.configurationValue,
      requested: { value, index: 0, bytes },
    });
    at += length;
  }
  return [
    ...found.filter(({ isActive }) => !isActive),
    ...found.filter(({ isActive }) => isActive),
  ].map(({ requested }) => requested);
}
