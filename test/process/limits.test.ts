import { describe, expect, it } from 'vitest';
import { counterBytes, isCounterPrefix } from '../support/counter-stream.js';
import { start, usbxfer } from './usbxfer.js';

const READ = ['read', '--vid', '1234', '--pid', '5678', '--json'];

async function read(...args: string[]) {
  const { stdout, stderr, code } = await usbxfer([...READ, ...args]);
  return { stdout, code, summary: JSON.parse(stderr) };
}

describe('the limits of usbxfer read', () => {
  it('--skip discards the first bytes, in addition to --bytes', async () => {
    const { stdout, code, summary } = await read('--skip', '1000', '--bytes', '2000');
    expect(stdout.equals(counterBytes(1000, 2000))).toBe(true);
    expect(code).toBe(0);
    expect(summary).toMatchObject({
      bytes_received: 3072,
      bytes_skipped: 1000,
      bytes_written: 2000,
      bytes_discarded: 72,
    });
  });

  it('--count stops after this many transfers with data', async () => {
    const { stdout, code, summary } = await read('--count', '5', '--transfer-size', '4k');
    expect([stdout.length, code]).toEqual([5 * 4096, 0]);
    expect(summary).toMatchObject({ end_reason: 'limit', transfers: 5 });
  });

  it.each([
    ['short@1000', 1000, 1],
    ['message=1024', 1024, 1],
    ['short@300k', 300 * 1024, 2],
  ])('--until-short reads one message of %s', async (scenario, bytes, transfers) => {
    const { stdout, code, summary } = await read('--until-short', '--scenario', scenario);
    expect([stdout.length, code]).toEqual([bytes, 0]);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(summary).toMatchObject({ end_reason: 'limit', transfers, bytes_received: bytes });
  });

  it('--timeout counts and resubmits transfers that are pending too long, and keeps their data', async () => {
    const { stdout, code, summary } = await read(
      ...['--timeout', '100ms', '--transfers', '1', '--bytes', '4k'],
      ...['--scenario', 'silence@1k=250ms, silence@2k=250ms'],
    );
    expect([stdout.length, code]).toEqual([4096, 0]);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(summary.statuses.timed_out).toBeGreaterThanOrEqual(2);
    expect(summary.statuses.cancelled).toBe(0);
  });

  it.each([
    ['with a limit exits 8', ['--bytes', '1M'], 8],
    ['without one is a clean end', [], 0],
  ])('--idle-timeout %s', async (_, limit, exitCode) => {
    const silence = ['--idle-timeout', '150ms', '--scenario', 'silence@10k'];
    const { stdout, code, summary } = await read(...silence, ...limit);
    expect([stdout.length, code]).toEqual([10 * 1024, exitCode]);
    expect(summary).toMatchObject({ end_reason: 'idle', exit_code: exitCode });
  });

  it('--idle-timeout does not end a trickle that fills no transfer', async () => {
    const { stdout, summary } = await read(
      ...['--idle-timeout', '300ms', '--bytes', '20k', '--scenario', 'rate=20k'],
    );
    expect(stdout).toHaveLength(20 * 1024);
    expect(summary.end_reason).toBe('limit');
  });
});

describe('--strip-packet', () => {
  it('writes the payload of 100 MB of framed messages, byte for byte, and counts the rest', async () => {
    const scenario = 'packet-header=2, message=0..3000, seed=7';
    const { stdout, code, summary } = await read(
      ...['--strip-packet', '2', '--bytes', '100MB', '--scenario', scenario],
    );
    expect([stdout.length, code]).toEqual([100_000_000, 0]);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(summary.bytes_stripped).toBe(2 * summary.packets_stripped);
    expect(summary.packets_stripped).toBeGreaterThan(100_000_000 / 510);
    expect(summary.bytes_received).toBe(
      summary.bytes_written + summary.bytes_discarded + summary.bytes_stripped,
    );
  });

  it('--skip, --bytes and gaps count what remains, and so do transfers that timed out', async () => {
    const { stdout, code, summary } = await read(
      ...['--strip-packet', '2', '--skip', '1000', '--bytes', '50k', '--keep-going'],
      ...['--timeout', '20ms', '--transfers', '2'],
      ...['--scenario', 'packet-header=2, rate=200k, stall@20400'],
    );
    expect(stdout.equals(counterBytes(1000, 50 * 1024))).toBe(true);
    expect(code).toBe(6);
    expect(summary).toMatchObject({ bytes_skipped: 1000, gaps: [{ offset: 20_400 - 1000 }] });
    expect(summary.statuses.timed_out).toBeGreaterThan(0);
  });

  it('--count and --idle-timeout ignore packets without payload', async () => {
    const idle = await read(
      ...['--strip-packet', '2', '--idle-timeout', '100ms'],
      ...['--scenario', 'packet-header=2, message=0, rate=10k'],
    );
    expect(idle.stdout.length).toBe(0);
    expect(idle.summary).toMatchObject({ end_reason: 'idle', exit_code: 0 });
    expect(idle.summary.packets_stripped).toBeGreaterThan(10);
    const count = await read(
      ...['--strip-packet', '2', '--count', '2'],
      ...['--scenario', 'packet-header=2, short@0, message=100'],
    );
    expect(count.stdout.length).toBe(200);
    expect(count.summary).toMatchObject({ end_reason: 'limit', limit: 'count', transfers: 3 });
  });

  it('pipe strips what it receives', async () => {
    const outcome = await usbxfer([
      ...['pipe', '--pid', '5678', '--in', '2', '--out', '2', '-i', '/dev/null', '--json'],
      ...['--bytes', '2000', '--linger', 'forever', '--strip-packet', '2'],
      ...['--scenario', 'packet-header=2, message=700'],
    ]);
    expect(outcome.stdout.equals(counterBytes(0, 2000))).toBe(true);
    const { in: received } = JSON.parse(outcome.stderr);
    expect(received).toMatchObject({ bytes_written: 2000, bytes_stripped: 12 });
  });

  it('--hex shows what remains, and no packet without payload', async () => {
    const { stdout } = await usbxfer([
      ...['read', '--pid', '5678', '--hex', '--strip-packet', '2', '--count', '2', '-q'],
      ...['--scenario', 'packet-header=2, short@0, message=4'],
    ]);
    expect(stdout.toString().replace(/ .{8} s /g, '')).toBe(
      '< 0x82  4 bytes  completed\n' +
        '00000000  00 00 00 00                                       |....|\n' +
        '< 0x82  4 bytes  completed\n' +
        '00000000  01 00 00 00                                       |....|\n',
    );
  });
});

