/*
 * Loaded by `node --import` into a measured process, whichever program it is: reports on descriptor
 * 3, at the very end, what the process took. On Linux the kernel's numbers for the process alone.
 */
import { writeSync } from 'node:fs';

const REPORT = 3;

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(REPORT, JSON.stringify({ user_us: userCPUTime, system_us: systemCPUTime, maxRSS }));
});
