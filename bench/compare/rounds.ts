import type { Direction } from './direction.js';
import type { Place } from './places.js';
import type { Program } from './programs.js';
import { type Run, runOnce, type Shell } from './run.js';
import { type Series, type Summary, summarize } from './table.js';

/** What to compare. */
export interface Comparison {
  readonly direction: Direction;
  readonly programs: readonly Program[];
  readonly places: readonly Place[];
  readonly rounds: number;
  /** Bytes of a run at a place, before the share of the program. */
  readonly bytesAt: (place: Place) => number;
}

/** The runs of one program at one place. */
interface SeriesOfPlace {
  readonly place: Place;
  readonly program: Program;
  readonly runs: Run[];
}

/** Bytes of the warm-up runs, which only load the programs. */
const WARM_UP = 256 * 1024;

/** Runs all programs in turn, with each place, in one setting. */
export async function measureRounds(
  shell: Shell,
  setting: string,
  { direction, places, programs, rounds, bytesAt }: Comparison,
): Promise<Series[]> {
  const groups: SeriesOfPlace[][] = places.map((place) =>
    programs
      .filter((program) => program.place === undefined || program.place === place.name)
      .map((program) => ({ place, program, runs: [] })),
  );
  for (const { place, program } of groups.flat()) {
    await runOnce(shell, program, place, direction, WARM_UP * program.share);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { place, program, runs } of groups.flatMap((group) => rotated(group, round))) {
      const run = await runOnce(shell, program, place, direction, bytesAt(place) * program.share);
      runs.push(run);
      progress(`${setting}, round ${round + 1}: ${program.name}, ${place.name}`, run);
    }
  }
  return groups.flat().map(({ place, program, runs }) => ({
    setting,
    place: place.name,
    program: program.name,
    runs,
  }));
}

/** Summarises each series, and compares it with that of the first program. */
export function summarizeAll(
  series: readonly Series[],
  programs: readonly Program[],
): readonly Summary[] {
  return series.map((one) =>
    summarize(
      one,
      series.find(
        ({ setting, place, program }) =>
          setting === one.setting && place === one.place && program === programs[0]?.name,
      ),
    ),
  );
}

/** Rotates a list, so that another item comes first in each round. */
function rotated<Thing>(things: readonly Thing[], round: number): Thing[] {
  const first = round % things.length;
  return [...things.slice(first), ...things.slice(0, first)];
}

function progress(what: string, { rate, wall }: Run): void {
  console.error(`${what}: ${(rate / 1024 ** 2).toFixed(2)} MiB/s, ${wall.toFixed(1)} s in total`);
}
