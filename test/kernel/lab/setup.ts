import type { TestProject } from 'vitest/node';
import type { LabConnection } from './connection.js';
import { startMachine } from './machine.js';
import { missingRequirements } from './requirements.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** A guest for each worker that has a file to run; none if the lab is off or not installed. */
    kernelLab: readonly LabConnection[];
  }
}

/**
 * Boots a guest for each worker before the first kernel test and shuts them down after the last.
 * USBXFER_KERNEL_LAB is `off` to skip these tests, or `required` to fail if they cannot run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const files = project.vitest.state.getPaths().filter((path) => project.matchesTestGlob(path));
  const count = isWanted() ? Math.min(project.config.maxWorkers, files.length) : 0;
  const machines = await Promise.all(Array.from({ length: count }, (_, i) => startMachine(i + 1)));
  project.provide(
    'kernelLab',
    machines.map(({ connection }) => connection),
  );
  return async () => {
    await Promise.all(machines.map((machine) => machine.stop()));
  };
}

function isWanted(): boolean {
  const wish = process.env['USBXFER_KERNEL_LAB'];
  if (wish === 'off') return false;
  const missing = missingRequirements();
  if (missing.length === 0) return true;
  const advice = `kernel lab: ${missing.join(', ')} missing; run test/kernel/install-packages.sh`;
  if (wish === 'required') throw new Error(advice);
  console.warn(`${advice} (its tests are skipped)`);
  return false;
}
