import { INPUTS, OUTPUTS, type Place } from './places.js';
import { type Program, READERS, WRITERS } from './programs.js';

/** Which way the bytes go, as USB names it: IN is towards the host. */
export interface Direction {
  /** The results are kept under this name. */
  readonly benchmark: string;
  /** What the places are to a program; with an s, the option that chooses some. */
  readonly placeKind: 'output' | 'input';
  readonly places: readonly Place[];
  /** Ours comes first. */
  readonly programs: readonly Program[];
  /** What a program's report calls the bytes that it moved. */
  readonly count: 'bytes_written' | 'bytes_accepted';
  /** SourceSink's: 0 sends zeros; 2 does not look at what comes, which would be the slowest part. */
  readonly pattern: number;
}

export const DIRECTIONS: Readonly<Record<string, Direction>> = {
  in: {
    benchmark: 'kernel',
    placeKind: 'output',
    places: OUTPUTS,
    programs: READERS,
    count: 'bytes_written',
    pattern: 0,
  },
  out: {
    benchmark: 'kernel-out',
    placeKind: 'input',
    places: INPUTS,
    programs: WRITERS,
    count: 'bytes_accepted',
    pattern: 2,
  },
};
