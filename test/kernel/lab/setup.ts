import type { TestProject } from 'vitest/node';
import type { LabConnection } from './connection.js';
import { startMachine } from './machine.js';
import { missingRequirements } from './requirements.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Null if the lab is off or not installed. */
    kernelLab: LabConnection | null;
  }
}

/**
 * Boots the guest before the first kernel test and shuts it down after the last. USBXFER_KERNEL_LAB is
 * `off` to skip these tests, or `required` to fail if they cannot run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const machine = isWanted() ? await startMachine() : null;
  project.provide('kernelLab', machine?.connection ?? null);
  return async () => machine?.stop();
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
