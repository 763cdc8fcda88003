import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

/** Directory of the results, relative to the checkout, in which npm scripts run. */
const FOLDER = 'bench/results';

/** Stores results with the date, the machine and the versions, and returns the name of the file. */
export function saveResults(benchmark: string, results: unknown): string {
  const date = new Date().toISOString();
  const file = `${FOLDER}/${date.slice(0, 10)}-${benchmark}.json`;
  const record = { benchmark, date, machine: machine(), versions: versions(), results };
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`);
  return file;
}

function machine() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 1024 ** 3),
    system: `${process.platform} ${process.arch}`,
  };
}

function versions() {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  return {
    usbxfer: manifest.version,
    commit: git('rev-parse', '--short', 'HEAD'),
    changed: git('status', '--porcelain', '--', 'src', 'bin', 'package.json') !== '',
    node: process.version,
    usb: lock.packages['node_modules/usb'].version,
  };
}
