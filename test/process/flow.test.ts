import { constants } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shell } from './usbxfer.js';

const READ = 'usbxfer read -d 1234:5678 --json';
const MIB = 1024 * 1024;

describe('a slow output', () => {
  it('that is slow only sometimes does not throttle the capture', async () => {
    const { stdout, stderr, code } = await shell(`
      set -o pipefail
      ${READ} --scenario rate=40M --bytes 60M |
        for pause in 1 2 3; do sleep 0.2; head -c 20M; done | wc -c`);
    expect(stdout.toString().trim()).toBe(String(60 * MIB));
    expect(JSON.parse(stderr)).toMatchObject({
      throttled_count: 0,
      throttled_seconds: 0,
      starved_seconds: 0,
      min_in_flight: 16,
    });
    expect(code).toBe(0);
  });

  it.each([
    ['large transfers', '256k', 16 * 256 * 1024],
    ['small transfers', '512', 64 * 1024 + 32 * 512],
  ])('throttles %s within the buffer, loses nothing, and is reported', async (_, size, slack) => {
    const script = (options: string) =>
      shell(`
      set -o pipefail
      usbxfer read -d 1234:5678 --transfer-size ${size} --buffer 1M --bytes 20M ${options} |
        { head -c 1; sleep 0.5; wc -c; }`);
    const { stdout, stderr, code } = await script('--json');
    expect(stdout.subarray(1).toString().trim()).toBe(String(20 * MIB - 1));
    const summary = JSON.parse(stderr);
    expect(summary).toMatchObject({ bytes_received: 20 * MIB, bytes_written: 20 * MIB });
    expect(summary.min_in_flight).toBe(0);
    expect(summary.starved_seconds).toBeGreaterThan(0);
    expect(summary.throttled_seconds).toBeGreaterThanOrEqual(summary.starved_seconds);
    expect(summary.buffered_peak_bytes).toBeGreaterThan(MIB / 2);
    expect(summary.buffered_peak_bytes).toBeLessThanOrEqual(MIB + slack);
    expect(code).toBe(0);
    expect((await script('')).stderr).toMatch(
      /\nthrottled +\d+\.\d{3} s, \d+ times?: [\d.]+ MiB waited for the output\nstarved +\d+\.\d{3} s, \d+ times?: no transfer was in flight because the output was too slow;\n .*--buffer for bursts\n/,
    );
  });
});

it.runIf(process.platform === 'linux')('a pipe on stdout remains blocking', async () => {
  // Where it does not, writes end early and wait in steps of milliseconds. Node makes it so as soon
  // as anything looks at process.stdout.
  const { stdout } = await shell(`
    exec 5> >(cat > /dev/null)
    usbxfer read -d 1234:5678 --scenario rate=1M --bytes 2M -q >&5 &
    sleep 1.5; grep flags /proc/$$/fdinfo/5; wait $!`);
  const [, flags = ''] = /^flags:\s+(\d+)$/m.exec(stdout.toString()) ?? [];
  expect(flags).not.toBe('');
  expect(Number.parseInt(flags, 8) & constants.O_NONBLOCK).toBe(0);
});

describe('the timings', () => {
  it('report the first byte, the intervals, the sizes and the cost', async () => {
    const { stderr } = await shell(`${READ} --scenario message=1..3000 --bytes 1M > /dev/null`);
    const summary = JSON.parse(stderr);
    const { p50, p99, max } = summary.completion_interval_seconds;
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
    expect(max).toBeGreaterThanOrEqual(p99 * 0.99); // three digits
    expect(summary.first_byte_seconds).toBeGreaterThan(0);
    expect(summary.seconds).toBeGreaterThan(summary.first_byte_seconds);
    expect(summary.peak_bytes_per_second).toBeGreaterThanOrEqual(summary.bytes_per_second);
    expect(summary.cpu_seconds).toBeGreaterThan(0);
    expect(summary.peak_memory_bytes).toBeGreaterThan(MIB);
    const sizes: [string, number][] = Object.entries(summary.transfer_sizes);
    expect(sizes.map(([size]) => Number(size))).toContain(2048);
    expect(Math.max(...sizes.map(([size]) => Number(size)))).toBe(4096);
    expect(sizes.reduce((sum, [, count]) => sum + count, 0)).toBe(summary.transfers);
  });

  it('have no first byte without data', async () => {
    const { stderr } = await shell(`${READ} --scenario silence@0 --duration 50ms > /dev/null`);
    expect(JSON.parse(stderr)).toMatchObject({
      first_byte_seconds: null,
      transfer_sizes: { 0: 16 },
      starved_count: 0,
    });
  });
});

it.each([
  ['0', /must be above 0/],
  ['lots', /give a size/],
  ['900T', /too large: the maximum is \d+ bytes, the memory of this machine/],
])('--buffer %s is refused', async (size, message) => {
  const { stderr, code } = await shell(`${READ} --buffer ${size}`);
  expect(JSON.parse(stderr)).toMatchObject({
    code: 'invalid-value',
    message: expect.stringMatching(message),
  });
  expect(code).toBe(2);
});