describe('usbxfer read and failures', () => {
  it('--keep-going continues, reports the gaps, and exits 6', async () => {
    const args = ['--keep-going', '--bytes', '1M', '--scenario', 'stall@100k, error@200k'];
    const { stdout, code, summary } = await read(...args);
    expect([stdout.length, code]).toEqual([1024 * 1024, 6]);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(summary.gaps).toMatchObject([
      { offset: 100 * 1024, cause: 'stall' },
      { offset: 200 * 1024, cause: 'error' },
    ]);
    expect(summary).toMatchObject({ end_reason: 'limit', gap_count: 2 });
    expect(summary.error).toMatch(/2 gaps/);
  });

  it('--keep-going=N gives up after N consecutive failures', async () => {
    const args = ['--keep-going=2', '--scenario', 'stall@1k, stall@1k, stall@1k'];
    const { stdout, code, summary } = await read(...args);
    expect([stdout.length, code, summary.end_reason, summary.gap_count]).toEqual([
      1024,
      6,
      'stall',
      2,
    ]);
  });

  it('reports each gap when it occurs', async () => {
    const args = ['read', '--pid', '5678', '--keep-going', '--bytes', '1M'];
    const { stderr } = await usbxfer([...args, '--scenario', 'stall@100k']);
    expect(stderr).toMatch(
      /^usbxfer: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: gap at byte 102400: stall; continuing\n/,
    );
    expect(stderr).toMatch(
      /\ntransfers +\d+\nevents +1 stall.*\ngap +at byte 102400, [-\d: ]+ \(after [\d.]+ s\): stall\nended +limit reached \(--bytes\)\nusbxfer: the output has 1 gap/,
    );
  });

  it('--reconnect waits for the same device and continues', async () => {
    const args = ['--reconnect', '--bytes', '1M', '--scenario', 'unplug@100k=200ms'];
    const startedAt = Date.now();
    const { stdout, code, summary } = await read(...args);
    expect([stdout.length, code]).toEqual([1024 * 1024, 6]);
    expect(isCounterPrefix(stdout)).toBe(true);
    expect(summary.gaps).toMatchObject([{ offset: 100 * 1024, cause: 'device-lost' }]);
    const lostAt = Date.parse(summary.gaps[0]?.time ?? '');
    expect(lostAt).toBeGreaterThan(startedAt);
    expect(lostAt).toBeLessThanOrEqual(Date.now());
  });

  it('--reconnect=TIME waits at most this long, and exits 5', async () => {
    const { stdout, code, summary } = await read('--reconnect=100ms', '--scenario', 'unplug@100k');
    expect([stdout.length, code, summary.end_reason]).toEqual([100 * 1024, 5, 'device-lost']);
  });

  it('a signal ends the wait of --reconnect', async () => {
    const running = start(['read', '--pid', '5678', '--reconnect', '--scenario', 'unplug@100k']);
    await new Promise((resolve) => running.child.stderr?.once('data', resolve));
    running.child.kill('SIGINT');
    const { stdout, code } = await running.outcome;
    expect([stdout.length, code]).toEqual([100 * 1024, 5]);
  });

  it('--wait=TIME reports that no device was connected', async () => {
    const { stderr, code } = await usbxfer(['read', '--vid', 'dead', '--wait=150ms']);
    expect(stderr).toMatch(/^usbxfer: waiting for the device\nusbxfer: no such device[^\n]*\n$/);
    expect(code).toBe(3);
  });

  it('--wait-new takes only a device that is connected after the start', async () => {
    const args = ['read', '--pid', '5678', '--bytes', '1000', '--scenario', 'replug=1s'];
    const { stdout, stderr, code } = await usbxfer([...args, '--wait-new']);
    expect(stdout.equals(counterBytes(0, 1000))).toBe(true);
    expect(stderr).toMatch(/^usbxfer: waiting for a new device\nfrom /);
    expect(code).toBe(0);
    const late = await usbxfer(['write', '--pid', '5678', '--wait-new=150ms', '-i', '/dev/null']);
    expect(late.stderr).toMatch(
      /\nusbxfer: no such device was connected after the start; [^\n]+\n$/,
    );
    expect(late.code).toBe(3);
    const both = await usbxfer(['pipe', '--pid', '5679', '--wait', '--wait-new']);
    expect([both.code, /cannot be used with/.test(both.stderr)]).toEqual([2, true]);
  });

  it('a signal ends the wait of --wait', async () => {
    const running = start(['read', '--vid', 'dead', '--wait']);
    await new Promise((resolve) => running.child.stderr?.once('data', resolve));
    running.child.kill('SIGTERM');
    const { stderr, code } = await running.outcome;
    expect(stderr).toBe(
      'usbxfer: waiting for the device\nusbxfer: SIGTERM while waiting for the device\n',
    );
    expect(code).toBe(143);
  });
});
