import fc from 'fast-check';

/** One change of a conversation, at a place in thousandths of its length. */
interface Change {
  readonly kind: 'replace' | 'insert' | 'remove' | 'repeat' | 'cut';
  readonly place: number;
  readonly bytes: Uint8Array;
}

/** Bytes that are likely to be wrong as a length, a number or a command. */
const hostileBytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
  fc.constantFrom(
    ...['ffffffff', '00000000', '7fffffff', '80000000', '00100000', '00000004', 'ffffff98'].map(
      (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
    ),
  ),
);

/** Some changes of a conversation. */
export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('replace', 'replace', 'replace', 'insert', 'remove', 'repeat', 'cut'),
    place: fc.nat(999),
    bytes: hostileBytes,
  }),
  { minLength: 1, maxLength: 4 },
);

/** Applies changes, on word boundaries half of the time: most fields of the protocol are words. */
export function mutate(bytes: Buffer, list: readonly Change[]): Buffer {
  return list.reduce(apply, bytes);
}

function apply(bytes: Buffer, { kind, place, bytes: other }: Change): Buffer {
  const exact = Math.floor((bytes.length * place) / 1000);
  const at = place % 2 === 0 ? exact & ~3 : exact;
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (kind) {
    case 'replace':
      return Buffer.concat([head, other, tail.subarray(other.length)]);
    case 'insert':
      return Buffer.concat([head, other, tail]);
    case 'remove':
      return Buffer.concat([head, tail.subarray(other.length)]);
    case 'repeat':
      return Buffer.concat([head, tail.subarray(0, 48), tail]);
    case 'cut':
      return head;
  }
}
