import { readdirSync, readFileSync } from 'node:fs';
import { type KernelResults, kernelTable } from './kernel.js';
import {
  defaultRateText,
  roundTripText,
  type SimulatedResults,
  simulatedTable,
} from './simulated.js';

const FOLDER = 'bench/results';

/** A file that a benchmark has stored. */
interface Stored<Results> {
  readonly machine: { readonly cpu: string };
  readonly results: Results;
}

/** Returns what the newest run of a benchmark has stored. */
function newest<Results>(benchmark: string): Stored<Results> {
  const name = new RegExp(`^\\d{4}-\\d\\d-\\d\\d-${benchmark}\\.json$`);
  const file = readdirSync(FOLDER)
    .filter((one) => name.test(one))
    .sort()
    .at(-1);
  if (file === undefined) {
    throw new Error(`there are no results of ${benchmark} in ${FOLDER}`);
  }
  return JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'));
}

/** A part of a document that is made from stored results. */
export interface Section {
  readonly file: string;
  /** The name in the comments that enclose it. */
  readonly name: string;
  /** Its lines. */
  readonly lines: readonly string[];
}

/** All parts of documents that are made from the newest results. */
export function sections(): Section[] {
  const { results: simulated, machine } = newest<SimulatedResults>('simulated');
  const { results: kernel } = newest<KernelResults>('kernel');
  return [
    { file: 'README.md', name: 'super', lines: kernelTable(kernel, 'super', 'SuperSpeed') },
    { file: 'README.md', name: 'high', lines: kernelTable(kernel, 'high', 'high speed') },
    { file: 'README.md', name: 'rate', lines: defaultRateText(simulated) },
    { file: 'bench/README.md', name: 'simulated', lines: simulatedTable(simulated) },
    { file: 'bench/README.md', name: 'round-trips', lines: roundTripText(simulated, machine.cpu) },
  ];
}

/**
 * Returns a document with a new section.
 *
 * @throws Error if the document does not have the section once
 */
export function withSection(document: string, { file, name, lines }: Section): string {
  const [start, end] = [`<!-- bench:tables ${name} -->\n`, `<!-- end of ${name} -->`];
  const [before, rest, ...more] = document.split(start);
  const at = rest?.indexOf(end) ?? -1;
  if (before === undefined || rest === undefined || more.length > 0 || at < 0) {
    throw new Error(`${file} must have one section ${name}`);
  }
  return `${before}${start}${lines.map((line) => `${line}\n`).join('')}${rest.slice(at)}`;
}
