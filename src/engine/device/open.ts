import { setTimeout as sleep } from 'node:timers/promises';
import type { Backend, ClaimOptions, Device, Endpoint, Interface } from '../../usb/backend.js';
import { type ControlRequest, interfaceToClaim } from '../../usb/control.js';
import { caught, UsbError } from '../../usb/errors.js';
import type { EndpointLocation, EndpointPair } from '../../usb/locate.js';
import type { DeviceInfo } from '../../usb/model.js';
import { POLL_INTERVAL } from './presence.js';

/** How to claim an interface, and what to do with its endpoints before the first transfer. */
export interface OpenOptions extends ClaimOptions {
  /** Whether to clear the halt of each endpoint, which a previous program may have left. */
  readonly clearHalt?: boolean | undefined;
}

/** An open device. */
export interface OpenDevice {
  readonly device: Device;

  /**
   * Releases the claimed interfaces and closes the device, which restores its configuration. Succeeds
   * if the device is gone: there is nothing to release.
   *
   * @throws UsbError
   */
  close(): Promise<void>;
}

/** A device, and an endpoint of a claimed interface. */
export interface OpenEndpoint extends OpenDevice {
  readonly endpoint: Endpoint;
}

/** A device, and an IN and an OUT endpoint of one or two claimed interfaces. */
export interface OpenEndpointPair extends OpenDevice {
  readonly in: Endpoint;
  readonly out: Endpoint;
}

/**
 * Opens a device, selects the configuration of an endpoint and claims its interface.
 *
 * @throws UsbError; the device is closed then
 */
export function openEndpoint(
  backend: Backend,
  info: DeviceInfo,
  location: EndpointLocation,
  options?: OpenOptions,
): Promise<OpenEndpoint> {
  return openAndClaim(backend, info, location.configuration, options, async (claim) => ({
    endpoint: (await claim(location)).endpoint(location.endpoint.address),
  }));
}

/**
 * Opens a device, selects the configuration of two endpoints and claims the interface of both, or one
 * interface for each.
 *
 * @throws UsbError; the device is closed then
 */
export function openEndpointPair(
  backend: Backend,
  info: DeviceInfo,
  pair: EndpointPair,
  options?: OpenOptions,
): Promise<OpenEndpointPair> {
  return openAndClaim(backend, info, pair.in.configuration, options, async (claim) => {
    const isShared = pair.in.interfaceNumber === pair.out.interfaceNumber;
    const first = await claim(pair.in);
    const second = isShared ? first : await claim(pair.out);
    return {
      in: first.endpoint(pair.in.endpoint.address),
      out: second.endpoint(pair.out.endpoint.address),
    };
  });
}

/**
 * Opens a device for control requests, selects a configuration, and claims the interfaces that the
 * requests need, if any.
 *
 * @param configuration bConfigurationValue; undefined for the active one
 * @throws UsbError; the device is closed then
 */
export async function openRecipient(
  backend: Backend,
  info: DeviceInfo,
  requests: readonly ControlRequest[],
  options?: ClaimOptions,
  configuration?: number,
): Promise<OpenDevice> {
  const configured = { ...info, configurationValue: configuration ?? info.configurationValue };
  const numbers = new Set(requests.map((request) => interfaceToClaim(configured, request)));
  return openAndClaim(backend, info, configuration, options, async (claim) => {
    for (const interfaceNumber of numbers) {
      if (interfaceNumber !== undefined) {
        // Alternate setting 0 is the current one: claiming it sends nothing to the device.
        await claim({ interfaceNumber, alternateSetting: 0 });
      }
    }
    return {};
  });
}

/** Claims an interface of the opened device. */
type Claim = (place: Omit<EndpointLocation, 'endpoint'>) => Promise<Interface>;

/**
 * Opens a device, selects a configuration and claims interfaces.
 *
 * @param configuration bConfigurationValue; undefined for the active one
 * @param claimAll claims the interfaces, and returns their endpoints
 */
async function openAndClaim<Endpoints extends Readonly<Record<string, Endpoint>>>(
  backend: Backend,
  info: DeviceInfo,
  configuration: number | undefined,
  options: OpenOptions | undefined,
  claimAll: (claim: Claim) => Promise<Endpoints>,
): Promise<OpenDevice & Endpoints> {
  const device = await backend.open(info);
  const claimed: Interface[] = [];
  const close = () => releaseAndClose(device, claimed);
  try {
    if (configuration !== undefined) {
      await device.selectConfiguration(configuration, { detachDriver: options?.detachDriver });
    }
    const endpoints = await claimAll(async ({ interfaceNumber, alternateSetting }) => {
      const one = await device.claim(interfaceNumber, alternateSetting, options);
      claimed.push(one);
      return one;
    });
    for (const endpoint of options?.clearHalt ? Object.values(endpoints) : []) {
      await endpoint.clearHalt();
    }
    return { device, close, ...endpoints };
  } catch (error) {
    await caught(close()); // the first failure is reported
    throw error;
  }
}

/**
 * Releases interfaces, the last one first: a driver that was detached from the first one may need the
 * others, too.
 *
 * @throws the first failure other than `no-device`, when the device is closed
 */
export async function releaseAndClose(
  device: Device,
  claimed: readonly Interface[],
): Promise<void> {
  const failures: Error[] = [];
  for (const one of claimed.toReversed()) {
    const error = await caught(one.release());
    const isGone = error instanceof UsbError && error.code === 'no-device';
    if (error !== undefined && !isGone && (await device.loss()) === undefined) {
      failures.push(error);
    }
  }
  const closeError = await caught(device.close());
  const failure = failures[0] ?? closeError;
  if (failure !== undefined) {
    throw failure;
  }
}

/** How long a device that was just plugged in may take until it can be opened, in milliseconds. */
const OPEN_TIMEOUT = 5000;

/**
 * Opens a device that was just plugged in, retrying for up to 5 s: libusb learns of a device, and udev
 * sets its permissions, shortly after the kernel shows it.
 *
 * @param open makes one attempt
 * @param stopped ends the attempts
 * @throws the last error of `open`
 */
export async function openWhenReady<Opened>(
  open: () => Promise<Opened>,
  stopped: AbortSignal,
): Promise<Opened> {
  const until = performance.now() + OPEN_TIMEOUT;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (performance.now() >= until || stopped.aborted) {
        throw error;
      }
      await sleep(POLL_INTERVAL);
    }
  }
}
