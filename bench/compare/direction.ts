import { INPUTS, OUTPUTS, type Place } from './places.js';
import { type Program, READERS, WRITERS } from './programs.js';

/** Direction of the bytes as in USB: IN is towards the host. */
export interface Direction {
  /** End of the name under which the results are stored. */
  readonly suffix: string;
  /** Name of the places; with an s, the option that selects some. */
  readonly placeKind: 'output' | 'input';
  readonly places: readonly Place[];
  /** usbxfer comes first. */
  readonly programs: readonly Program[];
  /** Field of a program's report with the bytes that it moved. */
  readonly count: 'bytes_written' | 'bytes_accepted';
  /** SourceSink's pattern: 0 sends zeros; 2 does not check received data, which would be the slowest part. */
  readonly pattern: number;
}

export const DIRECTIONS: Readonly<Record<string, Direction>> = {
  in: {
    suffix: '',
    placeKind: 'output',
    places: OUTPUTS,
    programs: READERS,
    count: 'bytes_written',
    pattern: 0,
  },
  out: {
    suffix: '-out',
    placeKind: 'input',
    places: INPUTS,
    programs: WRITERS,
    count: 'bytes_accepted',
    pattern: 2,
  },
};
