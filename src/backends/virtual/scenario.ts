import { UsbError } from '../../usb/errors.js';
import { parseDuration, parseSize } from '../../usb/format.js';
import type { DeviceEvent } from '../simulation/backend.js';
import type { HostPause } from '../simulation/bus/host-controller.js';
import { SPEEDS, type SpeedName } from '../simulation/bus/speed.js';
import { SCENARIO_CLAUSES } from './scenario-clauses.js';

/** The behaviour of the virtual devices. */
export interface Scenario {
  readonly speed: SpeedName;
  /** Bytes per second on each pipe; Infinity for no limit, `bus` for the rate of the bus speed. */
  readonly rate: number | 'bus';
  /** The seed of all random choices. */
  readonly seed: number;
  /** The memory limit of all transfers in flight in bytes, including overhead; Infinity for none. */
  readonly memory: number;
  /** When the host does nothing; undefined for never. */
  readonly pause: HostPause | undefined;
  /** The range of the size of each message in bytes; undefined for a stream without messages. */
  readonly message: { readonly min: number; readonly max: number } | undefined;
  /** Bytes at the start of each packet of the counter, before its data. Less than a packet. */
  readonly packetHeader: number;
  /** See `DeviceInfo.cancelKeepsData`. */
  readonly cancelKeepsData: boolean;
  /** The number of configurations of the counter: 1 or 2. */
  readonly configurations: number;
  /** What starts the counter: power, a vendor request, or firmware that was uploaded. */
  readonly start: 'power' | 'request' | 'firmware';
  /** Milliseconds until the counter is plugged in again; undefined for never. */
  readonly replug: number | undefined;
  /** Whether the bulk endpoints of the counter are halted at the start. */
  readonly startHalted: boolean;
  /** The bytes that the counter keeps when it is stopped, and that it has from an earlier run. */
  readonly stale: number;
  /** The bytes of the IN stream between two places where it hangs until a restart; Infinity for none. */
  readonly hangEvery: number;
  /** Faults of the IN stream by offset; faults with the same offset happen in this order. */
  readonly faults: readonly Fault<InFaultKind>[];
  /** Faults of the OUT stream, in the same order. */
  readonly outFaults: readonly Fault<OutFaultKind>[];
}

/** An event at an offset of a stream of the counter; see `SCENARIO_CLAUSES`. It happens once. */
export interface Fault<Kind extends FaultKind = FaultKind> {
  readonly kind: Kind;
  /** The bytes sent or accepted before it. */
  readonly offset: number;
  /** Milliseconds; Infinity for no end. */
  readonly duration: number;
}

/** Events of the whole device, which need no transfer. */
const DEVICE_EVENTS = ['unplug', 'deauthorize', 'reset'] as const satisfies readonly DeviceEvent[];
const IN_FAULT_KINDS = [
  ...(['short', 'zlp', 'stall', 'error', 'babble', 'drop', 'silence'] as const),
  ...DEVICE_EVENTS,
] as const;
const OUT_FAULT_KINDS = ['stall', 'error', 'silence', ...DEVICE_EVENTS] as const;

export type InFaultKind = (typeof IN_FAULT_KINDS)[number];
export type OutFaultKind = (typeof OUT_FAULT_KINDS)[number];
type FaultKind = InFaultKind | OutFaultKind;

/** The prefix of the names of OUT faults. */
const OUT = 'out-';

/** High speed, no rate limit, an endless stream without faults. */
export const DEFAULT_SCENARIO: Scenario = {
  speed: 'high',
  rate: Number.POSITIVE_INFINITY,
  seed: 0,
  memory: Number.POSITIVE_INFINITY,
  pause: undefined,
  message: undefined,
  packetHeader: 0,
  cancelKeepsData: true,
  configurations: 1,
  start: 'power',
  replug: undefined,
  startHalted: false,
  stale: 0,
  hangEvery: Number.POSITIVE_INFINITY,
  faults: [],
  outFaults: [],
};

