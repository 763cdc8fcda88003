import { type Profiler, Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';

// Optimized code counts nothing.
setFlagsFromString('--no-opt');

/** The code whose steps count. */
const SOURCE = /\/src\/(usb|cli|backends)\//;

/**
 * Counts how often the blocks of the code of usbxfer run: calls, branches and rounds of loops. Unlike
 * time, the count is the same on every machine.
 */
export async function stepsOf(work: () => Promise<unknown>): Promise<number> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    await session.post('Profiler.takePreciseCoverage'); // resets the counters
    await work();
    const { result } = await session.post('Profiler.takePreciseCoverage');
    return sum(result.filter(({ url }) => SOURCE.test(url)).flatMap(countsIn));
  } finally {
    session.disconnect();
  }
}

function countsIn({ functions }: Profiler.ScriptCoverage): number[] {
  return functions.flatMap(({ ranges }) => ranges.map(({ count }) => count));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}
