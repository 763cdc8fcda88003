import type { Configuration, DeviceInfo } from '../../../usb/model.js';
import { type ExportedDevice, SPEED_CODES } from '../protocol/operations.js';
import { keepsCancelledData } from '../protocol/server-path.js';
import type { KnownDevice } from './descriptors.js';
import type { ListedDevice } from './operations.js';

/** The names under which servers export devices: port paths. Others are untrusted, and not shown. */
const BUS_ID = /^\d+-\d+(?:\.\d+)*$/;

/** The maximum of a bus number: it has 16 of the 32 bits of a device ID. */
const MAX_BUS = 0xffff;
const MAX_ADDRESS = 255;

/** Returns whether a client can use what a server says about a device. */
export function isUsable({ busId, bus, address }: ExportedDevice): boolean {
  return BUS_ID.test(busId) && bus <= MAX_BUS && address >= 1 && address <= MAX_ADDRESS;
}

/**
 * Returns what is known about a device in the list of a server.
 *
 * @param known what is known from its descriptors; undefined if it has not been opened
 */
export function infoOf(
  device: ExportedDevice & Partial<Pick<ListedDevice, 'interfaceClasses'>>,
  known: KnownDevice | undefined,
): DeviceInfo {
  const { configurationValue } = device;
  const { usbVersion, manufacturer, product, serial, configurations } = known ?? {};
  return {
    path: device.busId,
    bus: device.bus,
    address: device.address,
    vid: device.vid,
    pid: device.pid,
    usbVersion: usbVersion ?? 0,
    deviceClass: device.deviceClass,
    deviceSubClass: device.deviceSubClass,
    deviceProtocol: device.deviceProtocol,
    speed: SPEED_CODES[device.speed],
    manufacturer,
    product,
    serial,
    configurations: configurations ?? listedConfiguration(device),
    configurationValue: configurationValue === 0 ? undefined : configurationValue,
    cancelKeepsData: keepsCancelledData(device.path),
    ...(known === undefined ? { isPartial: true as const } : {}),
  };
}

/** The active configuration as far as the list has it. The position of an interface stands for its number. */
function listedConfiguration({
  configurationValue: value,
  interfaceClasses = [],
}: ExportedDevice & Partial<Pick<ListedDevice, 'interfaceClasses'>>): Configuration[] {
  const settings = interfaceClasses.map(
    ([interfaceClass, interfaceSubClass, interfaceProtocol], interfaceNumber) => ({
      ...{ interfaceNumber, alternateSetting: 0, endpoints: [] },
      ...{ interfaceClass, interfaceSubClass, interfaceProtocol },
    }),
  );
  return value === 0 ? [] : [{ value, settings }];
}
