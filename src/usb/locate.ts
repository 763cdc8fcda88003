import { UsbError } from './errors.js';
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

/** What an endpoint has to be, the preferred type first. */
interface Kind {
  readonly direction: Direction;
  readonly types: readonly TransferType[];
  /** What it is for: to "read from" it. */
  readonly purpose: string;
}

const BULK_IN: Kind = { direction: 'in', types: ['bulk'], purpose: 'read from' };
const ANY_IN: Kind = { direction: 'in', types: ['bulk', 'interrupt'], purpose: 'read from' };
const ANY_OUT: Kind = { direction: 'out', types: ['bulk', 'interrupt'], purpose: 'write to' };

/**
 * Finds the one bulk IN endpoint that a request means, in the active configuration.
 *
 * An address that stands in several alternate settings of one interface means the setting that is
 * in force by default, 0, if it is among them; otherwise the request is ambiguous and refused.
 *
 * @throws UsbError `not-found` or `ambiguous`, naming what there is
 */
export function locateBulkIn(device: DeviceInfo, request: EndpointRequest): EndpointLocation {
  return locate(device, request, BULK_IN);
}

/**
 * Finds the one IN endpoint that a request means, as `locateBulkIn` does. An interrupt endpoint is
 * one where there is no bulk endpoint that fits.
 *
 * @throws UsbError `not-found` or `ambiguous`, naming what there is
 */
export function locateIn(device: DeviceInfo, request: EndpointRequest): EndpointLocation {
  return locate(device, request, ANY_IN);
}

/**
 * Finds the one OUT endpoint that a request means, as `locateIn` does.
 *
 * @throws UsbError `not-found` or `ambiguous`, naming what there is
 */
export function locateOut(device: DeviceInfo, request: EndpointRequest): EndpointLocation {
  return locate(device, request, ANY_OUT);
}

