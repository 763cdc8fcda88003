/*
 * Measures the cost of the engine over a bare loop with the same simulated device, and of the command
 * over the engine. `npm run bench:engine -- --help` shows the options.
 */
import { parseArgs } from 'node:util';
import { parseSize } from '../../src/usb/format.js';
import { saveResults } from '../results.js';
import { calibrate } from './calibrate.js';
import { DEPTHS, PATHS, type Path, plan, SIZES, sizeName } from './case.js';
import { compare, type Series, summarize } from './comparison.js';
import { measure } from './measure.js';
import { comparisonTable, summaryTable } from './report.js';

const HELP = `--rounds N         runs of each case (5)
--depths N,…       transfers in flight (${DEPTHS})
--sizes SIZE,…     bytes in each (${SIZES.map(sizeName)})
--only PATH,…      of ${PATHS}`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    depths: { type: 'string', default: DEPTHS.join() },
    sizes: { type: 'string', default: SIZES.join() },
    only: { type: 'string', default: PATHS.join() },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) {
  console.log(HELP);
} else {
  await main();
}

async function main(): Promise<void> {
  const [rounds = 0] = numbers(options.rounds);
  const only = options.only.split(',');
  const paths = PATHS.filter((path: Path) => only.includes(path));
  const cases = plan({ depths: numbers(options.depths), sizes: numbers(options.sizes), paths });
  if (cases.length === 0 || rounds < 1 || paths.length < only.length) {
    throw new Error(`nothing to measure. Options:\n${HELP}`);
  }
  const all: Series[] = [];
  for (const wanted of cases) {
    // The paths after the engine run the same engine, so they move as many bytes.
    const before = all.at(-1);
    const isEngine = wanted.path !== 'bare' && before !== undefined;
    const same = isEngine && wanted.path !== 'engine' && before.wanted.path !== 'bare';
    all.push({ wanted, bytes: same ? before.bytes : await calibrate(wanted), runs: [] });
    progress(`calibrated ${all.length} of ${cases.length}`);
  }
  for (let round = 1; round <= rounds; round += 1) {
    // Every other round runs backwards, so that a machine that slows down favours no case.
    for (const series of round % 2 === 1 ? all : all.toReversed()) {
      series.runs.push(await measure(series.wanted, series.bytes));
    }
    progress(`round ${round} of ${rounds}`);
  }
  const summaries = all.map(summarize);
  const comparisons = compare(all);
  console.log(`${summaryTable(summaries)}\n\n${comparisonTable(comparisons)}`);
  console.log(`\n${saveResults('engine', { rounds, summaries, comparisons })}`);
}

function numbers(list: string): number[] {
  return list.split(',').map((text) => {
    const number = parseSize(text);
    if (number === undefined || number < 1) {
      throw new Error(`not a positive whole number: ${JSON.stringify(text)}`);
    }
    return number;
  });
}

function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}
