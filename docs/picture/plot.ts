import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

// `npm run picture:plot`: writes docs/plot.html from two runs on the simulated bus, and a picture of it,
// docs/plot.png. It needs Chromium.

const USBXFER = resolve('bin/usbxfer.js');
const READ = ['read', '-d', '1234:5678', '--duration', '12s', '--interval', '200ms', '-q'];
const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));

/** Starts a run whose output is a pipe. */
function read(stats: string, ...options: string[]): ChildProcess {
  const args = [...READ, '--stats', stats, ...options];
  const env = { ...process.env, USBXFER_BACKEND: 'virtual' };
  return spawn(process.execPath, [USBXFER, ...args], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Takes all data as it comes, except in one pause. @param pause from and to, in seconds */
async function consume({ stdout }: ChildProcess, pause: readonly [number, number]): Promise<void> {
  stdout?.resume();
  await sleep(pause[0] * 1000);
  stdout?.pause();
  await sleep((pause[1] - pause[0]) * 1000);
  stdout?.resume();
}

try {
  const steady = read('steady.jsonl', '--scenario', 'rate=40M');
  await Promise.all([once(steady, 'close'), consume(steady, [0, 0])]);
  const faults = 'rate=30M,stall@60M,silence@210M=500ms,unplug@250M=1s';
  const faulty = read(
    'faults.jsonl',
    ...['--buffer', '32MiB', '--keep-going', '--reconnect', '--scenario', faults],
  );
  await Promise.all([once(faulty, 'close'), consume(faulty, [3, 5])]);
  const page = resolve('docs/plot.html');
  const plot = [USBXFER, 'plot', 'steady.jsonl', 'faults.jsonl', '--force', '-o', page];
  execFileSync(process.execPath, plot, { cwd: folder });
  await photograph(page, 'docs/plot.png');
} finally {
  rmSync(folder, { recursive: true });
}

/** Makes a picture of the upper part of a page: totals, rate and buffer. */
async function photograph(file: string, picture: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const page = await browser.newPage({ viewport: { width: 960, height: 1000 } });
  await page.goto(pathToFileURL(file).href);
  const charts = page.locator('.charts');
  const top = (await charts.boundingBox())?.y ?? 0;
  const bottom = (await page.locator('figure').nth(1).boundingBox()) ?? { y: 600, height: 300 };
  await page.screenshot({
    path: picture,
    fullPage: true,
    clip: { x: 0, y: top, width: 960, height: bottom.y + bottom.height - top },
  });
  await browser.close();
}
