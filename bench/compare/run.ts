import type { Direction } from './direction.js';
import type { Place } from './places.js';
import type { Program } from './programs.js';

/** Runs a script in bash and returns its output. Throws if it fails or takes longer. */
export type Shell = (script: string, timeoutMs: number) => Promise<string>;

/** One run of one program. */
export interface Run {
  readonly bytes: number;
  /** Time from the first submission to the last byte written, or accepted by the device. */
  readonly seconds: number;
  /** Bytes per second in that time. */
  readonly rate: number;
  /** Seconds from the start of the process to its exit. */
  readonly wall: number;
  /** Processor time of the process in seconds, in user mode and in the kernel. */
  readonly cpu: number;
  /** Peak memory. */
  readonly peakBytes: number;
}

interface Measured {
  readonly wall: number;
  readonly user: number;
  readonly system: number;
  readonly peak_kib: number;
}

type Report = Readonly<Record<Direction['count'] | 'seconds', number>>;

const TIMEOUT_MS = 300_000;

/** Runs a program. Throws unless it moved exactly the requested bytes. */
export async function runOnce(
  shell: Shell,
  program: Program,
  place: Place,
  { count }: Direction,
  bytes: number,
): Promise<Run> {
  const command = `build/bench/bin/measure /tmp/measured ${program.command(bytes)} 2>/tmp/report`;
  const script = `
    set -e -o pipefail
    trap 'cat /tmp/report >&2' ERR
    ${place.script(command, bytes)}
    echo "$delivered"
    cat /tmp/measured /tmp/report`;
  const [delivered, measuredText = '', ...reportLines] = (await shell(script, TIMEOUT_MS)).split(
    '\n',
  );
  const measured: Measured = JSON.parse(measuredText);
  const report: Report = JSON.parse(reportLines.join('\n'));
  if (report[count] !== bytes || (delivered !== '' && Number(delivered) !== bytes)) {
    throw new Error(
      `${program.name}, ${place.name}: of ${bytes} bytes it moved ${report[count]}, ` +
        `and ${delivered || 'an unknown number'} arrived`,
    );
  }
  return {
    bytes,
    seconds: report.seconds,
    rate: bytes / report.seconds,
    wall: measured.wall,
    cpu: measured.user + measured.system,
    peakBytes: measured.peak_kib * 1024,
  };
}
