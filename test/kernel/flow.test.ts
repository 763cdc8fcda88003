import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const READ = 'node bin/usbxfer.js read --vid 1234 --pid 5678';
const MIB = 1024 * 1024;

afterEach(async () => {
  await guest('gadget down one');
});

describeInLab('the flow of data on a real bus', () => {
  it('shows a stopped process as a long completion interval, not as starved by the output', async () => {
    // At full speed the bus is slower than emulation; the transfer queue lasts half a second.
    const { stdout, stderr } = await guest(`
      gadget up one ffs --speed full -- rate 500k, send forever >/dev/null
      ${READ} --json --bytes 3M --transfer-size 16k > /run/scratch/dump.bin 2> /run/scratch/summary &
      until [[ $(stat -c %s /run/scratch/dump.bin) -gt 1000000 ]]; do sleep 0.1; done
      kill -STOP $!; sleep 2; kill -CONT $!
      wait $!; check-counters < /run/scratch/dump.bin
      cat /run/scratch/summary >&2; rm /run/scratch/dump.bin`);
    expect(stdout.toString()).toBe(`${3 * MIB}\n`);
    const summary = JSON.parse(stderr);
    expect(summary.suspended_count).toBe(1);
    expect(summary.completion_interval_seconds.max).toBeGreaterThan(0.5);
    expect(summary.starved_seconds).toBe(0);
  });

  it('continues after the output throttled it, and the summary names the reason', async () => {
    const { stdout, stderr } = await guest(`
      gadget up one ffs -- send forever >/dev/null
      ${READ} --bytes 20M --buffer 1M | { sleep 5; cat; } | check-counters`);
    expect(stdout.toString()).toBe(`${20 * MIB}\n`);
    expect(stderr).toMatch(
      /^starved .* s, \d+ times?: no transfer was in flight because the output was too slow/m,
    );
  });

  it('strips the status bytes of a device that frames as an FT232H, byte for byte', async () => {
    const { stdout, stderr } = await guest(`
      gadget up one ffs --speed high -- framed 3000 500, silence >/dev/null
      ${READ} --strip-packet 2 --transfer-size 16k --timeout 100ms --idle-timeout 2s --json \
        2> /run/scratch/summary | check-counters
      grep -o 'silence .*' /run/gadget/one/log
      cat /run/scratch/summary >&2`);
    const [, received, sent] = /^(\d+)\nsilence +at byte (\d+)\n$/.exec(stdout.toString()) ?? [];
    expect([received, Number(sent) > 500_000]).toEqual([sent, true]);
    const summary = JSON.parse(stderr);
    expect(summary.end_reason).toBe('idle');
    expect(summary.bytes_stripped).toBe(2 * summary.packets_stripped);
  });

  it('keeps every byte of many small transfers, and is measured', async () => {
    const { stdout, stderr } = await guest(`
      gadget up one ffs --speed high -- messages 100 20000, send 4M, silence >/dev/null
      ${READ} --json --bytes 6000000 --transfer-size 512 2> /run/scratch/summary | check-counters
      cat /run/scratch/summary >&2`);
    expect(stdout.toString()).toBe('6000000\n');
    const summary = JSON.parse(stderr);
    expect(summary.transfer_sizes['128']).toBe(20_000);
    expect(summary.short_transfers).toBeGreaterThanOrEqual(20_000);
    expect(summary.completion_interval_seconds.p99).toBeGreaterThan(
      summary.completion_interval_seconds.p50,
    );
    expect(summary.min_in_flight).toBe(16);
  });
});