function locate(device: DeviceInfo, request: EndpointRequest, kind: Kind): EndpointLocation {
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
  const usable = ofKind(named, kind);
  const [first] = usable;
  if (first === undefined) {
    throw new UsbError('not-found', explainNothing(request, named, settings, kind));
  }
  const chosen = usable.length === 1 ? first : preferDefaultSetting(usable);
  if (chosen === undefined) {
    throw new UsbError('ambiguous', `several endpoints fit: ${describeLocations(usable)}`, {
      remedy: { kind: 'choose-endpoint' },
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

/** Those of the preferred type; where there are none, those of the next. */
function ofKind(all: EndpointLocation[], { direction, types }: Kind): EndpointLocation[] {
  return types
    .map((type) =>
      all.filter(
        ({ endpoint }) => endpoint.type === type && directionOf(endpoint.address) === direction,
      ),
    )
    .reduce((preferred, next) => (preferred.length > 0 ? preferred : next));
}

/** Every bulk IN endpoint that a request fits, in the active configuration if there is one. */
export function bulkInEndpoints(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  return ofKind(fittingEndpoints(device, request), BULK_IN);
}

/** Every bulk OUT endpoint that a request fits; interrupt ones where there is no bulk one. */
export function outEndpoints(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  return ofKind(fittingEndpoints(device, request), ANY_OUT);
}

function fittingEndpoints(device: DeviceInfo, request: EndpointRequest): EndpointLocation[] {
  const active = activeConfiguration(device);
  return locations(active?.settings ?? []).filter(
    ({ interfaceNumber, alternateSetting, endpoint }) =>
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
  const active = activeConfiguration(device);
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

function explainNothing(
  request: EndpointRequest,
  named: EndpointLocation[],
  settings: readonly AlternateSetting[],
  kind: Kind,
): string {
  const wanted = `${kind.types.join(' or ')} ${kind.direction.toUpperCase()}`;
  const all = kind.types.flatMap((type) => ofKind(locations(settings), { ...kind, types: [type] }));
  const offer = `${wanted} endpoints: ${all.length > 0 ? describeLocations(all) : 'none'}`;
  const [other] = named;
  if (request.address === undefined) {
    return `there is no ${wanted} endpoint to ${kind.purpose}; ${offer}`;
  }
  const address = formatEndpoint(request.address);
  return other === undefined
    ? `there is no endpoint ${address}; ${offer}`
    : `endpoint ${address} is ${describeEndpoint(other.endpoint)}, not ${wanted}; ${offer}`;
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
        `${formatEndpoint(l.endpoint.address)} (interface ${l.interfaceNumber} alt ${l.alternateSetting})`,
    )
    .join(', ');
}

function describeEndpoint({ type, address }: EndpointDescriptor): string {
  return `${type} ${directionOf(address).toUpperCase()}`;
}

/** What is known of the two endpoints that are wanted; whatever is left out is found. */
export interface PairRequest {
  readonly in?: number | undefined;
  readonly out?: number | undefined;
  readonly interfaceNumber?: number | undefined;
  readonly alternateSetting?: number | undefined;
}

/** Two endpoints of one alternate setting, one in each direction. */
export interface EndpointPair {
  readonly in: EndpointLocation;
  readonly out: EndpointLocation;
}

const REMEDY = { kind: 'choose-endpoint-pair' } as const;

/**
 * Finds the one pair of endpoints that a request means, as `locateIn` and `locateOut` do: two that
 * are there at the same time, in one alternate setting of one interface.
 *
 * @throws UsbError `not-found` or `ambiguous`, naming what there is
 */
export function locatePair(device: DeviceInfo, request: PairRequest): EndpointPair {
  const { interfaceNumber, alternateSetting } = request;
  const pairs: EndpointPair[] = [];
  let ambiguity: UsbError | undefined;
  for (const setting of settingsOf(device)) {
    if (
      setting.interfaceNumber === (interfaceNumber ?? setting.interfaceNumber) &&
      setting.alternateSetting === (alternateSetting ?? setting.alternateSetting)
    ) {
      try {
        pairs.push(pairWithin(device, request, setting));
      } catch (error) {
        if (!(error instanceof UsbError)) {
          throw error;
        }
        if (error.code === 'ambiguous') {
          ambiguity ??= new UsbError(error.code, error.message, { remedy: REMEDY });
        }
      }
    }
  }
  if (ambiguity !== undefined) {
    throw ambiguity;
  }
  const [first] = pairs;
  if (first === undefined) {
    return explainNoPair(device, request);
  }
  const chosen = pairs.length === 1 ? first : preferDefaultPair(pairs);
  if (chosen === undefined) {
    const places = pairs.map((pair) => `interface ${place(pair.in)}`).join(', ');
    throw new UsbError('ambiguous', `several pairs of endpoints fit: ${places}`, {
      remedy: REMEDY,
    });
  }
  return chosen;
}

function pairWithin(
  device: DeviceInfo,
  request: PairRequest,
  { interfaceNumber, alternateSetting }: AlternateSetting,
): EndpointPair {
  const within = { interfaceNumber, alternateSetting };
  return {
    in: locateIn(device, { address: request.in, ...within }),
    out: locateOut(device, { address: request.out, ...within }),
  };
}

function settingsOf(device: DeviceInfo): readonly AlternateSetting[] {
  const active = activeConfiguration(device);
  return active?.settings ?? [];
}

/** The pair in alternate setting 0, when all of them are in one interface. */
function preferDefaultPair(pairs: readonly EndpointPair[]): EndpointPair | undefined {
  const oneInterface = pairs.every(
    (pair) => pair.in.interfaceNumber === pairs[0]?.in.interfaceNumber,
  );
  return oneInterface ? pairs.find((pair) => pair.in.alternateSetting === 0) : undefined;
}

/** Tells which of the two is missing or, where neither is, that they are nowhere together. */
function explainNoPair(device: DeviceInfo, request: PairRequest): never {
  const { interfaceNumber, alternateSetting } = request;
  const within = { interfaceNumber, alternateSetting };
  const found = {
    in: locateIn(device, { address: request.in, ...within }),
    out: locateOut(device, { address: request.out, ...within }),
  };
  throw new UsbError(
    'not-found',
    'no alternate setting has both endpoints: ' +
      `IN is in interface ${place(found.in)}, OUT in interface ${place(found.out)}`,
  );
}

function place({ interfaceNumber, alternateSetting }: EndpointLocation): string {
  return `${interfaceNumber} alt ${alternateSetting}`;
}
