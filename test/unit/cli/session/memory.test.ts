import { expect, it } from 'vitest';
import { CliError } from '../../../../src/cli/errors/cli-error.js';
import { checkTransferMemory, type Queue } from '../../../../src/cli/session/memory.js';

const KIB = 1024;
const MIB = 1024 * KIB;

/** The memory limit of a system. */
function limitOf(bytes: number) {
  const raise = (wanted: number) => ({ kind: 'raise-scenario-memory', bytes: wanted }) as const;
  return { bytes, raise };
}

function rejection(queue: Queue, memory = 16 * MIB): string | undefined {
  try {
    checkTransferMemory([queue], 512, limitOf(memory));
    return undefined;
  } catch (error) {
    expect(error).toMatchObject({ code: 'no-memory' });
    return error instanceof CliError ? `${error.message}; ${error.advice}` : '';
  }
}

it.each<[Queue]>([
  [{ depth: 16, transferSize: 256 * KIB }],
  [{ depth: 63, transferSize: 256 * KIB }],
  [{ depth: 31, transferSize: 512 * KIB }],
  [{ depth: 64, transferSize: MIB, bytes: 10 * MIB }],
  [{ depth: 64, transferSize: MIB, count: 3 }],
  [{ depth: 64, transferSize: MIB, untilShort: true }],
])('accepts %o', (queue) => {
  expect(rejection(queue)).toBeUndefined();
});

it('accepts any queue without a limit', () => {
  const queue = { depth: 1024, transferSize: 256 * MIB };
  expect(() => checkTransferMemory([queue], 512, undefined)).not.toThrow();
});

it.each<[Queue, number, string]>([
  [
    { depth: 64, transferSize: MIB },
    16 * MIB,
    '64 transfers of 1 MiB need 64 MiB, but the kernel limits USB transfers to 16 MiB for all programs combined ' +
      '(usbfs_memory_mb); use --transfers 15 or --transfer-size 248KiB, or raise the limit: ' +
      'memory=69206016 in the scenario',
  ],
  [
    { depth: 32, transferSize: 512 * KIB },
    16 * MIB,
    '32 transfers of 512 KiB need a little more than 16 MiB, but the kernel limits USB transfers to 16 MiB for all ' +
      'programs combined (usbfs_memory_mb); use --transfers 31 or --transfer-size 496KiB, or raise ' +
      'the limit: memory=17301504 in the scenario',
  ],
  [
    { depth: 64, transferSize: MIB, skip: 20 * MIB, bytes: 1 },
    16 * MIB,
    '21 transfers of 1 MiB need 21 MiB, but the kernel limits USB transfers to 16 MiB for all programs combined ' +
      '(usbfs_memory_mb); use --transfers 15 or --transfer-size 756KiB, or raise the limit: ' +
      'memory=22708224 in the scenario',
  ],
  [
    { depth: 1, transferSize: 1536 },
    1000,
    '1 transfer of 1.50 KiB needs 1.50 KiB, but the kernel limits USB transfers to 1000 bytes for all programs combined ' +
      '(usbfs_memory_mb); raise the limit: memory=2048 in the scenario',
  ],
])('rejects %o and names the sizes that fit into %i bytes', (queue, memory, message) => {
  expect(rejection(queue, memory)).toBe(message);
});
