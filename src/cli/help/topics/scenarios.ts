import { SCENARIO_CLAUSES } from '../../../backends/virtual/scenario/scenario.js';
import type { Part } from '../layout.js';

/** `usbxfer help scenarios` */
export const PARTS: readonly Part[] = [
  'A scenario scripts the rates and faults of the simulated devices of --backend virtual. It is ' +
    'the argument of --scenario, for instance rate=40M,stall@1MiB, or stands in a file: ' +
    '--scenario @FILE. Its clauses are separated by commas or line ends; # starts a comment. ' +
    'SIZE and OFFSET are written like sizes, TIME like times: see usbxfer help sizes.',
  { heading: 'Settings' },
  { terms: SCENARIO_CLAUSES.filter(([clause]) => !isFault(clause)) },
  { heading: 'Faults' },
  'Each happens once, when the counter has sent OFFSET bytes; those whose names begin with out- when ' +
    'it has taken as many. It takes packets whole or not at all: what would happen within one ' +
    'happens in front of it.',
  { terms: SCENARIO_CLAUSES.filter(([clause]) => isFault(clause)) },
];

function isFault(clause: string): boolean {
  return clause.includes('@');
}
