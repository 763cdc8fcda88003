import { describe, expect, it } from 'vitest';
import { violations } from '../../../process/schema.js';
import { usbxfer } from '../../../support/run-command.js';

const TUNE = ['tune', '1234:5678', '--duration', '1ms'];

describe('usbxfer tune', () => {
  it('measures the candidates that fit into the memory, and says what was discarded', async () => {
    const scenario = ['--scenario', 'memory=140KiB,rate=bus'];
    const { stdout, stderr, code } = await usbxfer([...TUNE, ...scenario, '--json']);
    expect([stderr, code]).toEqual(['', 0]);
    const record = JSON.parse(stdout);
    expect(violations('tune')(record)).toBeUndefined();
    expect(record).toMatchObject({
      ...{ endpoint: '0x82', bus_bytes_per_second: 53_248_000, rounds: 1, certain: false },
      candidates: [
        { transfers: 4, transfer_size: 16_384, bytes_in_flight: 65_536, runs: 1 },
        { transfers: 8, transfer_size: 16_384, bytes_in_flight: 131_072, runs: 1 },
      ],
    });
    expect(record.bytes_discarded).toBeGreaterThan(0);
    expect(record.options).toBe(`--transfers ${record.best.transfers} --transfer-size 16KiB`);
  });

  it('prints a bar for each candidate, and the options to copy in the last line', async () => {
    const { stdout, code } = await usbxfer([...TUNE, '--scenario', 'memory=140KiB,rate=bus'], {
      LC_ALL: 'C',
    });
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ {3}transfers +in flight +rate +min +max$/);
    expect(lines.filter((line) => /^[* ] {2}\d+ x 16\.0 KiB .*#/.test(line))).toHaveLength(2);
    expect(lines.filter((line) => line.startsWith('*'))).toHaveLength(1);
    expect(stdout).toContain('of data from the device were read and discarded');
    expect(lines.at(-1)).toMatch(/^--transfers [48] --transfer-size 16KiB$/);
  });

  it.each([
    ['device', 'rate=1M'],
    ['host', 'rate=unlimited'],
  ])('says that the %s is the limit with %s, even after short runs', async (limit, rate) => {
    const scenario = ['--scenario', `memory=140KiB,${rate}`];
    const { stdout } = await usbxfer([...TUNE, ...scenario, '--json']);
    expect(JSON.parse(stdout).bottleneck).toBe(limit);
  });

  it('fits into 80 columns', async () => {
    const { stdout } = await usbxfer([...TUNE, '--scenario', 'rate=bus']);
    const table = stdout.split('\n\n', 1)[0] ?? '';
    expect(Math.max(...table.split('\n').map(({ length }) => length))).toBeLessThan(80);
  });

  it('repeats a run without data', async () => {
    const scenario = 'memory=140KiB,rate=bus,silence@2048KiB=150ms';
    const { stdout, stderr, code } = await usbxfer([
      ...['tune', '1234:5678', '--duration', '160ms', '--scenario', scenario, '--json'],
    ]);
    expect([stderr, code]).toEqual(['', 0]);
    const { silent_runs: silent, candidates } = JSON.parse(stdout);
    expect(silent).toBeGreaterThan(0);
    expect(candidates).toHaveLength(2);
    for (const { bytes_per_second: rate } of candidates) {
      expect(rate.min).toBeGreaterThan(0);
    }
  });

  it.each([
    [4, ['--scenario', 'memory=10KiB'], 'too little memory'],
    [6, ['--scenario', 'stall@0'], 'warm-up, 4 x 16.0 KiB: endpoint 0x82 stalled'],
    [8, ['--scenario', 'start=request'], 'the device sent nothing in 4 runs, '],
    [3, ['--ep', '0x85'], 'there is no endpoint 0x85'],
    [2, ['--scenario', 'host-pause=200ms/30ms'], 'the form is: host-pause=TIME/TIME'],
    [2, ['--scenario', 'host-pause=30ms'], 'the form is: host-pause=TIME/TIME'],
  ])('exits with %i for %j', async (exitCode, args, message) => {
    const { stdout, stderr, code } = await usbxfer([...TUNE, ...args]);
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toContain(message);
  });
});
