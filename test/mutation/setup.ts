import { vi } from 'vitest';

// Property tests run with one seed, fewer cases and no shrinking: a result that can be repeated, soon.
vi.mock('fast-check', async (importOriginal) => {
  const { default: fc } = await importOriginal<typeof import('fast-check')>();
  const assert: typeof fc.assert = (property, parameters) =>
    fc.assert(property, {
      ...parameters,
      seed: 1,
      numRuns: Math.min(parameters?.numRuns ?? 100, 40),
      endOnFailure: true,
    }) as never;
  return { ...fc, default: { ...fc, assert } };
});
