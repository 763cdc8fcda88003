import type { Shell } from '../compare/run.js';
import type { Latencies, Series } from './table.js';

/** What the device sends, and how often it is measured. */
export interface LatencyOptions {
  readonly rounds: number;
  /** Size of a message in bytes, from 8. */
  readonly size: number;
  /** Messages of each run that count. */
  readonly count: number;
  /** Milliseconds between messages. */
  readonly every: number;
}

const PROGRAMS = [
  {
    name: 'usbxfer',
    command:
      'node bin/usbxfer.js read -d 1234:5678 --ep 0x81 --transfers 16 --transfer-size 256KiB -q',
  },
  { name: 'C pool', command: 'build/bench/bin/pool 1234:5678 81 0 unbuffered' },
];

/** Messages that do not count: the first waits for the program, and a program warms up. */
const SKIP = 50;

/** Runs both programs in turn, in one setting; each is first in every other round. */
export async function measureLatency(
  shell: Shell,
  setting: string,
  options: LatencyOptions,
): Promise<Series[]> {
  const pairs = PROGRAMS.map(({ name, command }) => {
    const series: Series = { setting, program: name, runs: [] };
    return { command, series };
  });
  for (let round = 0; round < options.rounds; round += 1) {
    for (const { command, series } of round % 2 === 0 ? pairs : pairs.toReversed()) {
      const latencies = await runOnce(shell, command, options);
      series.runs.push(latencies);
      const { p50, p99 } = latencies;
      console.error(`${setting}, round ${round + 1}: ${series.program}: ${p50} µs, ${p99} µs`);
    }
  }
  return pairs.map(({ series }) => series);
}

/** Runs a program until the reader at the end of its pipe closes it. */
async function runOnce(
  shell: Shell,
  command: string,
  { size, count, every }: LatencyOptions,
): Promise<Latencies> {
  const script = `
    ${command} 2>/tmp/said | build/bench/bin/latencies ${size} ${SKIP} ${count} || {
      cat /tmp/said >&2
      exit 1
    }`;
  return JSON.parse(await shell(script, 60_000 + 10 * (SKIP + count) * every));
}
