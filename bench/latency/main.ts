/*
 * Measures the time from a device's write to the byte at the end of a pipe, for usbxfer and a pool in C:
 * see bench/README.md. `npm run bench:latency -- --rounds 5 --size 1000 --count 400 --every 53`
 */
import { compileC } from '../compare/compile-c.js';
import { describeLab, output, startLab } from '../lab/start-lab.js';
import { saveResults } from '../results.js';
import { parseOptions } from './options.js';
import { measureLatency } from './rounds.js';
import { type Series, summarize, table } from './table.js';

const options = parseOptions();
const { rounds, speeds, size, count, every } = options;
compileC('bench/compare/pool.c', { libusb: true });
compileC('bench/latency/latencies.c');

const { guest, facts, stop } = await startLab();
try {
  console.log(describeLab(facts));
  console.log(`${count} messages of ${size} bytes, one each ${every} ms, ${rounds} rounds`);
  const shell = (script: string, timeoutMs?: number) => output(guest, script, timeoutMs);
  const series: Series[] = [];
  for (const speed of speeds) {
    await shell(`gadget up clock ffs --speed ${speed} -- stamps ${size} forever ${every}`);
    series.push(...(await measureLatency(shell, speed, options)));
    await shell('gadget down clock');
  }
  const summaries = series.map(summarize);
  console.log(table(summaries));
  console.log(`kept in ${saveResults('latency', { lab: facts, options, summaries, series })}`);
} finally {
  await stop();
}
