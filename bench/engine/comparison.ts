import { ratios, type Sample, sample } from '../sample.js';
import { type Case, isLibrary, type Path } from './case.js';
import type { Measurement } from './measure.js';

/** A case, the bytes of each run, and the measurements of each round. */
export interface Series {
  readonly wanted: Case;
  readonly bytes: number;
  readonly runs: Measurement[];
}

/** Summary of all runs of a case. */
export interface Summary extends Case {
  readonly bytes: number;
  readonly bytesPerSecond: Sample;
  readonly transfersPerSecond: Sample;
  readonly seconds: Sample;
  readonly wallSeconds: Sample;
  readonly cpuSeconds: Sample;
  readonly peakRssMib: Sample;
}

/** Rate ratios of two paths that did the same work; 1 means equally fast. */
export interface Comparison {
  readonly ours: Path;
  readonly theirs: Path;
  readonly output: Case['output'];
  readonly depth: number;
  readonly size: number;
  readonly ratio: Sample;
  /** Minimum median ratio, if there is one. */
  readonly goal: number | undefined;
}

export function summarize({ wanted, bytes, runs }: Series): Summary {
  const of = (value: (run: Measurement) => number) => sample(runs.map(value));
  return {
    ...wanted,
    bytes,
    bytesPerSecond: of(({ rate }) => rate),
    transfersPerSecond: of(({ rate }) => rate / wanted.size),
    seconds: of(({ seconds }) => seconds),
    wallSeconds: of(({ wallSeconds }) => wallSeconds),
    cpuSeconds: of(({ cpuSeconds }) => cpuSeconds),
    peakRssMib: of(({ peakRss }) => peakRss),
  };
}

/** Compares the engine with the bare loop, and its other paths with the engine. */
export function compare(all: readonly Series[]): Comparison[] {
  return all.flatMap((series) => {
    const { path: ours, output, depth, size } = series.wanted;
    const theirs = ours === 'bare' || ours === 'engine' ? 'bare' : 'engine';
    const other = all.find(
      ({ wanted }) =>
        wanted.path === theirs &&
        wanted.output === output &&
        wanted.depth === depth &&
        wanted.size === size,
    );
    if (ours === theirs || other === undefined) {
      return [];
    }
    const ratio = ratios(rates(series), rates(other));
    return [{ ours, theirs, output, depth, size, ratio, goal: goalOf(series.wanted) }];
  });
}

function rates({ runs }: Series): number[] {
  return runs.map(({ rate }) => rate);
}

/** Returns the minimum ratio for the engine over the bare loop, and for the other paths over the engine. */
function goalOf({ path, depth, size }: Case): number | undefined {
  if (path === 'command') {
    return 0.9;
  }
  if (isLibrary(path)) {
    return path === 'read' && size === 256 * 1024 ? 0.8 : undefined;
  }
  if (path === 'record') {
    return undefined; // it copies all data once more
  }
  if (path === 'strip') {
    return size === 512 ? undefined : 0.8;
  }
  return depth === 16 && (size === 4 * 1024 || size === 256 * 1024) ? 0.8 : undefined;
}
