import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChartData, ChartFile } from '../../src/cli/plot/chart-data.js';
import { writePage } from '../../src/cli/plot/page.js';
import { lacks, TOOLS_REQUIRED } from '../support/tools.js';
import { benchFile, chartData, runFile, tuneFile } from './sample.js';

const CHROMIUM = '/usr/bin/chromium';
const isMissing = lacks(CHROMIUM);
if (isMissing && !TOOLS_REQUIRED) {
  console.warn(`no ${CHROMIUM}: the tests of the page of plot are skipped`);
}

describe.skipIf(isMissing)('the page of plot in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  let browser: Browser;
  /** Of the page that is open. */
  let problems: string[] = [];
  let requests: string[] = [];
  let pages: Page[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
  }, 60_000);

  afterEach(async () => {
    for (const page of pages) {
      await page.close();
    }
    pages = [];
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  /** Writes a page into a file and opens it without a network. */
  async function open(data: ChartData, width = 1280, dark = false): Promise<Page> {
    const file = join(folder, 'page.html');
    writeFileSync(file, await writePage(data));
    return await openFile(file, width, dark);
  }

  async function openFile(file: string, width: number, dark: boolean): Promise<Page> {
    problems = [];
    requests = [];
    const page = await browser.newPage({
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
      offline: true,
    });
    pages.push(page);
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  /** Evaluates an expression in the page. */
  async function evaluate<T>(page: Page, expression: string): Promise<T> {
    return await page.evaluate<T>(expression);
  }

  /** A hash of the pixels of each chart. */
  async function drawings(page: Page): Promise<string[]> {
    const all = '[...document.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL())';
    const pixels = await evaluate<string[]>(page, all);
    return pixels.map((each) => createHash('sha256').update(each).digest('hex'));
  }

  /** The time that the charts show. */
  async function shownTime(page: Page): Promise<string> {
    return await page.locator('output').innerText();
  }

  /** Moves the mouse to a place in a chart, in shares of its width and height. */
  async function pointAt(page: Page, chart: number, x: number, y = 0.5): Promise<void> {
    const area = page.locator('.u-over').nth(chart);
    await area.scrollIntoViewIfNeeded();
    const box = await area.boundingBox();
    expect(box).not.toBeNull();
    if (box !== null) {
      await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
    }
  }

  async function drag(page: Page, from: number, to: number): Promise<void> {
    await pointAt(page, 0, from);
    await page.mouse.down();
    await pointAt(page, 0, to);
    await page.mouse.up();
  }

  it('draws the charts of a run, without an error and without a request', async () => {
    const page = await open(chartData(runFile()));
    expect(await page.locator('figure h3').allInnerTexts()).toEqual([
      'Rate, MiB/s',
      'Buffered, MiB',
      'Empty queue: time without a transfer in flight, %',
      'Transfers with a status other than completed',
    ]);
    const names = await evaluate<string[]>(
      page,
      '[...document.querySelectorAll("canvas[role=img]")].map((canvas) => canvas.ariaLabel)',
    );
    expect(names[0]).toMatch(/^Rate, MiB\/s: Median 3\d\.\d MiB\/s, lowest /);
    expect(names[3]).toMatch(/: Timed-out 9, stall 2\.$/);
    expect(await page.title()).toBe('run.jsonl \u2013 usbxfer');
    expect(problems).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('data:'))).toEqual([page.url()]);
  });

  it('zooms in all charts by dragging in one, and shows all again by a double click', async () => {
    const page = await open(chartData(runFile()));
    const all = await shownTime(page);
    const before = await drawings(page);
    await drag(page, 0.25, 0.5);
    await expect.poll(() => shownTime(page)).toMatch(/^2\.\d+ s to (4\.9|5\.0)\d* s$/);
    await expect
      .poll(async () => (await drawings(page)).filter((drawing) => before.includes(drawing)))
      .toEqual([]);
    await page.locator('.u-over').first().dblclick();
    expect(await shownTime(page)).toBe(all);
  });

  it('zooms with the keyboard', async () => {
    const page = await open(chartData(runFile()));
    const all = await shownTime(page);
    await page.getByRole('button', { name: 'Zoom in' }).focus();
    await page.keyboard.press('Enter');
    expect(await shownTime(page)).toMatch(/^2\.\d+ s to 7\.\d+ s$/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect(await shownTime(page)).toMatch(/^0\.0+ s to 4\.\d+ s$/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await shownTime(page)).toBe(all);
  });

  it('shows the values at the mouse in all charts', async () => {
    const page = await open(chartData(runFile()));
    await pointAt(page, 0, 0.4);
    const values = page.locator('.u-legend .u-series:not(.quiet) .u-value');
    await expect.poll(() => values.nth(1).innerText()).toMatch(/^3\d\.\d MiB\/s \(.* to .*\)$/);
    expect(await values.nth(0).innerText()).toMatch(
      /^(3\.9|4\.0).* s \(2026-11-29 14:03:0[34]\.\d+ UTC\)$/,
    );
    expect(await page.locator('figure').nth(1).locator('.u-value').nth(1).innerText()).toMatch(
      / [KM]iB$/,
    );
  });

  it('hides a curve with its band by its entry in the legend', async () => {
    const page = await open(chartData(runFile({ gaps: 0 })));
    const [before] = await drawings(page);
    await page.getByTitle('Show or hide').first().focus();
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await drawings(page))[0]).not.toBe(before);
    const hidden = page.locator('figure').first().locator('.u-series.u-off');
    expect(await hidden.count()).toBe(3);
    await page.keyboard.press('Space');
    await expect.poll(async () => (await drawings(page))[0]).toBe(before);
  });

  it('lists the gaps, and shows one in the charts', async () => {
    const page = await open(chartData(runFile({ gaps: 3 })));
    const rows = await page.locator('.gaps tbody tr').allInnerTexts();
    expect(rows.map((row) => row.split('\t').map((cell) => cell.trim()))).toEqual([
      ['1', 'IN', '8388608', '2.500 s', '2026-11-29 14:03:04.000', 'stall'],
      ['2', 'IN', '16777216', '5.000 s', '2026-11-29 14:03:05.000', 'overflow'],
      ['3', 'IN', '25165824', '7.500 s', '2026-11-29 14:03:06.000', 'stall'],
    ]);
    await page.getByRole('button', { name: 'Show 5.000 s' }).click();
    expect(await shownTime(page)).toMatch(/^4\.8\d* s to 5\.2?\d* s$/);
    await pointAt(page, 0, 0.5);
    await expect
      .poll(() => page.locator('figure').first().locator('.u-value').last().innerText())
      .toBe('IN at byte 16777216, overflow');
  });

  it('says how many gaps are not listed', async () => {
    const file = runFile({ gaps: 1000 });
    const page = await open(chartData({ ...file, gapCount: 1500 }));
    expect(await page.locator('.gaps tbody tr').count()).toBe(1000);
    expect(await page.locator('main').innerText()).toContain(
      '500 more gaps are neither listed nor marked.',
    );
  });

  it('draws in other colours when the colour scheme changes', async () => {
    const page = await open(chartData(runFile(), benchFile()));
    const light = await drawings(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect
      .poll(async () => (await drawings(page)).filter((drawing) => light.includes(drawing)))
      .toEqual([]);
    expect(await page.locator('canvas').count()).toBe(light.length);
    expect(await evaluate(page, 'getComputedStyle(document.body).backgroundColor')).toBe(
      'rgb(20, 23, 27)',
    );
    expect(problems).toEqual([]);
  });

  it('prints in light colours, and goes back to dark', async () => {
    const page = await open(chartData(runFile()), 1280, true);
    await evaluate(
      page,
      `addEventListener('beforeprint', () => {
        window.colour = getComputedStyle(document.documentElement).getPropertyValue('--background');
      })`,
    );
    const before = await drawings(page);
    const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
    expect(pdf.match(/\/Type\s*\/Page\b/g)?.length).toBeGreaterThan(1);
    expect(await evaluate(page, 'window.colour')).toBe('#ffffff');
    await expect.poll(() => drawings(page)).toEqual(before);
  });

  it('overlays files, which may have the same name', async () => {
    const page = await open(
      chartData(runFile(), runFile({ seed: 2, interval: 0.1 }), runFile({ name: 'b', seed: 3 })),
    );
    const labels = page.locator('figure').first().locator('.u-series:not(.quiet) .u-label');
    expect(await labels.allInnerTexts()).toEqual([
      'time',
      'run.jsonl',
      'run.jsonl (2)',
      'b',
      'gaps',
    ]);
    expect(await shownTime(page)).toMatch(/^0\.0+ s to (20\.0|19\.9)\d* s$/);
    expect(problems).toEqual([]);
  });

  it('has room for the last number beside the time axis', async () => {
    const page = await open(chartData(runFile({ buckets: 2001, interval: 49.9999, gaps: 0 })));
    const room = await evaluate<number>(
      page,
      `document.querySelector('canvas').getBoundingClientRect().right -
        document.querySelector('.u-over').getBoundingClientRect().right`,
    );
    const needed = await evaluate<number>(
      page,
      `(() => {
        const context = document.createElement('canvas').getContext('2d');
        context.font = '12px system-ui, sans-serif';
        return context.measureText('100000').width / 2;
      })()`,
    );
    expect(room).toBeGreaterThan(needed);
  });

  it('lists gaps only of runs that count them', async () => {
    const sent = { ...runFile({ name: 'sent', gaps: 0 }), gapCount: null };
    const alone = await open(chartData(sent));
    expect(await alone.locator('h2').allInnerTexts()).toEqual(['Run', 'Over time']);
    const both = await open(chartData(sent, runFile({ gaps: 0 })));
    expect(await both.locator('section').last().innerText()).toContain(
      'No gap in the data from the device.',
    );
  });

  it('shows a dash for what a file does not tell', async () => {
    const unknown = { ...runFile({ name: 'other' }), subject: '', startTime: null };
    const page = await open(chartData(runFile(), unknown));
    const rows = await page.locator('.facts tbody tr').allInnerTexts();
    expect(rows.slice(0, 2)).toEqual([
      'device\t1234:5678 0x81\t\u2013',
      'start (UTC)\t2026-11-29 14:03:00.000\t\u2013',
    ]);
  });

  it('claims no lowest rate of a summary', async () => {
    const [stream] = runFile().streams;
    const ends = { seconds: [0, 9], rateMean: [1024, 1024], rateMin: [1024, 1024] };
    const page = await open(
      chartData({
        ...runFile({ gaps: 0 }),
        kind: 'summary',
        streams: stream ? [{ ...stream, ...ends, rateMax: [2048, 2048] }] : [],
      }),
    );
    expect(await page.locator('figcaption p').first().innerText()).toBe(
      '1.00 KiB/s on average, 2.00 KiB/s peak. The band of a summary reaches from the average to the peak.',
    );
  });

  it('shows the median of each bench', async () => {
    const page = await open(chartData(benchFile('a.json', 2), benchFile('b.json', 1)));
    expect(await page.locator('figcaption p').innerText()).toBe(
      'a.json: 2 runs, median 39.0 MiB/s, lowest 38.0 MiB/s, highest 40.0 MiB/s. ' +
        'b.json: 1 run, median 38.0 MiB/s, lowest 38.0 MiB/s, highest 38.0 MiB/s.',
    );
  });

  it('shows a bar for each run of bench, and their numbers', async () => {
    const page = await open(chartData(benchFile('a.json', 4), benchFile('b.json', 3)));
    await pointAt(page, 0, 0.95);
    const values = page.locator('.u-value');
    await expect.poll(() => values.allInnerTexts()).toEqual(['3', '\u2013', '42.0 MiB/s']);
    const rows = await page.locator('.numbers tbody tr').allInnerTexts();
    expect(rows).toHaveLength(7);
    expect(rows[4]).toBe('1\tb.json\t38.0 MiB/s\t0.41 s\t6.200 ms\t7.100 ms\t12.300 ms');
    expect(problems).toEqual([]);
  });

  it('shows the candidates of tune as a grid, with the best one marked', async () => {
    const page = await open(chartData(tuneFile()));
    expect(await page.locator('.grid .best').innerText()).toMatch(
      /^best\s+36\.0 MiB\/s\s+34\.2 MiB\/s to 37\.8 MiB\/s$/,
    );
    expect(await page.locator('.grid tbody tr').last().locator('td').allInnerTexts()).toHaveLength(
      4,
    );
    expect(await page.locator('code').innerText()).toBe('--transfers 16 --transfer-size 256KiB');
    expect(problems).toEqual([]);
  });

  it.each([
    ['a summary without curves', { ...runFile({ gaps: 2 }), streams: [] }],
    ['a file without gaps', runFile({ gaps: 0 })],
    ['a single record', runFile({ buckets: 1, gaps: 1 })],
    ['a file that tells no times of gaps', withoutTimes(runFile())],
  ])('shows %s', async (_, file) => {
    const page = await open(chartData(file));
    expect(await page.locator('h2').allInnerTexts()).toContain('Gaps');
    expect(problems).toEqual([]);
  });

  it('shows hostile text as text, and runs nothing of it', async () => {
    const hostile =
      '<img src=x onerror="window.hostile=1"></script><script>window.hostile=1</script><!--<script>';
    const run = runFile();
    const [gap] = run.gaps;
    const file: ChartFile = {
      ...run,
      ...{ name: hostile, subject: hostile, facts: [[hostile, hostile]] },
      gaps: gap === undefined ? [] : [{ ...gap, cause: hostile, time: hostile }],
      streams: run.streams.map((stream) => ({
        ...stream,
        statuses: [{ status: hostile, counts: stream.seconds.map(() => 1) }],
      })),
    };
    const tune = tuneFile(hostile);
    const page = await open(
      chartData(file, file, benchFile(hostile), {
        ...tune,
        tune: tune.tune && { ...tune.tune, options: hostile, verdict: hostile },
      }),
    );
    expect(await page.locator('.facts thead th').nth(1).textContent()).toBe(hostile);
    expect(await page.locator('.u-label').allInnerTexts()).toContain(hostile);
    expect(await page.locator('code').textContent()).toBe(hostile);
    expect(await page.locator('img').count()).toBe(0);
    expect(await evaluate(page, 'window.hostile')).toBeUndefined();
    expect(problems).toEqual([]);
  });

  it('shows docs/plot.html', async () => {
    const page = await openFile(resolve('docs/plot.html'), 1280, false);
    expect(await page.locator('canvas').count()).toBe(4);
    expect(await page.locator('.gaps tbody tr').count()).toBe(2);
    expect(problems).toEqual([]);
  });

  it('runs no script but its own', async () => {
    const page = await open(chartData(runFile()));
    const injected = `(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = 1';
      document.head.append(script);
      return window.injected;
    })()`;
    expect(await evaluate(page, injected)).toBeUndefined();
    expect(problems.join()).toContain('Content Security Policy');
  });

  it.each([
    ['a run', [runFile()]],
    ['long names', [runFile({ name: 'n'.repeat(255) }), runFile({ name: 'm'.repeat(255) })]],
    ['results of bench and tune', [benchFile('a', 40), benchFile('b'), tuneFile('t'.repeat(255))]],
  ])('is not wider than a telephone: %s', async (_, files) => {
    const page = await open(chartData(...files), 400);
    const root = 'document.documentElement';
    expect(await evaluate(page, `${root}.scrollWidth <= ${root}.clientWidth`)).toBe(true);
    await page.setViewportSize({ width: 800, height: 900 });
    await page.setViewportSize({ width: 400, height: 900 });
    await expect.poll(() => evaluate(page, `${root}.scrollWidth`)).toBe(400);
  });

  it('shows 16 large files, in less than 5 MB', async () => {
    const files = Array.from({ length: 16 }, (_, i) =>
      runFile({ name: `${i}.jsonl`, seed: i + 1, buckets: 4096, interval: 0.0123, gaps: 1000 }),
    );
    const data = chartData(...files);
    const page = await open(data);
    expect(await page.locator('canvas').count()).toBe(4);
    await drag(page, 0.25, 0.5);
    await expect.poll(() => shownTime(page)).toMatch(/^1\d\.\d+ s to 2\d\.\d+ s$/);
    expect(problems).toEqual([]);
    expect(Buffer.byteLength(await writePage(data))).toBeLessThan(5e6);
  });
});

/** A run of which the file tells neither times nor places of gaps. */
function withoutTimes(file: ChartFile): ChartFile {
  const gaps = file.gaps.map((gap) => ({ ...gap, seconds: null, time: null, offset: null }));
  return { ...file, startTime: null, gaps };
}
