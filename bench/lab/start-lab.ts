import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { Guest } from '../../test/kernel/lab/guest.js';
import { startMachine } from '../../test/kernel/lab/machine.js';
import { missingRequirements } from '../../test/kernel/lab/requirements.js';

/** A booted kernel lab. */
export interface Lab {
  readonly guest: Guest;
  /** Description for the results. */
  readonly facts: LabFacts;
  stop(): Promise<void>;
}

/** Description of the lab. */
export interface LabFacts {
  readonly kernel: string;
  readonly cpus: number;
  /** The guest's model of processor. */
  readonly cpuModel: string;
  readonly qemu: string;
  /** QEMU's -accel: `tcg…` is emulation, `kvm` is not. */
  readonly accelerator: string;
}

/** Boots the kernel lab for a benchmark. Throws if a requirement is missing. */
export async function startLab(): Promise<Lab> {
  const missing = missingRequirements();
  if (missing.length > 0) {
    throw new Error(`missing: ${missing.join(', ')}; run test/kernel/install-packages.sh`);
  }
  process.env['USBXFER_LAB_CPUS'] ??= String(availableParallelism());
  const { connection, stop } = await startMachine();
  const guest = new Guest(connection);
  return { guest, facts: await learnFacts(guest), stop };
}

/** Formats the facts as one line. */
export function describeLab({ kernel, cpus, cpuModel, qemu, accelerator }: LabFacts): string {
  return `kernel ${kernel}, QEMU ${qemu} (${accelerator}), ${cpus} × ${cpuModel}`;
}

async function learnFacts(guest: Guest): Promise<LabFacts> {
  const script = `uname -r; nproc; sed -n 's/^model name.*: //p' /proc/cpuinfo`;
  const [kernel = '', cpus, cpuModel = 'unknown'] = (await output(guest, script)).split('\n');
  const qemu = execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' });
  return {
    kernel,
    cpus: Number(cpus),
    cpuModel,
    qemu: /version (\S+)/.exec(qemu)?.[1] ?? 'unknown',
    accelerator: process.env['USBXFER_LAB_ACCEL'] ?? 'tcg,thread=multi',
  };
}

/** Runs a script in the guest and returns its output. Throws if it fails. */
export async function output(guest: Guest, script: string, timeoutMs = 60_000): Promise<string> {
  const { stdout, stderr, code } = await guest.run(script, { timeoutMs });
  if (code !== 0) throw new Error(`exit code ${code} in the guest:\n${script}\n${stderr}`);
  return stdout.toString();
}
