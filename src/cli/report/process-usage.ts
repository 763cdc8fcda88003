import { readFileSync } from 'node:fs';

/** The resources that the process has used. */
export interface ProcessUsage {
  /** Processor time in microseconds, in user mode and in the kernel. */
  readonly userCPUTime: number;
  readonly systemCPUTime: number;
  /** The peak of the resident memory in bytes. */
  readonly peakMemory: number;
}

/** Returns the resources that this process has used so far. */
export function processUsage(): ProcessUsage {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { userCPUTime, systemCPUTime, peakMemory: (ownPeak() ?? maxRSS) * 1024 };
}

/**
 * Returns the peak of the resident memory in KiB; undefined if the system does not have this file. In
 * getrusage(2), Linux includes the memory of the parent that started this program (fork and execve).
 */
function ownPeak(): number | undefined {
  try {
    const status = readFileSync('/proc/self/status', 'latin1');
    const peak = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
    return peak === undefined ? undefined : Number(peak);
  } catch {
    return undefined;
  }
}
