import fc from 'fast-check';
import {
  association,
  bos,
  companion,
  configuration,
  deviceBytes,
  endpoint,
  interfaceBytes,
  SYSTEM,
} from '../support/sysfs-tree.js';

/** The types of the descriptors that are decoded, and of some that are not. */
const TYPES = [0x01, 0x02, 0x03, 0x04, 0x05, 0x0b, 0x0f, 0x10, 0x24, 0x30, 0x31];

/** Values at the limits of lengths, counts, numbers and addresses. */
const EDGES = [0, 1, 2, 3, 4, 7, 9, 18, 0x7f, 0x80, 0x81, 0xfe, 0xff];

/** Bytes 0 to 5: bLength, bDescriptorType, wTotalLength and the counts and numbers after it. */
const HEAD = 5;

const byte = fc.oneof(fc.constantFrom(...EDGES), fc.nat(0xff));
const content = fc.uint8Array({ maxLength: 24 });

const endpointWithCompanions = fc
  .tuple(byte, byte, fc.nat(0xffff), fc.constantFrom(0, 1, 2), byte, content)
  .map(([address, attributes, size, kind, burst, extra]) => [
    endpoint(address, attributes, size, burst),
    ...(kind > 0 ? [companion(burst, attributes, size)] : []),
    ...(kind > 1 ? [Uint8Array.from([8, 0x31, 0, 0, 0, 1, 0, 0])] : []),
    ...(extra.length > 20 ? [Uint8Array.from([2 + extra.length, 0x24, ...extra])] : []),
  ]);

const setting = fc
  .tuple(byte, byte, byte, fc.array(endpointWithCompanions, { maxLength: 4 }))
  .map(([number, alternate, code, endpoints]) =>
    interfaceBytes(number, alternate, [code, alternate, number], ...endpoints.flat()),
  );

const validConfiguration = fc
  .tuple(byte, fc.boolean(), fc.array(setting, { maxLength: 5 }))
  .map(([value, grouped, settings]) =>
    configuration(value, ...(grouped ? [association(0, 2, value)] : []), ...settings),
  );

const validDevice = fc
  .tuple(
    fc.constantFrom(0x0110, 0x0200, 0x0210, 0x0300, 0x0320, 0xffff),
    fc.array(validConfiguration, { maxLength: 3 }),
  )
  .map(([usb, configurations]) =>
    deviceBytes({ vid: 0x1234, pid: 0x5678, usb }, ...configurations),
  );

/** Indexes and lengths are taken modulo what exists. */
const mutation = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    index: fc.nat(99),
    offset: fc.oneof(fc.nat(HEAD), fc.nat(40)),
    value: byte,
  }),
  fc.record({
    kind: fc.constant('retype' as const),
    index: fc.nat(99),
    type: fc.constantFrom(...TYPES),
  }),
  fc.record({
    kind: fc.constantFrom('truncate' as const, 'shorten' as const),
    index: fc.nat(99),
    length: fc.nat(20),
  }),
  fc.record({
    kind: fc.constantFrom('append' as const, 'lengthen' as const),
    index: fc.nat(99),
    bytes: content,
  }),
  fc.record({ kind: fc.constant('delete' as const), index: fc.nat(99) }),
  fc.record({ kind: fc.constant('repeat' as const), index: fc.nat(99), times: fc.nat(300) }),
  fc.record({ kind: fc.constant('move' as const), index: fc.nat(99), to: fc.nat(99) }),
  fc.record({
    kind: fc.constant('insert' as const),
    index: fc.nat(99),
    type: fc.constantFrom(...TYPES),
    bytes: content,
  }),
  fc.record({ kind: fc.constant('noise' as const), index: fc.nat(99), bytes: content }),
);

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

/** Changes a list of descriptors. The result needs no valid descriptor. */
function mutate(descriptors: readonly Uint8Array[], change: Mutation): Uint8Array[] {
  const index = change.index % Math.max(1, descriptors.length);
  const chosen = descriptors[index] ?? new Uint8Array();
  const replace = (...others: Uint8Array[]) => descriptors.toSpliced(index, 1, ...others);
  switch (change.kind) {
    case 'set':
      return replace(withByte(chosen, change.offset, change.value));
    case 'retype':
      return replace(withByte(chosen, 1, change.type));
    case 'truncate':
      return replace(chosen.subarray(0, change.length));
    case 'shorten':
      return replace(withLength(chosen.subarray(0, change.length)));
    case 'append':
      return replace(Buffer.concat([chosen, change.bytes]));
    case 'lengthen':
      return replace(withLength(Buffer.concat([chosen, change.bytes])));
    case 'delete':
      return replace();
    case 'repeat':
      return replace(...Array.from({ length: 1 + change.times }, () => chosen));
    case 'move':
      return replace().toSpliced(change.to % descriptors.length, 0, chosen);
    case 'insert':
      return replace(chosen, withLength(Uint8Array.from([0, change.type, ...change.bytes])));
    case 'noise':
      return replace(chosen, change.bytes);
  }
}

function withByte(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  return bytes.length === 0 ? bytes : Uint8Array.from(bytes).with(offset % bytes.length, value);
}

function withLength(bytes: Uint8Array): Uint8Array {
  return withByte(bytes, 0, bytes.length & 0xff);
}

/** Splits valid descriptors. Not by the code under test, which may have a fault. */
function split(bytes: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += bytes[at] ?? 0) {
    parts.push(bytes.subarray(at, at + (bytes[at] ?? 0)));
  }
  return parts;
}

/** Changes valid descriptors up to 6 times, and cuts some of the results at any byte. */
function hostile(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(
      valid,
      fc.array(mutation, { maxLength: 6 }),
      fc.option(fc.nat(999), { freq: 3, nil: undefined }),
    )
    .map(([bytes, mutations, cut]) => {
      const all = Buffer.concat(mutations.reduce(mutate, split(bytes)));
      return Uint8Array.from(cut === undefined ? all : all.subarray(0, cut % (all.length + 1)));
    });
}

/** Generates a device descriptor with configurations, from valid to random bytes. */
export const hostileDescriptors: fc.Arbitrary<Uint8Array> = fc.oneof(
  {
    weight: 9,
    arbitrary: hostile(
      fc.oneof(validDevice, fc.constantFrom(...SYSTEM.map(({ descriptors }) => descriptors))),
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);

/** Generates a BOS descriptor with its capabilities, from valid to random bytes. */
export const hostileBos: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 9, arbitrary: hostile(fc.constantFrom(bos(), bos(true))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
);
