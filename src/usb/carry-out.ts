import type { ConfigurationOptions } from './backend.js';
import {
  type ControlRequest,
  type HostRequest,
  hostRequestOf,
  interfaceOfEndpoint,
} from './control.js';
import { type AlternateSetting, type DeviceInfo, findSetting } from './model.js';
import { requireClaimed } from './preconditions.js';

/** A claimed interface, as a backend knows it. */
interface ClaimedInterface {
  readonly interfaceNumber: number;
  /** Returns whether the selected alternate setting has an endpoint. */
  has(address: number): boolean;
  select(setting: AlternateSetting): void | Promise<void>;
  clearHalt(address: number): void | Promise<void>;
}

/** A device that carries out requests. */
interface Target {
  readonly info: DeviceInfo;
  selectConfiguration(value: number, options: ConfigurationOptions): Promise<void>;
}

/**
 * Carries out a request that changes the state of the host, too, as `Device.control` does.
 *
 * @param claimed the interfaces that are claimed through this handle
 * @returns the bytes of data moved, 0; undefined for any other request, which the device answers
 * @throws UsbError `not-found`; `invalid` if the interface is not claimed; as the operations
 */
export function carryOut(
  request: ControlRequest,
  device: Target,
  claimed: readonly ClaimedInterface[],
): Promise<number> | undefined {
  const change = hostRequestOf(request);
  return change && makeChange(change, device, claimed).then(() => 0);
}

async function makeChange(
  request: HostRequest,
  device: Target,
  claimed: readonly ClaimedInterface[],
): Promise<void> {
  const byNumber = (number: number) =>
    claimed.find(({ interfaceNumber }) => interfaceNumber === number);
  switch (request.kind) {
    case 'set-configuration':
      return device.selectConfiguration(request.value, { isPermanent: true });
    case 'set-interface': {
      const { interfaceNumber, alternateSetting } = request;
      const setting = findSetting(device.info, interfaceNumber, alternateSetting);
      return requireClaimed(byNumber(interfaceNumber), interfaceNumber).select(setting);
    }
    case 'clear-halt': {
      const { address } = request;
      const number = interfaceOfEndpoint(device.info, address);
      const owner = claimed.find((one) => one.has(address)) ?? byNumber(number);
      return requireClaimed(owner, number).clearHalt(address);
    }
  }
}
