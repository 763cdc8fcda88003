import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Case, Output } from './case.js';

/** Measurements of one run of a case. */
export interface Measurement {
  /** Bytes per second while streaming. */
  readonly rate: number;
  /** Time from the first submission until all data was written. */
  readonly seconds: number;
  /** Time from the start of the process until it and the reader of its pipe have exited. */
  readonly wallSeconds: number;
  /** Processor time of the whole process. */
  readonly cpuSeconds: number;
  /** Peak resident memory of the process, in MiB. */
  readonly peakRss: number;
}

/** The file that every case writes, in memory, so that no disk is measured. */
const FILE = `/dev/shm/usbxfer-bench-${process.pid}`;

/** A real pipe, which Node itself cannot create, with the same reader for every case. */
const INTO_PIPE = '"$@" | cat > /dev/null';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
const REPORT_USAGE = new URL('./report-usage.js', import.meta.url).href;

/** Runs a case in a separate process, so that no other case affects its compiled code. */
export async function measure(wanted: Case, bytes: number): Promise<Measurement> {
  const command = [process.execPath, '--import', REPORT_USAGE, ...programOf(wanted, bytes)];
  const startedAt = performance.now();
  const [said, usage] = await run(command, wanted.output);
  const wallSeconds = (performance.now() - startedAt) / 1000;
  const { seconds, bytes_written, end_reason } = said.startsWith('{') ? JSON.parse(said) : {};
  if (bytes_written !== bytes || end_reason !== 'limit') {
    throw new Error(`${command.join(' ')} failed: ${said}`);
  }
  const { user_us, system_us, maxRSS } = JSON.parse(usage);
  const cpuSeconds = (user_us + system_us) / 1e6;
  return { rate: bytes / seconds, seconds, wallSeconds, cpuSeconds, peakRss: maxRSS / 1024 };
}

function programOf({ path, depth, size }: Case, bytes: number): string[] {
  if (path !== 'command') {
    return [CHILD, path, `${depth}`, `${size}`, `${bytes}`];
  }
  const from = ['read', '--backend', 'virtual', '-d', '1234:5678', '--json'];
  const how = ['--transfers', `${depth}`, '--transfer-size', `${size}`, '--bytes', `${bytes}`];
  return ['bin/usbxfer.js', ...from, ...how];
}

/** Returns the output of the process on stderr and on descriptor 3. */
async function run(command: readonly string[], output: Output): Promise<[string, string]> {
  const piped = output === 'pipe';
  const [program = '', ...args] = piped ? ['sh', '-c', INTO_PIPE, 'sh', ...command] : command;
  const stdout = piped ? 'ignore' : openSync(output === 'file' ? FILE : '/dev/null', 'w');
  try {
    const child = spawn(program, args, { stdio: ['ignore', stdout, 'pipe', 'pipe'] });
    const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const said = await Promise.all([readAll(child.stdio[2]), readAll(child.stdio[3])]);
    await ended;
    return said;
  } finally {
    if (stdout !== 'ignore') {
      closeSync(stdout);
    }
    rmSync(FILE, { force: true });
  }
}

async function readAll(stream: unknown): Promise<string> {
  if (!(stream instanceof Readable)) {
    throw new TypeError('the process has no such descriptor');
  }
  return text(stream);
}
