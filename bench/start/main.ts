/*
 * Measures the start time of usbxfer and compares it with Node itself. Rounds alternate, so that other
 * load on the machine affects every command: npm run bench:start -- [ROUNDS [OTHER]]. OTHER is a built
 * checkout of another version, whose start is timed as well.
 */
import { rmSync } from 'node:fs';
import { saveResults } from '../results.js';
import { type Sample, sample } from '../sample.js';
import { hyperfine } from './hyperfine.js';
import { makeDevices } from './many-devices.js';

const ROUNDS = 20;
const RUNS = 3;
const WARMUP = 1;

const [, , ROUNDS_GIVEN, OTHER] = process.argv;

const NODE = process.execPath;
const USBXFER = `${NODE} bin/usbxfer.js`;
const READ = 'read --backend virtual -d 1234:5678 --bytes 1MiB -o /dev/null -q';

const BASE = 'node -e 0';

/** A system with a thousand devices, which exists only during the benchmark. */
const DEVICES = 1000;
const MANY = makeDevices(DEVICES);

/** The commands by their names in the table, and the maximum ratio to the base for each. */
const CASES: Readonly<Record<string, { readonly command: string; readonly goal?: number }>> = {
  [BASE]: { command: `${NODE} -e 0` },
  '--version': { command: `${USBXFER} --version`, goal: 1.5 },
  list: { command: `${USBXFER} list --backend libusb`, goal: 1.5 },
  'list, 1000': {
    command: `/usr/bin/env USBXFER_SYSFS=${MANY} ${USBXFER} list --backend libusb`,
  },
  'list, virtual': { command: `${USBXFER} list --backend virtual` },
  'read 1MiB, virtual': { command: `${USBXFER} ${READ}`, goal: 1.9 },
  // What `read` costs in addition with libusb: the addon, and the search for devices.
  'node and libusb': { command: `${NODE} --import usb -e 0` },
  ...(OTHER && { 'the same, other': { command: `${NODE} ${OTHER}/bin/usbxfer.js ${READ}` } }),
};

interface Result {
  readonly name: string;
  /** Wall time in milliseconds, over all rounds. */
  readonly wall: Sample;
  /** User and system time in milliseconds: averages of the rounds. */
  readonly cpu: Sample;
  readonly wall_ratio: number;
  readonly cpu_ratio: number;
  readonly goal: number | null;
}

function measure(rounds: number): Result[] {
  const names = Object.keys(CASES);
  const samples = names.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    // Every other round runs backwards, so that no command always follows the same one.
    const order = round % 2 === 0 ? names : names.toReversed();
    const timings = hyperfine(
      order.map((name) => CASES[name]?.command ?? name),
      WARMUP,
      RUNS,
    );
    timings.forEach(({ wall, cpu }, position) => {
      const own = samples[names.indexOf(order[position] ?? '')];
      own?.wall.push(...wall.map((seconds) => seconds * 1000));
      own?.cpu.push(cpu * 1000);
    });
  }
  const summed = samples.map(({ wall, cpu }) => ({ wall: sample(wall), cpu: sample(cpu) }));
  const base = summed[names.indexOf(BASE)];
  return summed.map(({ wall, cpu }, i) => ({
    name: names[i] ?? '',
    wall,
    cpu,
    wall_ratio: wall.median / (base?.wall.median ?? Number.NaN),
    cpu_ratio: cpu.median / (base?.cpu.median ?? Number.NaN),
    goal: CASES[names[i] ?? '']?.goal ?? null,
  }));
}

function print(results: readonly Result[]): void {
  const header = ['', 'median ms', '× node', 'CPU ms', '× node', 'goal', 'runs'];
  const rows = results.map(({ name, wall, cpu, wall_ratio, cpu_ratio, goal }) => [
    name,
    wall.median.toFixed(1),
    wall_ratio.toFixed(2),
    cpu.median.toFixed(1),
    cpu_ratio.toFixed(2),
    goal === null ? '' : `≤ ${goal}`,
    String(wall.runs),
  ]);
  for (const [name = '', ...cells] of [header, ...rows]) {
    console.log([name.padEnd(18), ...cells.map((cell) => cell.padStart(9))].join('  '));
  }
}

try {
  const results = measure(Number(ROUNDS_GIVEN ?? ROUNDS));
  print(results);
  console.log(`saved as ${saveResults('start', results)}`);
} catch (error) {
  console.error(`bench:start: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(MANY, { recursive: true });
}
