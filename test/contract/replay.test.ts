import { describe, expect, it } from 'vitest';
import { contractCases } from './contract.js';
import { ReplayFixture } from './replay-fixture.js';

/** The rules for which a device must react to what the host sends. */
const UNRECORDABLE: readonly string[] = [
  'receives from a loopback the bytes that were sent',
  'counts the bytes accepted of cancelled OUT transfers',
  'counts the bytes accepted before a stall, and none of the queued transfers after it',
  'completes pending OUT transfers when the device is unplugged',
  'sends data that the device returns, and requests without data',
];

describe('the contract on a recording', () => {
  for (const { name, run } of contractCases) {
    it.concurrent(name, async () => {
      const error = await run(new ReplayFixture()).catch((thrown: unknown) => thrown);
      if (UNRECORDABLE.includes(name)) {
        expect(error).toBeDefined();
      } else if (error !== undefined) {
        throw error;
      }
    });
  }
});
