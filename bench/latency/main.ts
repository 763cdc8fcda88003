/*
 * Measures the time from a device's write to the byte at the end of a pipe, for usbxfer and a pool in C:
 * see bench/README.md. `npm run bench:latency -- --rounds 5 --size 1000 --count 400 --every 53`
 */
import type { Guest } from '../../test/kernel/lab/guest.js';
import { compileC } from '../lab/compile-c.js';
import { describeLab, output, startLab } from '../lab/start-lab.js';
import { saveResults } from '../results.js';
import { parseOptions } from './options.js';
import { type Latencies, type Series, summarize, table } from './table.js';

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

const options = parseOptions();
const { rounds, speeds, size, count, every } = options;
compileC('bench/kernel/pool.c', { libusb: true });
compileC('bench/latency/latencies.c');

const lab = await startLab();
try {
  console.log(describeLab(lab.facts));
  console.log(`${count} messages of ${size} bytes, one each ${every} ms, ${rounds} rounds`);
  const series: Series[] = [];
  for (const speed of speeds) {
    series.push(...(await measureSpeed(lab.guest, speed)));
  }
  const summaries = series.map(summarize);
  console.log(table(summaries));
  const file = saveResults('latency', { lab: lab.facts, options, summaries, series });
  console.log(`kept in ${file}`);
} finally {
  await lab.stop();
}

/** Runs both programs in turn; each is first in every other round. */
async function measureSpeed(guest: Guest, speed: string): Promise<Series[]> {
  await output(guest, `gadget up clock ffs --speed ${speed} -- stamps ${size} forever ${every}`);
  const pairs = PROGRAMS.map(({ name, command }) => {
    const series: Series = { speed, program: name, runs: [] };
    return { command, series };
  });
  for (let round = 0; round < rounds; round += 1) {
    for (const { command, series } of round % 2 === 0 ? pairs : pairs.toReversed()) {
      const latencies = await runOnce(guest, command);
      series.runs.push(latencies);
      const { p50, p99 } = latencies;
      console.error(`${speed}, round ${round + 1}: ${series.program}: ${p50} µs, ${p99} µs`);
    }
  }
  await output(guest, 'gadget down clock');
  return pairs.map(({ series }) => series);
}

/** Runs a program until the reader at the end of its pipe closes it. */
async function runOnce(guest: Guest, command: string): Promise<Latencies> {
  const script = `
    ${command} 2>/tmp/said | build/bench/bin/latencies ${size} ${SKIP} ${count} || {
      cat /tmp/said >&2
      exit 1
    }`;
  const timeoutMs = 60_000 + 10 * (SKIP + count) * every;
  return JSON.parse(await output(guest, script, timeoutMs));
}
