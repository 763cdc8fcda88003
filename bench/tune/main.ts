/*
 * Checks that `usbxfer tune` repeats its result: see bench/README.md.
 * `npm run bench:tune -- --seeds 20 --rounds 5 --duration 30s --only pause,device,kernel`
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { output, startLab } from '../lab/start-lab.js';
import { saveResults } from '../results.js';
import { sample } from '../sample.js';

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    duration: { type: 'string', default: '30s' },
    only: { type: 'string', default: 'pause,device,kernel' },
  },
});

/** What the device sends during the longest pause of the host must be in flight. */
const RATE = 40 * 1024 ** 2;
const PAUSE = 0.03;

/** The time for one search in the kernel lab, at most, in milliseconds. */
const TIMEOUT = 600_000;

/** The part of a result that is compared. */
interface Found {
  readonly options: string;
  readonly bytes_in_flight: number;
  readonly bottleneck: string;
  readonly certain: boolean;
}

function found(json: string): Found {
  const { best, bottleneck, certain, options: words } = JSON.parse(json);
  return { options: words, bytes_in_flight: best.bytes_in_flight, bottleneck, certain };
}

/** Runs `usbxfer tune` on the virtual bus, once with each seed. */
function onVirtualBus(scenario: string): Found[] {
  return Array.from({ length: Number(options.seeds) }, (_, seed) => {
    const args = ['bin/usbxfer.js', 'tune', '-d', '1234:5678', '--backend', 'virtual', '--json'];
    const more = ['--duration', options.duration, '--scenario', `${scenario},seed=${seed}`];
    return shown(found(execFileSync(process.execPath, [...args, ...more], { encoding: 'utf8' })));
  });
}

/** Runs `usbxfer tune` on a real kernel, again and again. */
async function onKernel(): Promise<Found[]> {
  const lab = await startLab();
  try {
    await output(lab.guest, 'gadget up one sourcesink --speed high');
    const results: Found[] = [];
    const tune = `node bin/usbxfer.js tune -d 1234:5678 --ep 0x81 --duration ${options.duration} --json`;
    while (results.length < Number(options.rounds)) {
      results.push(shown(found(await output(lab.guest, tune, TIMEOUT))));
    }
    return results;
  } finally {
    await lab.stop();
  }
}

function shown(result: Found): Found {
  console.error(`${result.options}: ${result.bottleneck}`);
  return result;
}

/** Counts the results with at least half and at most twice this much in flight. */
function within(results: readonly Found[], bytes: number): string {
  const near = results.filter(
    ({ bytes_in_flight: own }) => own >= bytes / 2 && own <= bytes * 2,
  ).length;
  return `${near} of ${results.length} within one step of ${bytes.toFixed(0)} bytes in flight`;
}

const only = options.only.split(',');
const results: Record<string, { readonly verdict: string; readonly results: readonly Found[] }> =
  {};
if (only.includes('pause')) {
  const all = onVirtualBus(`rate=${RATE},host-pause=30ms/200ms`);
  results['pause'] = { verdict: within(all, RATE * PAUSE), results: all };
}
if (only.includes('device')) {
  const all = onVirtualBus('rate=5M');
  const right = all.filter(({ bottleneck }) => bottleneck === 'device').length;
  results['device'] = {
    verdict: `${right} of ${all.length} say that the device is the limit`,
    results: all,
  };
}
if (only.includes('kernel')) {
  const all = await onKernel();
  const { median } = sample(all.map(({ bytes_in_flight: bytes }) => bytes));
  results['kernel'] = { verdict: within(all, median), results: all };
}
for (const [name, { verdict }] of Object.entries(results)) {
  console.log(`${name}: ${verdict}`);
}
console.log(saveResults('tune', { options, ...results }));
