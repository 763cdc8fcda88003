/*
 * Loaded by `node --import` into a measured process. It reports resource usage on descriptor 3 at exit.
 * On Linux these are the kernel's numbers for this process alone.
 */
import { writeSync } from 'node:fs';

const REPORT = 3;

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(REPORT, JSON.stringify({ user_us: userCPUTime, system_us: systemCPUTime, maxRSS }));
});
