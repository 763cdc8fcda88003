import { describe, expect, it } from 'vitest';
import { violations } from '../../../process/schema.js';
import { usbxfer } from '../../../support/run-command.js';

const READ = ['bench', 'read', '1234:5678', '--bytes', '1MiB', '--runs', '2'];

async function benchJson(args: readonly string[]) {
  const { stdout, stderr, code } = await usbxfer([...args, '--json']);
  const record = JSON.parse(stdout);
  expect(violations('bench')(record)).toBeUndefined();
  return { record, stderr, code };
}

describe('usbxfer bench', () => {
  it('measures runs of a size, and checks a counter that continues', async () => {
    const { record, stderr, code } = await benchJson([...READ, '--verify', 'counter']);
    expect([stderr, code]).toEqual(['', 0]);
    expect(record).toMatchObject({
      ...{ mode: 'read', in: '0x82', out: null, transfers: 16, transfer_size: 262_144 },
      ...{ verify: 'counter', first_mistake: null },
      runs: [{ bytes: 1_048_576, transfers: 4 }, { bytes: 1_048_576 }],
    });
    const { median, min, max } = record.summary.bytes_per_second;
    expect(min).toBeGreaterThan(0);
    expect(median).toBe((min + max) / 2);
  });

  it('ends runs after a time', async () => {
    const { record, code } = await benchJson([
      ...['bench', 'read', '1234:5678', '--duration', '20ms', '--runs', '1'],
    ]);
    expect(code).toBe(0);
    expect(record.runs[0].seconds).toBeGreaterThan(0.018); // a timer may fire up to 1 ms early
  });

  it('finds the offset at which a packet is lost', async () => {
    const scenario = ['--scenario', 'drop@700416'];
    const { record, stderr, code } = await benchJson([...READ, ...scenario, '--verify', 'counter']);
    expect(record.first_mistake).toEqual({
      ...{ run: 1, part: 'data', offset: 700_416 },
      // The words 175104 and 175232 differ in their first byte.
      ...{ expected: 175_104 % 256, actual: 175_232 % 256 },
    });
    expect(record).toMatchObject({ runs: [], summary: null });
    expect(code).toBe(6);
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'wrong-data',
      message: 'run 1 of 2: wrong data at offset 700416: received 0x80 instead of 0x00',
    });
  });

  it('prints the runs before one that fails', async () => {
    const { record, stderr, code } = await benchJson([
      ...['bench', 'read', '1234:5678', '--bytes', '64KiB', '--runs', '3', '--transfers', '1'],
      ...['--transfer-size', '64KiB', '--scenario', 'stall@128KiB'],
    ]);
    expect(record.runs).toMatchObject([{ bytes: 65_536 }, { bytes: 65_536 }]);
    const { code: name, message } = JSON.parse(stderr);
    expect([code, name]).toEqual([6, 'stall']);
    expect(message).toMatch(/^run 3 of 3: endpoint 0x82 stalled/);
  });

  it('keeps the runs before one with wrong data, and no later one', async () => {
    const { record, code } = await benchJson([
      ...['bench', 'read', '1234:5678', '--bytes', '64KiB', '--runs', '3', '--transfers', '1'],
      ...['--transfer-size', '64KiB', '--scenario', 'drop@96KiB', '--verify', 'counter'],
    ]);
    expect([record.runs.length, code]).toEqual([1, 6]);
    expect(record).toMatchObject({ runs: [{ bytes: 65_536 }], first_mistake: { run: 2 } });
    expect(record.summary.bytes_per_second.median).toBe(record.runs[0].bytes_per_second);
  });

  it('prints no result of a run with wrong data', async () => {
    const { stdout, stderr, code } = await usbxfer([
      ...[...READ, '--scenario', 'drop@700416', '--verify', 'counter'],
    ]);
    expect([stdout, code]).toEqual(['', 6]);
    expect(stderr).toContain('usbxfer: run 1 of 2: wrong data at offset 700416: received');
  });

  it('refuses a source as a loopback, and sends it nothing', async () => {
    const { stdout, stderr, code } = await usbxfer([
      ...['bench', 'loop', '1234:5678', '--duration', '20ms', '--runs', '1'],
    ]);
    expect([stdout, code]).toEqual(['', 6]);
    expect(stderr).toMatch(/endpoint 0x82 sent \d+ bytes before anything was sent .*; bench loop/);
  });

  it('sends data, and counts what was accepted', async () => {
    const { record, code } = await benchJson([
      ...['bench', 'write', '1234:5678', '--bytes', '300kB', '--runs', '1'],
    ]);
    expect(code).toBe(0);
    expect(record).toMatchObject({ in: null, out: '0x02', runs: [{ bytes: 300_000 }] });
  });

  it('sends until the time is over', async () => {
    const { code, stderr } = await usbxfer([
      ...['bench', 'write', '1234:5678', '--duration', '20ms', '--runs', '1'],
    ]);
    expect([stderr, code]).toEqual(['', 0]);
  });

  it.each([
    'full',
    'high',
  ])('measures a loopback at %s speed, and checks all data', async (speed) => {
    const { record, stderr, code } = await benchJson([
      ...['bench', 'loop', '1234:5679', '--bytes', '100kB', '--duration', '50ms', '--runs', '2'],
      ...['--scenario', `speed=${speed}`],
    ]);
    expect([stderr, code]).toEqual(['', 0]);
    expect(record).toMatchObject({ in: '0x81', out: '0x01', verify: 'counter' });
    for (const run of record.runs) {
      expect(run.bytes).toBeLessThanOrEqual(100_000);
      expect(run.round_trips).toBeGreaterThan(0);
      expect(run.round_trip_p50_seconds).toBeGreaterThan(0);
      expect(run.round_trip_max_seconds).toBeGreaterThanOrEqual(run.round_trip_p50_seconds);
    }
  });

  it('says that a device is no loopback', async () => {
    const { stderr, code } = await usbxfer([
      ...['bench', 'loop', '1234:5678', '--duration', '20ms', '--runs', '1', '--verify', '55aa'],
      ...['--scenario', 'stale=64KiB,start=request'],
    ]);
    expect(code).toBe(8);
    expect(stderr).toContain('run 1 of 1: nothing came back of 256 bytes that were sent; bench');
    expect(stderr).toContain('bench loop needs a device that sends back what it receives');
  });

  it('prints bars and a table', async () => {
    const { stdout, code } = await usbxfer(READ, { LC_ALL: 'C' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run 1 {2}#{1,20} *[\d.]+ [KMG]iB\/s\nrun 2 {2}#/);
    expect(stdout).toMatch(/\n {16}median +min +max\nrate /);
    expect(stdout).toMatch(/\nCPU +[\d.]+ s\/GiB +/);
    expect(stdout).not.toContain('round trip');
  });

  it.each([
    [
      6,
      [...READ, '--scenario', 'stall@65536'],
      'usbxfer: run 1 of 2: endpoint 0x82 stalled: the device halted it; this run moved 65536 bytes\n',
    ],
    [6, [...READ, '--scenario', 'stall@0'], 'moved 0 bytes; usbxfer clear-halt clears a halt'],
    [
      6,
      [...READ, '--scenario', 'error@65536'],
      /check the cable, the hub and the power supply; this run moved \d+ bytes\n$/,
    ],
    [
      6,
      ['bench', 'write', '1234:5678', '--bytes', '1MiB', '--scenario', 'out-stall@65536'],
      'the device halted it; this run moved 65536 bytes\n',
    ],
    [6, [...READ, '--scenario', 'reset@65536'], 'the data has 1 gap where bytes may be missing'],
    [2, [...READ, '--in', '0x82'], 'bench read does not use --in; give --ep'],
    [2, ['bench', 'write', '1234:5678', '--out', '2'], 'bench write does not use --out; give --ep'],
    [2, ['bench', 'loop', '1234:5679', '--ep', '0x81'], 'does not use --ep; give --in and --out'],
    [
      8,
      [...READ, '--scenario', 'start=request', '--duration', '20ms'],
      /moved no data in \d+ ms; give a longer --duration, or start/,
    ],
    [2, ['bench', 'copy', '1234:5678'], 'read, write, loop'],
    [2, [...READ, '--verify', 'zeros'], 'give counter, mod63'],
    [2, [...READ, '--runs', '1001'], 'the maximum is 1000'],
    [2, [...READ, '--transfers', '1024', '--transfer-size', '8MiB'], 'must not exceed 4GiB'],
    [
      4,
      ['bench', 'loop', '1234:5679', '--bytes', '8MiB', '--scenario', 'memory=6MiB'],
      'use --transfers 11 or',
    ],
    [3, ['bench', 'read', '1234:5678', '--ep', '0x85'], 'there is no endpoint 0x85'],
  ])('exits with %i for %j', async (exitCode, args, message) => {
    const { stdout, stderr, code } = await usbxfer(args);
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toMatch(message);
  });
});
