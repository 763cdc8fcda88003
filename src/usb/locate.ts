import { type Remedy, UsbError } from './errors.js';
import { formatEndpoint } from './format.js';
import {
  activeConfiguration,
  type Configuration,
  type DeviceInfo,
  type Direction,
  directionOf,
  type EndpointDescriptor,
  findConfiguration,
  type TransferType,
} from './model.js';
import { unconfiguredError } from './preconditions.js';

/** The endpoint to find: every property that is given must match. */
export interface EndpointRequest {
  /** bConfigurationValue of the configuration that has it; the active one by default. */
  readonly configuration?: number | undefined;
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

/**
 * An endpoint, with the configuration to select, the interface to claim and the alternate setting to
 * select.
 */
export interface EndpointLocation {
  /** Undefined for the active configuration: no other one is selected then. */
  readonly configuration?: number | undefined;
  readonly interfaceNumber: number;
  readonly alternateSetting: number;
  readonly endpoint: EndpointDescriptor;
}

/** Two endpoints of one alternate setting, or of two interfaces of one configuration. */
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
 * Finds the one IN endpoint of a configuration that matches a request. Interrupt endpoints count only
 * if no bulk endpoint matches.
 *
 * If the matches are one endpoint in several alternate settings of one interface, alternate setting
 * 0 is chosen, if it is among them. Otherwise several matches are an error.
 *
 * @throws UsbError `not-found` or `ambiguous`, with the endpoints that exist, also in another
 *   configuration
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
 * Finds the one pair of endpoints that matches a request, each as `locateIn` and `locateOut` find it:
 * an IN and an OUT endpoint of the same alternate setting or, if no setting has both, of two
 * interfaces.
 *
 * @throws UsbError `not-found` or `ambiguous`, with the endpoints that exist
 */
export function locatePair(device: DeviceInfo, request: PairRequest): EndpointPair {
  const pairs = configurationFor(device, request)
    .settings.filter((setting) => isWithin(request, setting))
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
  if (found.in.interfaceNumber === found.out.interfaceNumber) {
    throw new UsbError(
      'not-found',
      'no alternate setting has both endpoints: ' +
        `IN is in ${describeSetting(found.in)}, OUT in ${describeSetting(found.out)}`,
    );
  }
  return found;
}

/**
 * Returns all bulk IN endpoints of a configuration that match a request, or all interrupt IN endpoints
 * if no bulk endpoint matches. Returns none if there is no such configuration.
 */
export function inEndpoints(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  return matching(device, request, ANY_IN);
}

/** Returns the OUT endpoints that match a request, as `inEndpoints` does. */
export function outEndpoints(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  return matching(device, request, ANY_OUT);
}

function matching(device: DeviceInfo, request: EndpointRequest, kind: Kind): EndpointLocation[] {
  const { configuration: wanted = device.configurationValue } = request;
  const found = device.configurations.find(({ value }) => value === wanted);
  return found === undefined ? [] : ofKind(locationsIn(found, request), kind);
}

function locate(
  device: DeviceInfo,
  request: EndpointRequest,
  kind: Kind,
  remedy: Remedy = { kind: 'choose-endpoint' },
): EndpointLocation {
  const configuration = configurationFor(device, request);
  const usable = ofKind(locationsIn(configuration, request), kind);
  if (usable.length === 0) {
    const other = otherConfiguration(device, configuration, request, kind);
    throw new UsbError('not-found', explainNone(configuration, request, kind) + other.text, other);
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

/**
 * Returns the configuration that a request names, by default the active one.
 *
 * @throws UsbError `not-found` if there is none
 */
function configurationFor(
  device: DeviceInfo,
  { configuration }: Pick<EndpointRequest, 'configuration'>,
): Configuration {
  if (configuration !== undefined) {
    return findConfiguration(device, configuration);
  }
  const active = activeConfiguration(device);
  if (active === undefined) {
    throw unconfiguredError('the device has no configuration, so it has no interfaces', device);
  }
  return active;
}

/** Returns the first other configuration in which an endpoint matches, as text and as a remedy. */
function otherConfiguration(
  { configurations }: DeviceInfo,
  current: Configuration,
  request: EndpointRequest,
  kind: Kind,
): { readonly text: string; readonly remedy?: Remedy } {
  for (const other of configurations) {
    const found = ofKind(locationsIn(other, request), kind);
    if (other !== current && found.length > 0) {
      return {
        text: `; configuration ${other.value} has ${describeAll(found)}`,
        remedy: { kind: 'select-configuration', value: other.value },
      };
    }
  }
  return { text: '' };
}

/** Returns the endpoints of all types and directions that match a request. */
function locationsIn({ settings }: Configuration, request: EndpointRequest): EndpointLocation[] {
  const { configuration } = request;
  return settings
    .filter((setting) => isWithin(request, setting))
    .flatMap((setting) =>
      setting.endpoints.map((endpoint) => ({ configuration, ...refOf(setting), endpoint })),
    )
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

/** Explains why no endpoint matches, and lists what there is. */
function explainNone(configuration: Configuration, request: EndpointRequest, kind: Kind): string {
  const { settings } = configuration;
  if (!settings.some((setting) => isWithin(request, setting))) {
    const offer = settings.map(describeSetting).join(', ') || 'none';
    return `the device has no ${describe(request)}; it has ${offer}`;
  }
  const wanted = `${kind.types.join(' or ')} ${kind.direction.toUpperCase()}`;
  const everywhere = locationsIn(configuration, {});
  const all = kind.types.flatMap((type) => ofKind(everywhere, { ...kind, types: [type] }));
  const offer = `${wanted} endpoints: ${describeAll(all) || 'none'}`;
  if (request.address === undefined) {
    return `there is no ${wanted} endpoint to ${kind.purpose}; ${offer}`;
  }
  const address = formatEndpoint(request.address);
  const [other] = locationsIn(configuration, request);
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
