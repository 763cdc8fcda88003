import { type Remedy, UsbError } from './errors.js';
import { formatEndpoint } from './format.js';
import {
  type AlternateSetting,
  activeConfiguration,
  type DeviceInfo,
  type Direction,
  directionOf,
  type EndpointDescriptor,
  type TransferType,
} from './model.js';

/** The endpoint to find: every property that is given must match. */
export interface EndpointRequest {
  readonly address?: number | undefined;
  readonly interfaceNumber?: number | undefined;
  readonly alternateSetting?: number | undefined;
}

/** The two endpoints to find, one in each direction. */
export interface PairRequest extends Omit<EndpointRequest, 'address'> {
  /** The address of the IN endpoint. */
  readonly in?: number | undefined;
  /** The address of the OUT endpoint. */
  readonly out?: number | undefined;
}

/** An endpoint, with the interface to claim and the alternate setting to select. */
export interface EndpointLocation {
  readonly interfaceNumber: number;
  readonly alternateSetting: number;
  readonly endpoint: EndpointDescriptor;
}

/** Two endpoints of one alternate setting. */
export interface EndpointPair {
  readonly in: EndpointLocation;
  readonly out: EndpointLocation;
}

/** The kind of endpoint to find. */
interface Kind {
  readonly direction: Direction;
  /** The accepted types, the preferred type first. */
  readonly types: readonly TransferType[];
  /** Completes "an endpoint to" in messages. */
  readonly purpose: string;
}

const ANY_IN: Kind = { direction: 'in', types: ['bulk', 'interrupt'], purpose: 'read from' };
const ANY_OUT: Kind = { direction: 'out', types: ['bulk', 'interrupt'], purpose: 'write to' };

/**
 * Finds the one IN endpoint of the active configuration that matches a request. Interrupt endpoints
 * count only if no bulk endpoint matches.
 *
 * If the matches are one endpoint in several alternate settings of one interface, alternate setting
 * 0 is chosen, if it is among them. Otherwise several matches are an error.
 *
 * @throws UsbError `not-found` or `ambiguous`, with the endpoints that exist
 */
export function locateIn(device: DeviceInfo, request: EndpointRequest): EndpointLocation {
  return locate(device, request, ANY_IN);
}

/**
 * Finds the one OUT endpoint that matches a request, as `locateIn` does.
 *
 * @throws UsbError `not-found` or `ambiguous`, with the endpoints that exist
 */
export function locateOut(device: DeviceInfo, request: EndpointRequest): EndpointLocation {
  return locate(device, request, ANY_OUT);
}

/**
 * Finds the one pair of endpoints that matches a request: an IN and an OUT endpoint of the same
 * alternate setting, each as `locateIn` and `locateOut` find it.
 *
 * @throws UsbError `not-found` or `ambiguous`, with the endpoints that exist
 */
export function locatePair(device: DeviceInfo, request: PairRequest): EndpointPair {
  const pairs = activeSettings(device)
    .filter((setting) => isWithin(request, setting))
    .flatMap((setting) => pairIn(device, { ...request, ...refOf(setting) }));
  const chosen = chooseDefault(pairs, ({ in: { alternateSetting, interfaceNumber } }) => ({
    alternateSetting,
    identity: interfaceNumber,
  }));
  if (chosen !== undefined) {
    return chosen;
  }
  if (pairs.length > 0) {
    const places = pairs.map((pair) => describeSetting(pair.in)).join(', ');
    throw new UsbError('ambiguous', `several pairs of endpoints match: ${places}`, {
      remedy: { kind: 'choose-endpoint-pair' },
    });
  }
  const found = bothOf(device, request); // throws if one of them does not exist
  throw new UsbError(
    'not-found',
    'no alternate setting has both endpoints: ' +
      `IN is in ${describeSetting(found.in)}, OUT in ${describeSetting(found.out)}`,
  );
}

/**
 * Returns all bulk IN endpoints of the active configuration that match a request, or all interrupt
 * IN endpoints if no bulk endpoint matches.
 */
export function inEndpoints(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  return matching(device, request, ANY_IN);
}

/** Returns the OUT endpoints that match a request, as `inEndpoints` does. */
export function outEndpoints(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  return matching(device, request, ANY_OUT);
}

function matching(device: DeviceInfo, request: EndpointRequest, kind: Kind): EndpointLocation[] {
  const settings = activeConfiguration(device)?.settings ?? [];
  return ofKind(locationsIn(settings, request), kind);
}

function locate(
  device: DeviceInfo,
  request: EndpointRequest,
  kind: Kind,
  remedy: Remedy = { kind: 'choose-endpoint' },
): EndpointLocation {
  const settings = activeSettings(device);
  if (!settings.some((setting) => isWithin(request, setting))) {
    const offer = settings.map(describeSetting).join(', ') || 'none';
    throw new UsbError('not-found', `the device has no ${describe(request)}; it has ${offer}`);
  }
  const usable = ofKind(locationsIn(settings, request), kind);
  if (usable.length === 0) {
    throw new UsbError('not-found', explainNone(settings, request, kind));
  }
  const chosen = chooseDefault(usable, ({ alternateSetting, interfaceNumber, endpoint }) => ({
    alternateSetting,
    identity: (interfaceNumber << 8) | endpoint.address,
  }));
  if (chosen === undefined) {
    throw new UsbError('ambiguous', `several endpoints match: ${describeAll(usable)}`, { remedy });
  }
  if (chosen.endpoint.maxPacketSize === 0) {
    throw new UsbError(
      'not-found',
      `${describeAll([chosen])} has wMaxPacketSize 0: it can carry no data`,
    );
  }
  return chosen;
}

