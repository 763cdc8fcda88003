import { UsbError } from '../../../usb/errors.js';
import { parseDuration, parseSize } from '../../../usb/format.js';
import type { SpeedName } from '../bus/speed.js';

/** What the virtual devices do. */
export interface Scenario {
  readonly speed: SpeedName;
  /** Bytes per second on each pipe; Infinity: as fast as memory goes; `bus`: what the speed allows. */
  readonly rate: number | 'bus';
  /** What everything random depends on. */
  readonly seed: number;
  /** Bytes that all transfers in flight together may take, bookkeeping included; Infinity: no limit. */
  readonly memory: number;
  /** Bytes in a message of the counter, chosen anew for each; undefined: the stream never ends one. */
  readonly message: { readonly min: number; readonly max: number } | undefined;
  /** Whether the counter sends nothing until a control request starts it. */
  readonly startByRequest: boolean;
  /** Of what the counter sends. By offset; those of one offset in the order in which they happen. */
  readonly faults: readonly Fault<InFaultKind>[];
  /** Of what the counter takes, in the same order. */
  readonly outFaults: readonly Fault<OutFaultKind>[];
}

/** One event at an offset of a stream of the counter, see `SCENARIO_CLAUSES`. It happens once. */
export interface Fault<Kind extends FaultKind = FaultKind> {
  readonly kind: Kind;
  /** Bytes sent, or taken, before it. */
  readonly offset: number;
  /** Milliseconds; Infinity where it has no end. */
  readonly duration: number;
}

const IN_FAULT_KINDS = ['short', 'zlp', 'stall', 'error', 'babble', 'silence', 'unplug'] as const;
const OUT_FAULT_KINDS = ['stall', 'error', 'silence', 'unplug'] as const;

export type InFaultKind = (typeof IN_FAULT_KINDS)[number];
export type OutFaultKind = (typeof OUT_FAULT_KINDS)[number];
export type FaultKind = InFaultKind | OutFaultKind;

/** What the names of faults on the way out begin with. */
const OUT = 'out-';

/**
 * Every clause of the language, with what it does in whole sentences: for messages, help and
 * manuals. Settings have a `=`, faults an `@`.
 */
export const SCENARIO_CLAUSES: readonly (readonly [clause: string, meaning: string])[] = [
  ['speed=full|high|super', 'The bus speed: packets of 64, 512 or 1024 bytes. High by default.'],
  [
    'rate=SIZE[/s]|bus|unlimited',
    'Bytes per second on each endpoint; bus is what the bus speed can carry. Unlimited by default.',
  ],
  ['seed=N', 'What random choices depend on: the same scenario does the same again.'],
  [
    'memory=SIZE',
    'What all transfers in flight together may take, with the same little overhead as in the ' +
      'kernel; beyond it they are refused. Unlimited by default.',
  ],
  [
    'message=SIZE[..SIZE]',
    'The counter sends messages of that size, or of random sizes between the two, each ended by ' +
      'a short packet, or by a zero-length packet when it fills its last packet. By default its ' +
      'stream never ends.',
  ],
  [
    'start=power|request',
    'When the counter starts to send: as soon as it has power, the default, or when the vendor ' +
      'request 0x01 to the device has the value 1.',
  ],
  ['short@OFFSET', 'The message ends: a short packet, or an empty one between packets.'],
  ['zlp@OFFSET', 'A zero-length packet.'],
  ['stall@OFFSET', 'The endpoint halts.'],
  ['error@OFFSET', 'The transfer under way ends with a protocol error.'],
  ['babble@OFFSET', 'A packet that is too large; it is lost.'],
  ['silence@OFFSET[=TIME]', 'Nothing comes from there on, for a time or for ever.'],
  ['unplug@OFFSET[=TIME]', 'The device vanishes, for a time or for ever.'],
  ['out-stall@OFFSET', 'The OUT endpoint halts.'],
  ['out-error@OFFSET', 'The OUT transfer under way ends with a protocol error.'],
  ['out-silence@OFFSET[=TIME]', 'Nothing is taken from there on, for a time or for ever.'],
  ['out-unplug@OFFSET[=TIME]', 'The device vanishes, for a time or for ever.'],
];

/** Plain devices: high speed, unpaced, an endless stream without a fault. */
export const DEFAULT_SCENARIO: Scenario = {
  speed: 'high',
  rate: Number.POSITIVE_INFINITY,
  seed: 0,
  memory: Number.POSITIVE_INFINITY,
  message: undefined,
  startByRequest: false,
  faults: [],
  outFaults: [],
};

type Settings = Omit<Scenario, 'faults' | 'outFaults'>;

/** Reads the value of a setting; undefined when it is none. */
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
  message(value) {
    const [, low = '', high = low] = /^(.*?)(?:\.\.(.*))?$/.exec(value) ?? [];
    const min = parseSize(low.trim());
    const max = parseSize(high.trim());
    return min === undefined || max === undefined || min > max
      ? undefined
      : { message: { min, max } };
  },
  start: (value) =>
    value === 'power' || value === 'request' ? { startByRequest: value === 'request' } : undefined,
};

/**
 * Reads a scenario: clauses (see `SCENARIO_CLAUSES`) separated by commas or line ends; `#` starts a
 * comment; white space is free. SIZE and OFFSET as in `parseSize`, TIME as in `parseDuration`.
 *
 * @throws UsbError `invalid`, naming the first clause that is wrong
 */
export function parseScenario(text: string): Scenario {
  let settings: Settings = DEFAULT_SCENARIO;
  const given = new Set<string>();
  const faults: Fault<InFaultKind>[] = [];
  const outFaults: Fault<OutFaultKind>[] = [];
  for (const clause of clausesOf(text)) {
    const [, name = '', sign = '', value = ''] = /^([a-z-]+) ?([=@]) ?(.*)$/.exec(clause) ?? [];
    const setting = sign === '=' ? readSetting(name, value) : undefined;
    const fault = sign === '@' ? readFault(name, value, IN_FAULT_KINDS) : undefined;
    const outFault =
      sign === '@' && name.startsWith(OUT)
        ? readFault(name.slice(OUT.length), value, OUT_FAULT_KINDS)
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

function readSetting(name: string, value: string): Partial<Settings> | undefined {
  return Object.hasOwn(SETTINGS, name) ? SETTINGS[name]?.(value) : undefined;
}

function readFault<Kind extends FaultKind>(
  name: string,
  value: string,
  kinds: readonly Kind[],
): Fault<Kind> | undefined {
  const kind = kinds.find((candidate) => candidate === name);
  const [place = '', time, ...more] = value.split('=').map((part) => part.trim());
  const offset = parseSize(place);
  const timed = kind === 'silence' || kind === 'unplug';
  const duration = time === undefined ? Number.POSITIVE_INFINITY : parseDuration(time);
  const bad = more.length > 0 || (time !== undefined && !timed);
  return kind === undefined || offset === undefined || duration === undefined || bad
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
    ? `${about} is unknown; there are: ${forms.join(', ')}`
    : `${about} cannot be read; it is: ${form}`;
}