type Settings = Omit<Scenario, 'faults' | 'outFaults'>;

/** The settings that a clause without a value turns on. */
const FLAGS: Readonly<Record<string, Partial<Settings>>> = {
  'start-halted': { startHalted: true },
};

/** Parsers of the settings; each returns undefined for an invalid value. */
const SETTINGS: Readonly<Record<string, (value: string) => Partial<Settings> | undefined>> = {
  speed: (value) =>
    value === 'full' || value === 'high' || value === 'super' ? { speed: value } : undefined,
  rate(value) {
    if (value === 'bus') {
      return { rate: value };
    }
    const rate =
      value === 'unlimited' ? Number.POSITIVE_INFINITY : parseSize(value.replace(/ ?\/ ?s$/, ''));
    return rate === undefined || rate === 0 ? undefined : { rate };
  },
  seed: (value) => (/^[0-9]{1,15}$/.test(value) ? { seed: Number(value) } : undefined),
  memory(value) {
    const memory = parseSize(value);
    return memory === undefined || memory === 0 ? undefined : { memory };
  },
  'host-pause'(value) {
    const [duration, period, ...more] = value.split('/').map((part) => parseDuration(part.trim()));
    return duration && period && duration < period && more.length === 0
      ? { pause: { duration, period } }
      : undefined;
  },
  message(value) {
    const [, low = '', high = low] = /^(.*?)(?:\.\.(.*))?$/.exec(value) ?? [];
    const min = parseSize(low.trim());
    const max = parseSize(high.trim());
    return min === undefined || max === undefined || min > max
      ? undefined
      : { message: { min, max } };
  },
  'packet-header': (value) =>
    /^[0-9]{1,4}$/.test(value) ? { packetHeader: Number(value) } : undefined,
  configurations: (value) => (/^[12]$/.test(value) ? { configurations: Number(value) } : undefined),
  start: (value) =>
    value === 'power' || value === 'request' || value === 'firmware' ? { start: value } : undefined,
  replug(value) {
    const replug = parseDuration(value);
    return replug === undefined ? undefined : { replug };
  },
  stale(value) {
    const stale = parseSize(value);
    return stale === undefined || stale === 0 ? undefined : { stale };
  },
  cancel: (value) =>
    value === 'keep' || value === 'lose' ? { cancelKeepsData: value === 'keep' } : undefined,
};

/** Parsers of the settings with a `@`, as those with a `=`. */
const PLACED_SETTINGS: typeof SETTINGS = {
  'hangs-until-reset'(value) {
    const hangEvery = parseSize(value);
    return hangEvery === undefined || hangEvery === 0 ? undefined : { hangEvery };
  },
};

/**
 * Parses a scenario: clauses (see `SCENARIO_CLAUSES`) separated by commas or line ends. `#` starts a
 * comment, and white space is ignored. SIZE and OFFSET are as in `parseSize`, TIME as in
 * `parseDuration`.
 *
 * @throws UsbError `invalid` with the first invalid clause
 */
export function parseScenario(text: string): Scenario {
  let settings: Settings = DEFAULT_SCENARIO;
  const given = new Set<string>();
  const faults: Fault<InFaultKind>[] = [];
  const outFaults: Fault<OutFaultKind>[] = [];
  for (const clause of clausesOf(text)) {
    const [, name = '', sign = '', value = ''] =
      /^([a-z-]+) ?(?:([=@]) ?(.*))?$/.exec(clause) ?? [];
    const setting = parseSetting(name, sign, value);
    const fault = sign === '@' ? parseFault(name, value, IN_FAULT_KINDS) : undefined;
    const outFault =
      sign === '@' && name.startsWith(OUT)
        ? parseFault(name.slice(OUT.length), value, OUT_FAULT_KINDS)
        : undefined;
    if (setting !== undefined && !given.has(name)) {
      given.add(name);
      settings = { ...settings, ...setting };
    } else if (fault !== undefined) {
      faults.push(fault);
    } else if (outFault !== undefined) {
      outFaults.push(outFault);
    } else {
      throw new UsbError('invalid', explain(clause, name, given));
    }
  }
  const { packetSize } = SPEEDS[settings.speed];
  if (settings.packetHeader >= packetSize) {
    throw new UsbError(
      'invalid',
      `scenario clause "packet-header=${settings.packetHeader}": packets have ${packetSize} bytes; ` +
        `give at most ${packetSize - 1}`,
    );
  }
  return { ...settings, faults: byOffset(faults), outFaults: byOffset(outFaults) };
}

