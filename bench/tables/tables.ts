import { readdirSync, readFileSync } from 'node:fs';
import {
  type ComparisonResults,
  comparisonTable,
  type LatencyResults,
  latencyTable,
  settingsOf,
} from './comparison.js';
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

interface NativeResults extends ComparisonResults {
  readonly latency_summaries: LatencyResults['summaries'];
}

function nativeLatency({ latency_summaries }: NativeResults): string[] {
  return latencyTable({ summaries: latency_summaries }, 'processors');
}

/** The tables of all settings, one after the other. */
function comparisonTables(results: ComparisonResults, preposition: string): string[] {
  return settingsOf(results).flatMap((setting, index) => [
    ...(index > 0 ? [''] : []),
    ...comparisonTable(results, setting, `${setting}, ${preposition}`),
  ]);
}

/** All parts of documents that are made from the newest results. */
export function sections(): Section[] {
  const { results: simulated, machine } = newest<SimulatedResults>('simulated');
  const { results: native } = newest<NativeResults>('native');
  const { results: nativeOut } = newest<ComparisonResults>('native-out');
  const { results: kernel } = newest<ComparisonResults>('kernel');
  const { results: kernelOut } = newest<ComparisonResults>('kernel-out');
  const { results: latency } = newest<LatencyResults>('latency');
  const [README, OTHER] = ['README.md', 'bench/README.md'];
  return [
    { file: README, name: 'native', lines: comparisonTables(native, 'to') },
    { file: README, name: 'native-out', lines: comparisonTables(nativeOut, 'from') },
    { file: README, name: 'latency', lines: nativeLatency(native) },
    { file: README, name: 'super', lines: comparisonTable(kernel, 'super', 'SuperSpeed, to') },
    { file: OTHER, name: 'high', lines: comparisonTable(kernel, 'high', 'high speed, to') },
    { file: OTHER, name: 'kernel-out', lines: comparisonTables(kernelOut, 'from') },
    { file: OTHER, name: 'kernel-latency', lines: latencyTable(latency, 'speed') },
    { file: README, name: 'rate', lines: defaultRateText(simulated) },
    { file: OTHER, name: 'simulated', lines: simulatedTable(simulated) },
    { file: OTHER, name: 'round-trips', lines: roundTripText(simulated, machine.cpu) },
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
