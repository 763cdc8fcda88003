// Adds up vitest's JSON reports and prints one line.
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));
const sum = (name) => reports.reduce((total, report) => total + report[name], 0);
const failed = sum('numFailedTests') + reports.filter((report) => !report.success).length;
console.log(`${sum('numPassedTests')} passed, ${failed} failed, ${sum('numPendingTests')} skipped`);
process.exitCode = failed > 0 || sum('numPassedTests') === 0 ? 1 : 0;