function byOffset<Kind extends FaultKind>(faults: readonly Fault<Kind>[]): readonly Fault<Kind>[] {
  return faults.toSorted((a, b) => a.offset - b.offset);
}

function clausesOf(text: string): string[] {
  return text
    .replace(/#.*/g, '')
    .split(/[,\r\n]/)
    .map((clause) => clause.trim().replace(/\s+/g, ' '))
    .filter((clause) => clause !== '');
}

function parseSetting(name: string, sign: string, value: string): Partial<Settings> | undefined {
  if (sign === '') {
    return Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
  }
  const parsers = sign === '=' ? SETTINGS : PLACED_SETTINGS;
  return Object.hasOwn(parsers, name) ? parsers[name]?.(value) : undefined;
}

function parseFault<Kind extends FaultKind>(
  name: string,
  value: string,
  kinds: readonly Kind[],
): Fault<Kind> | undefined {
  const kind = kinds.find((candidate) => candidate === name);
  const [position = '', time, ...more] = value.split('=').map((part) => part.trim());
  const offset = parseSize(position);
  const hasDuration = kind === 'silence' || kind === 'unplug' || kind === 'deauthorize';
  const duration = time === undefined ? Number.POSITIVE_INFINITY : parseDuration(time);
  const isMalformed = more.length > 0 || (time !== undefined && !hasDuration);
  return kind === undefined || offset === undefined || duration === undefined || isMalformed
    ? undefined
    : { kind, offset, duration };
}

function explain(clause: string, name: string, given: ReadonlySet<string>): string {
  const about = `scenario clause ${JSON.stringify(clause)}`;
  if (given.has(name)) {
    return `${about}: ${name} is given twice`;
  }
  const forms = SCENARIO_CLAUSES.map(([form]) => form);
  const form = forms.find((candidate) => candidate.split(/[=@]/)[0] === name);
  return form === undefined
    ? `${about} is unknown; the clauses are: ${forms.join(', ')}`
    : `${about} is invalid; the form is: ${form}`;
}

function isDeviceEvent(fault: Fault): fault is Fault<DeviceEvent> {
  return DEVICE_EVENTS.some((kind) => kind === fault.kind);
}

/** The remaining faults of a stream, ordered by offset. */
export class FaultList<Kind extends FaultKind> {
  readonly #faults: Fault<Kind>[];

  /** @param faults ordered by offset */
  constructor(faults: readonly Fault<Kind>[]) {
    this.#faults = [...faults];
  }

  /** The offset of the next fault; Infinity if none remains. */
  get offset(): number {
    return this.#faults[0]?.offset ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the next fault; undefined if there is none or if it is of another kind. */
  take(kind?: Kind): Fault<Kind> | undefined {
    return kind === undefined || kind === this.#faults[0]?.kind ? this.#faults.shift() : undefined;
  }

  /** Takes the next fault if it is an event of the whole device. */
  takeDeviceEvent(): Fault<DeviceEvent> | undefined {
    const [fault] = this.#faults;
    if (fault === undefined || !isDeviceEvent(fault)) {
      return undefined;
    }
    this.#faults.shift();
    return fault;
  }
}

/**
 * Creates a deterministic random number generator (mulberry32). It returns numbers from 0 up to, but
 * not including, 1.
 *
 * @param seed any integer; its low 32 bits count
 */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
