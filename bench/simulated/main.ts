/*
 * Runs `usbxfer bench` on the simulated devices, which have no rate limit, with several sizes and numbers of
 * transfers: npm run bench:simulated -- [--runs N] [--duration TIME]. Then writes the tables.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { saveResults } from '../results.js';
import { CASES, type SimulatedCase, type SimulatedResult } from '../tables/simulated.js';
import { writeTables } from '../tables/write.js';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    duration: { type: 'string', default: '2s' },
  },
});

/** Runs `usbxfer bench` in a process of its own, so that no case affects the compiled code of another. */
function measure({ mode, transfers, transferSize }: SimulatedCase): SimulatedResult {
  const device = mode === 'loop' ? '1234:5679' : '1234:5678';
  const args = [
    ...['bin/usbxfer.js', 'bench', mode, '-d', device, '--backend', 'virtual', '--json'],
    ...['--transfers', `${transfers}`, '--transfer-size', `${transferSize}`],
    ...['--runs', options.runs, '--duration', options.duration],
  ];
  const output = execFileSync(process.execPath, args, { encoding: 'utf8' });
  const { transfers: depth, transfer_size, runs, summary } = JSON.parse(output);
  return { mode, transfers: depth, transfer_size, runs: runs.length, summary };
}

const cases = CASES.map((wanted, i) => {
  console.error(`case ${i + 1} of ${CASES.length}`);
  return measure(wanted);
});
const { runs, duration } = options;
console.log(saveResults('simulated', { runs: Number(runs), duration, cases }));
console.log(writeTables().join('\n'));
