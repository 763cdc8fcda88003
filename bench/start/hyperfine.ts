import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** hyperfine's measurements of one command: seconds for each run. */
export interface Timing {
  readonly wall: readonly number[];
  /** Sum of user and system time, averaged over the runs. */
  readonly cpu: number;
}

/**
 * Measures commands one after another, without a shell (hyperfine -N).
 *
 * @throws Error with one line if hyperfine is missing or fails
 */
export function hyperfine(commands: readonly string[], warmup: number, runs: number): Timing[] {
  const folder = mkdtempSync(join(tmpdir(), 'usbxfer-start-'));
  const file = join(folder, 'timings.json');
  try {
    // -i: without a bus, `list` prints a message and exits with a code other than 0.
    const options = ['-N', '-i', '--style', 'none', '--export-json', file];
    const counts = ['--warmup', String(warmup), '--runs', String(runs)];
    const { error, status, stderr } = spawnSync('hyperfine', [...options, ...counts, ...commands], {
      encoding: 'utf8',
    });
    if (error !== undefined) {
      throw new Error('there is no hyperfine: install it (Debian: apt install hyperfine)');
    }
    if (status !== 0) {
      throw new Error(`hyperfine failed: ${stderr.trim()}`);
    }
    const report: { results: { times: number[]; user: number; system: number }[] } = JSON.parse(
      readFileSync(file, 'utf8'),
    );
    return report.results.map(({ times, user, system }) => ({ wall: times, cpu: user + system }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
