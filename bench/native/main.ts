/*
 * Compares usbxfer with other ways to read a bulk endpoint, or to write to one, on the real processor. The
 * device is a usbfs in user space: see bench/README.md. `npm run bench:native -- --direction in --rounds 5`
 */
import { execFileSync } from 'node:child_process';
import { compileC } from '../compare/compile-c.js';
import { parseComparison } from '../compare/options.js';
import { TESTUSB } from '../compare/programs.js';
import { measureRounds, summarizeAll } from '../compare/rounds.js';
import { type Series, table } from '../compare/table.js';
import { measureLatency } from '../latency/rounds.js';
import * as latency from '../latency/table.js';
import { saveResults } from '../results.js';
import { nativeShell, PROCESSORS, settingName } from './native-shell.js';

const GIB = 1024 ** 3;

/** Bytes of a run at each place: a second or more. Files are in memory. */
const BYTES: Readonly<Record<string, number>> = { file: 2 * GIB, pipe: 4 * GIB };
const OTHER_BYTES = 16 * GIB;

/** What the device sends to measure latency: messages that are far apart. */
const MESSAGES = { size: 1000, count: 400, every: 7 };

const options = parseComparison('processors', PROCESSORS, (place) => BYTES[place] ?? OTHER_BYTES);
const { direction, rounds, settings } = options;
const programs = options.programs.filter(({ name }) => name !== TESTUSB);
if (programs.length === 0) throw new Error(`${TESTUSB} needs a kernel: npm run bench:kernel`);
compileC('bench/compare/measure.c');
compileC('bench/compare/pool.c', { libusb: true });
compileC('bench/latency/latencies.c');
compileC('bench/native/usbfs.c', { preload: true });

const series: Series[] = [];
const latencies: latency.Series[] = [];
for (const processors of settings) {
  const setting = settingName(processors);
  const comparison = { ...options, programs };
  series.push(...(await measureRounds(nativeShell(processors), setting, comparison)));
  if (direction.suffix === '') {
    const { size, every } = MESSAGES;
    const shell = nativeShell(processors, { USBFS_MESSAGES: `${size}/${every}` });
    latencies.push(...(await measureLatency(shell, setting, { rounds, ...MESSAGES })));
  }
}
const summaries = summarizeAll(series, programs);
console.log(table(direction.placeKind, summaries));
const latencySummaries = latencies.map(latency.summarize);
if (latencySummaries.length > 0) console.log(`\n${latency.table(latencySummaries)}`);
const libusb = execFileSync('pkg-config', ['--modversion', 'libusb-1.0'], { encoding: 'utf8' });
const file = saveResults(`native${direction.suffix}`, {
  libusb: libusb.trim(),
  rounds,
  summaries,
  series,
  messages: MESSAGES,
  latency_summaries: latencySummaries,
  latencies,
});
console.log(`kept in ${file}`);
