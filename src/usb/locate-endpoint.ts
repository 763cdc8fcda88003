import type { DeviceInfo } from './backend.js';
import { type AlternateSetting, directionOf, type EndpointDescriptor } from './descriptors.js';
import { UsbError } from './errors.js';

/** What is known of the endpoint that is wanted; whatever is left out is found. */
export interface EndpointRequest {
  readonly address?: number | undefined;
  readonly interfaceNumber?: number | undefined;
  readonly alternateSetting?: number | undefined;
}

/** Where an endpoint is: the interface to claim and the alternate setting to select. */
export interface EndpointLocation {
  readonly interfaceNumber: number;
  readonly alternateSetting: number;
  readonly endpoint: EndpointDescriptor;
}

/**
 * Finds the one bulk IN endpoint that a request means, in the active configuration.
 *
 * An address that stands in several alternate settings of one interface means the setting that is
 * in force by default, 0, if it is among them; otherwise the request is ambiguous and refused.
 *
 * @throws UsbError `not-found` or `ambiguous`, naming what there is
 */
export function locateBulkIn(device: DeviceInfo, request: EndpointRequest): EndpointLocation {
  const settings = activeSettings(device);
  const within = settings.filter(
    (setting) =>
      fits(request.interfaceNumber, setting.interfaceNumber) &&
      fits(request.alternateSetting, setting.alternateSetting),
  );
  if (within.length === 0) {
    throw new UsbError(
      'not-found',
      `the device has no ${describeRequest(request)}; it has ${describeSettings(settings)}`,
    );
  }
  const named = locations(within).filter(({ endpoint }) => fits(request.address, endpoint.address));
  const usable = named.filter(({ endpoint }) => isBulkIn(endpoint));
  const [first] = usable;
  if (first === undefined) {
    throw new UsbError('not-found', explainNothing(request, named, settings));
  }
  const chosen = usable.length === 1 ? first : preferDefaultSetting(usable);
  if (chosen === undefined) {
    throw new UsbError('ambiguous', `several endpoints fit: ${describeLocations(usable)}`, {
      advice: 'choose with --ep, --interface or --alt',
    });
  }
  if (chosen.endpoint.maxPacketSize === 0) {
    throw new UsbError(
      'not-found',
      `${describeLocations([chosen])} has wMaxPacketSize 0: it can carry no data`,
    );
  }
  return chosen;
}

/** Every bulk IN endpoint that a request fits, in the active configuration if there is one. */
export function bulkInEndpoints(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  const active = device.configurations.find(({ value }) => value === device.activeConfiguration);
  return locations(active?.settings ?? []).filter(
    ({ interfaceNumber, alternateSetting, endpoint }) =>
      isBulkIn(endpoint) &&
      fits(request.address, endpoint.address) &&
      fits(request.interfaceNumber, interfaceNumber) &&
      fits(request.alternateSetting, alternateSetting),
  );
}

/** The only candidate in alternate setting 0, when all of them are the same endpoint. */
function preferDefaultSetting(candidates: EndpointLocation[]): EndpointLocation | undefined {
  const [first] = candidates;
  const oneEndpoint = candidates.every(
    (candidate) =>
      candidate.endpoint.address === first?.endpoint.address &&
      candidate.interfaceNumber === first.interfaceNumber,
  );
  return oneEndpoint ? candidates.find((candidate) => candidate.alternateSetting === 0) : undefined;
}

function activeSettings(device: DeviceInfo): readonly AlternateSetting[] {
  const active = device.configurations.find(({ value }) => value === device.activeConfiguration);
  if (active === undefined) {
    throw new UsbError('not-found', 'the device is not configured: it has no interfaces yet');
  }
  return active.settings;
}

function locations(settings: readonly AlternateSetting[]): EndpointLocation[] {
  return settings.flatMap(({ interfaceNumber, alternateSetting, endpoints }) =>
    endpoints.map((endpoint) => ({ interfaceNumber, alternateSetting, endpoint })),
  );
}

function fits<T>(wanted: T | undefined, actual: T): boolean {
  return wanted === undefined || wanted === actual;
}

function isBulkIn({ type, address }: EndpointDescriptor): boolean {
  return type === 'bulk' && directionOf(address) === 'in';
}

function explainNothing(
  request: EndpointRequest,
  named: EndpointLocation[],
  settings: readonly AlternateSetting[],
): string {
  const all = locations(settings).filter(({ endpoint }) => isBulkIn(endpoint));
  const offer = `bulk IN endpoints: ${all.length > 0 ? describeLocations(all) : 'none'}`;
  const [other] = named;
  if (request.address === undefined) {
    return `there is no bulk IN endpoint to read from; ${offer}`;
  }
  const address = formatAddress(request.address);
  return other === undefined
    ? `there is no endpoint ${address}; ${offer}`
    : `endpoint ${address} is ${describeEndpoint(other.endpoint)}, not bulk IN; ${offer}`;
}

function describeRequest({ interfaceNumber, alternateSetting }: EndpointRequest): string {
  const words: string[] = [];
  if (interfaceNumber !== undefined) {
    words.push(`interface ${interfaceNumber}`);
  }
  if (alternateSetting !== undefined) {
    words.push(`alternate setting ${alternateSetting}`);
  }
  return words.join(' with ') || 'interface';
}

function describeSettings(settings: readonly AlternateSetting[]): string {
  return (
    settings.map((s) => `interface ${s.interfaceNumber} alt ${s.alternateSetting}`).join(', ') ||
    'none'
  );
}

function describeLocations(locations: readonly EndpointLocation[]): string {
  return locations
    .map(
      (l) =>
        `${formatAddress(l.endpoint.address)} (interface ${l.interfaceNumber} alt ${l.alternateSetting})`,
    )
    .join(', ');
}

function describeEndpoint({ type, address }: EndpointDescriptor): string {
  return `${type} ${directionOf(address).toUpperCase()}`;
}

function formatAddress(address: number): string {
  return `0x${address.toString(16).padStart(2, '0')}`;
}
