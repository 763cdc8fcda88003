/*
 * Compares usbxfer with other ways to read a bulk endpoint, or to write to one, on a real kernel and a
 * software bus: see bench/README.md. `npm run bench:kernel -- --direction in --rounds 5`
 */
import { execFileSync } from 'node:child_process';
import { compileC } from '../compare/compile-c.js';
import { parseComparison } from '../compare/options.js';
import { TESTUSB } from '../compare/programs.js';
import { measureRounds, summarizeAll } from '../compare/rounds.js';
import { type Series, table } from '../compare/table.js';
import { describeLab, output, startLab } from '../lab/start-lab.js';
import { saveResults } from '../results.js';

/** Speeds of the lab's bus for bulk streams, as values of `gadget --speed`. */
const SPEEDS = ['super', 'high'];

/** Enough for some seconds of streaming: under emulation, compiling JavaScript takes the first one. */
const BYTES = 512 * 1024 * 1024;

const options = parseComparison('speeds', SPEEDS, () => BYTES);
const { direction, programs, rounds, settings } = options;
compileC('bench/compare/measure.c');
compileC('bench/compare/pool.c', { libusb: true });
if (programs.some(({ name }) => name === TESTUSB)) {
  execFileSync('bench/kernel/build-testusb.sh', ['build/bench/bin/testusb'], { stdio: 'inherit' });
}

const { guest, facts, stop } = await startLab();
try {
  console.log(describeLab(facts));
  const series: Series[] = [];
  for (const speed of settings) {
    const gadget = `gadget up source sourcesink --speed ${speed} --pattern ${direction.pattern}`;
    await output(guest, gadget);
    const shell = (script: string, timeoutMs: number) => output(guest, script, timeoutMs);
    series.push(...(await measureRounds(shell, speed, options)));
    await output(guest, 'gadget down source');
  }
  const summaries = summarizeAll(series, programs);
  console.log(table(direction.placeKind, summaries));
  const results = { lab: facts, rounds, summaries, series };
  console.log(`kept in ${saveResults(`kernel${direction.suffix}`, results)}`);
} finally {
  await stop();
}
