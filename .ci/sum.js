// Adds up vitest's JSON reports, one for each Node version, and ends the run with one plain line. A
// test counts once, however many versions ran it: as failed if it failed on one of them.
import { readFileSync } from 'node:fs';

const reports = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')));

const results = new Map();
for (const { testResults } of reports) {
  const seen = new Map();
  for (const { name: file, assertionResults } of testResults) {
    for (const { fullName, status } of assertionResults) {
      // Cases of a table may share their title.
      const title = `${file}\0${fullName}`;
      const count = (seen.get(title) ?? 0) + 1;
      seen.set(title, count);
      const key = `${title}\0${count}`;
      results.set(key, [...(results.get(key) ?? []), status]);
    }
  }
}

const all = [...results.values()];
const failed = all.filter((statuses) => statuses.includes('failed'));
const passed = all.filter((statuses) => !failed.includes(statuses) && statuses.includes('passed'));
const twice = passed.filter((statuses) => statuses.filter((s) => s === 'passed').length > 1);
const skipped = all.length - failed.length - passed.length;
// A file that could not be loaded has no test that could fail.
const broken = reports.filter(({ success, numFailedTests }) => !success && numFailedTests === 0);
console.log(`${twice.length} of the tests passed on ${reports.length} versions of Node`);
console.log(`${passed.length} passed, ${failed.length + broken.length} failed, ${skipped} skipped`);
process.exitCode = failed.length + broken.length > 0 || passed.length === 0 ? 1 : 0;
