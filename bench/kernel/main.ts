/*
 * Compares usbxfer with other ways to read a bulk endpoint, or to write to one, on a real kernel and a
 * software bus: see bench/README.md. `npm run bench:kernel -- --direction in --rounds 5`
 */
import { execFileSync } from 'node:child_process';
import { compileC } from '../lab/compile-c.js';
import { describeLab, type Lab, output as outputOf, startLab } from '../lab/start-lab.js';
import { saveResults } from '../results.js';
import { type Options, parseOptions, type Speed } from './options.js';
import type { Place } from './places.js';
import { type Program, TESTUSB } from './programs.js';
import { type Run, runOnce } from './run.js';
import { type Series, summarize, table } from './table.js';

/** The runs of one program at one place. */
interface SeriesOfPlace {
  readonly place: Place;
  readonly program: Program;
  readonly runs: Run[];
}

/** Bytes of the warm-up runs, which only load the programs. */
const WARM_UP = 256 * 1024;

const options = parseOptions();
const { benchmark, placeKind, programs } = options.direction;
compileC('bench/kernel/measure.c');
compileC('bench/kernel/pool.c', { libusb: true });
if (options.programs.some(({ name }) => name === TESTUSB)) {
  execFileSync('bench/kernel/build-testusb.sh', ['build/bench/bin/testusb'], { stdio: 'inherit' });
}

const lab = await startLab();
try {
  console.log(describeLab(lab.facts));
  const series: Series[] = [];
  for (const speed of options.speeds) {
    series.push(...(await measureSpeed(lab, options, speed)));
  }
  const summaries = series.map((one) =>
    summarize(
      one,
      series.find(
        ({ speed, place, program }) =>
          speed === one.speed && place === one.place && program === programs[0]?.name,
      ),
    ),
  );
  console.log(table(placeKind, summaries));
  const file = saveResults(benchmark, {
    lab: lab.facts,
    rounds: options.rounds,
    summaries,
    series,
  });
  console.log(`kept in ${file}`);
} finally {
  await lab.stop();
}

/** Runs all programs in turn, with each place, at one speed. */
async function measureSpeed(lab: Lab, options: Options, speed: Speed): Promise<Series[]> {
  const { guest } = lab;
  const { direction, places, programs, rounds } = options;
  await outputOf(
    guest,
    `gadget up source sourcesink --speed ${speed} --pattern ${direction.pattern}`,
  );
  const groups: SeriesOfPlace[][] = places.map((place) =>
    programs
      .filter((program) => program.place === undefined || program.place === place.name)
      .map((program) => ({ place, program, runs: [] })),
  );
  for (const { place, program } of groups.flat()) {
    await runOnce(guest, program, place, direction, WARM_UP * program.share[speed]);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { place, program, runs } of groups.flatMap((group) => rotated(group, round))) {
      const bytes = options.bytes * program.share[speed];
      const run = await runOnce(guest, program, place, direction, bytes);
      runs.push(run);
      progress(`${speed}, round ${round + 1}: ${program.name}, ${place.name}`, run);
    }
  }
  await outputOf(guest, 'gadget down source');
  return groups.flat().map(({ place, program, runs }) => ({
    speed,
    place: place.name,
    program: program.name,
    runs,
  }));
}

/** Rotates a list, so that another item comes first in each round. */
function rotated<Thing>(things: readonly Thing[], round: number): Thing[] {
  const first = round % things.length;
  return [...things.slice(first), ...things.slice(0, first)];
}

function progress(what: string, { rate, wall }: Run): void {
  console.error(`${what}: ${(rate / 1e6).toFixed(2)} MB/s, ${wall.toFixed(1)} s in total`);
}
