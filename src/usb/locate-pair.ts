import type { DeviceInfo } from './backend.js';
import type { AlternateSetting } from './descriptors.js';
import { UsbError } from './errors.js';
import { type EndpointLocation, locateIn, locateOut } from './locate-endpoint.js';

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

const ADVICE = 'choose with --in, --out, --interface or --alt';

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
  for (const setting of activeSettings(device)) {
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
          ambiguity ??= new UsbError(error.code, error.message, { advice: ADVICE });
        }
      }
    }
  }
  if (ambiguity !== undefined) {
    throw ambiguity;
  }
  const [first] = pairs;
  if (first === undefined) {
    return explainNothing(device, request);
  }
  const chosen = pairs.length === 1 ? first : preferDefaultSetting(pairs);
  if (chosen === undefined) {
    const places = pairs.map((pair) => `interface ${place(pair.in)}`).join(', ');
    throw new UsbError('ambiguous', `several pairs of endpoints fit: ${places}`, {
      advice: ADVICE,
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

function activeSettings(device: DeviceInfo): readonly AlternateSetting[] {
  const active = device.configurations.find(({ value }) => value === device.activeConfiguration);
  return active?.settings ?? [];
}

/** The pair in alternate setting 0, when all of them are in one interface. */
function preferDefaultSetting(pairs: readonly EndpointPair[]): EndpointPair | undefined {
  const oneInterface = pairs.every(
    (pair) => pair.in.interfaceNumber === pairs[0]?.in.interfaceNumber,
  );
  return oneInterface ? pairs.find((pair) => pair.in.alternateSetting === 0) : undefined;
}

/** Tells which of the two is missing or, where neither is, that they are nowhere together. */
function explainNothing(device: DeviceInfo, request: PairRequest): never {
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
