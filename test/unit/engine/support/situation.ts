import fc from 'fast-check';

/** Faults that cost the virtual device no byte: the engine has lost any byte that is missing. */
const fault = fc
  .tuple(
    fc.constantFrom('short', 'zlp', 'stall', 'error', 'silence', 'unplug'),
    fc.integer({ min: 0, max: 60_000 }),
  )
  .map(([kind, offset]) => {
    const time = kind === 'silence' ? '=3ms' : kind === 'unplug' ? '=10ms' : '';
    return `${kind}@${offset}${time}`;
  });

const setting = fc.constantFrom(
  'speed=high',
  'speed=super',
  'speed=full',
  'rate=20M',
  'message=700',
  'message=1..3000',
);

/** What can happen to a capture, and its options. */
export const situation = fc.record({
  faults: fc.array(fault, { maxLength: 6 }),
  setting,
  depth: fc.integer({ min: 1, max: 20 }),
  packets: fc.integer({ min: 1, max: 9 }),
  bytes: fc.option(fc.integer({ min: 1, max: 80_000 }), { nil: undefined }),
  skip: fc.option(fc.integer({ min: 1, max: 5000 }), { nil: undefined }),
  timeout: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  keepGoing: fc.option(fc.constant(50), { nil: undefined }),
  reconnect: fc.option(fc.constant(5000), { nil: undefined }),
  capacity: fc.option(fc.nat(60_000), { nil: undefined }),
  stopAfter: fc.integer({ min: 0, max: 15 }),
});