/** @throws UsbError as `locateIn` and `locateOut` */
function bothOf(device: DeviceInfo, request: PairRequest): EndpointPair {
  const remedy: Remedy = { kind: 'choose-endpoint-pair' };
  return {
    in: locate(device, { ...request, address: request.in }, ANY_IN, remedy),
    out: locate(device, { ...request, address: request.out }, ANY_OUT, remedy),
  };
}

/**
 * Returns the pair of an alternate setting, or nothing if the setting lacks one of the endpoints.
 *
 * @throws UsbError `ambiguous`
 */
function pairIn(device: DeviceInfo, request: PairRequest): EndpointPair[] {
  try {
    return [bothOf(device, request)];
  } catch (error) {
    if (error instanceof UsbError && error.code === 'not-found') {
      return [];
    }
    throw error;
  }
}

/**
 * Returns the only candidate or, if all candidates have the same identity, the one in alternate
 * setting 0. Returns undefined if there is none.
 */
function chooseDefault<T>(
  candidates: readonly T[],
  keyOf: (candidate: T) => { alternateSetting: number; identity: number },
): T | undefined {
  if (candidates.length === 1) {
    return candidates[0];
  }
  const identities = new Set(candidates.map((candidate) => keyOf(candidate).identity));
  return identities.size === 1
    ? candidates.find((candidate) => keyOf(candidate).alternateSetting === 0)
    : undefined;
}

/** Returns those of the preferred type or, if there are none, those of the next type. */
function ofKind(all: readonly EndpointLocation[], { direction, types }: Kind): EndpointLocation[] {
  return types
    .map((type) =>
      all.filter(
        ({ endpoint }) => endpoint.type === type && directionOf(endpoint.address) === direction,
      ),
    )
    .reduce((preferred, next) => (preferred.length > 0 ? preferred : next));
}

/** Returns the error that a device has no active configuration: the system or a program took it. */
export function unconfiguredError(
  message: string,
  { path, configurations }: Pick<DeviceInfo, 'path' | 'configurations'>,
  cause?: unknown,
): UsbError {
  const configuration = configurations[0]?.value ?? 1;
  return new UsbError('not-found', message, {
    cause,
    remedy: { kind: 'configure', path, configuration },
  });
}

/** @throws UsbError `not-found` if the device is not configured */
function activeSettings(device: DeviceInfo): readonly AlternateSetting[] {
  const active = activeConfiguration(device);
  if (active === undefined) {
    throw unconfiguredError('the device has no configuration, so it has no interfaces', device);
  }
  return active.settings;
}

/** Returns the endpoints of all types and directions that match a request. */
function locationsIn(
  settings: readonly AlternateSetting[],
  request: EndpointRequest,
): EndpointLocation[] {
  return settings
    .filter((setting) => isWithin(request, setting))
    .flatMap((setting) => setting.endpoints.map((endpoint) => ({ ...refOf(setting), endpoint })))
    .filter(({ endpoint }) => fits(request.address, endpoint.address));
}

type SettingRef = Pick<EndpointLocation, 'interfaceNumber' | 'alternateSetting'>;

function refOf({ interfaceNumber, alternateSetting }: SettingRef): SettingRef {
  return { interfaceNumber, alternateSetting };
}

function isWithin(request: EndpointRequest, place: SettingRef): boolean {
  return (
    fits(request.interfaceNumber, place.interfaceNumber) &&
    fits(request.alternateSetting, place.alternateSetting)
  );
}

function fits<T>(wanted: T | undefined, actual: T): boolean {
  return wanted === undefined || wanted === actual;
}

/** Explains why no endpoint matches, and lists the endpoints of the wanted kind. */
function explainNone(
  settings: readonly AlternateSetting[],
  request: EndpointRequest,
  kind: Kind,
): string {
  const wanted = `${kind.types.join(' or ')} ${kind.direction.toUpperCase()}`;
  const everywhere = locationsIn(settings, {});
  const all = kind.types.flatMap((type) => ofKind(everywhere, { ...kind, types: [type] }));
  const offer = `${wanted} endpoints: ${describeAll(all) || 'none'}`;
  if (request.address === undefined) {
    return `there is no ${wanted} endpoint to ${kind.purpose}; ${offer}`;
  }
  const address = formatEndpoint(request.address);
  const [other] = locationsIn(settings, request);
  if (other === undefined) {
    return `there is no endpoint ${address}; ${offer}`;
  }
  const { type } = other.endpoint;
  const direction = directionOf(other.endpoint.address).toUpperCase();
  return `endpoint ${address} is ${type} ${direction}, not ${wanted}; ${offer}`;
}

function describe({ interfaceNumber, alternateSetting }: EndpointRequest): string {
  const words = [
    interfaceNumber === undefined ? '' : `interface ${interfaceNumber}`,
    alternateSetting === undefined ? '' : `alternate setting ${alternateSetting}`,
  ];
  return words.filter(Boolean).join(' with ') || 'interface';
}

function describeSetting({ interfaceNumber, alternateSetting }: SettingRef): string {
  return `interface ${interfaceNumber} alt ${alternateSetting}`;
}

function describeAll(locations: readonly EndpointLocation[]): string {
  return locations
    .map(
      (location) => `${formatEndpoint(location.endpoint.address)} (${describeSetting(location)})`,
    )
    .join(', ');
}
