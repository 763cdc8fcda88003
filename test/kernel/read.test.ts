import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const READ = 'node bin/usbxfer.js read --vid 1234 --pid 5678';
const MB = 1_000_000;

afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/dump.bin /run/scratch/summary');
});

describeInLab.each([
  ['super', 1024],
  ['high', 512],
])('usbxfer read at %s speed', (speed, packetSize) => {
  it("reads exactly the requested bytes of SourceSink's pattern", async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one sourcesink --speed ${speed} --pattern 1 >/dev/null
      ${READ} --ep 0x81 --bytes 50MB > /run/scratch/dump.bin; code=$?
      stat -c %s /run/scratch/dump.bin
      node -e '
        const bytes = fs.readFileSync("/run/scratch/dump.bin");
        let right = 0;
        for (let i = 0; i < bytes.length; i++) if (bytes[i] === (i % ${packetSize}) % 63) right++;
        console.log(right);'
      rm /run/scratch/dump.bin
      exit $code`);
    expect(stdout.toString()).toBe(`${50 * MB}\n${50 * MB}\n`);
    expect(stderr).toMatch(
      /\nbytes +50000000 [\s\S]*\ntransfers +\d+\n[\s\S]*ended +limit reached \(--bytes\)\n$/,
    );
    expect(stderr.match(/^usbxfer: .*/gm) ?? []).toEqual(
      speed === 'super'
        ? []
        : [
            'usbxfer: the link runs at 480 Mbit/s, but the device supports 5000 Mbit/s; ' +
              'use a USB 3 port and cable for more speed',
          ],
    );
    expect(code).toBe(0);
  });
});

describeInLab('usbxfer read of an interrupt endpoint', () => {
  it.each([
    ['full', 1, 64],
    ['high', 1, 512],
    ['high', 3, 1024],
    ['super', 3, 1024],
  ])('takes what arrives in an interval as one transfer, at %s speed with %i packets of %i bytes', async (speed, packets, packetSize) => {
    const interval = packets * packetSize;
    // A larger transfer would wait for the bytes after the silence.
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs --speed ${speed} -- --interrupt-in ${packets} \
        messages 8 20, send ${10 * interval}, silence 60000, send forever >/dev/null
      ${READ} --count 30 --json=/dev/stderr | check-counters; code=$?
      exit $code`);
    expect(JSON.parse(stderr)).toMatchObject({
      endpoint: '0x81',
      statuses: { completed: 30 },
      short_transfers: 20,
      end_reason: 'limit',
    });
    expect([stdout.toString(), code]).toEqual([`${10 * interval + 160}\n`, 0]);
  });
});

describeInLab('the end of usbxfer read on a real bus', () => {
  it('is clean when the reader closes the pipe, and the device is free immediately', async () => {
    const { stdout, stderr, code } = await guest(`
      set -o pipefail
      gadget up one ffs -- send forever >/dev/null
      ${READ} | head -c 1000 | wc -c; echo $?
      ${READ} --bytes 1M -q | wc -c; echo $?`);
    expect(stdout.toString()).toBe('1000\n0\n1048576\n0\n');
    expect(stderr).toMatch(/^ended +the reader closed the pipe$/m);
    expect(code).toBe(0);
  });

  it.each(['INT', 'TERM'])('by SIG%s loses no byte, and the next run continues', async (signal) => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- rate 20M, send forever >/dev/null
      ${READ} --json > /run/scratch/dump.bin 2> /run/scratch/summary &
      until [[ -s /run/scratch/dump.bin ]]; do sleep 0.1; done
      kill -${signal} $!; wait $!; echo $?
      check-counters < /run/scratch/dump.bin
      ${READ} --bytes 1M -q | check-counters $(($(stat -c %s /run/scratch/dump.bin) / 4))
      cat /run/scratch/summary >&2`);
    const [exitCode, bytes, more] = stdout.toString().split('\n');
    const summary = JSON.parse(stderr);
    expect([exitCode, more, code]).toEqual(['0', '1048576', 0]);
    expect(summary).toMatchObject({
      end_reason: 'interrupted',
      signal: `SIG${signal}`,
      bytes_written: Number(bytes),
      bytes_received: Number(bytes),
    });
    expect(summary.statuses.cancelled).toBeGreaterThan(0);
  });

  it('by a stall keeps every byte before it', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- send 1M, stall, send forever >/dev/null
      ${READ} > /run/scratch/dump.bin; code=$?
      check-counters < /run/scratch/dump.bin
      exit $code`);
    expect(stdout.toString()).toBe('1048576\n');
    expect(stderr).toMatch(
      /\nevents +1 stall.*\nended +the endpoint stalled\nusbxfer: endpoint 0x81 stalled/,
    );
    expect(code).toBe(6);
  });

  it('by a disconnection keeps every byte that arrived', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- send 4M, silence 500, exit >/dev/null
      ${READ} > /run/scratch/dump.bin; code=$?
      check-counters < /run/scratch/dump.bin
      exit $code`);
    expect(stdout.toString()).toBe(`${4 * 1024 * 1024}\n`);
    expect(stderr).toMatch(
      /usbxfer: the device was disconnected; the 4194304 bytes before it were written\n$/,
    );
    expect(code).toBe(5);
  });

  it('by SIGKILL leaves a clean prefix and a device that is free', async () => {
    const { stdout } = await guest(`
      gadget up one ffs -- send forever >/dev/null
      ${READ} > /run/scratch/dump.bin & until [[ -s /run/scratch/dump.bin ]]; do sleep 0.1; done
      kill -KILL $!; wait $! 2>/dev/null
      check-counters < /run/scratch/dump.bin >/dev/null && echo whole
      ${READ} --bytes 1M -q | wc -c`);
    expect(stdout.toString()).toBe('whole\n1048576\n');
  });
});

describeInLab('what usbxfer read rejects on a real bus', () => {
  it.each([
    ['a device that is not there', '--serial nobody', 3, /no such device/],
    [
      'an OUT endpoint',
      '--ep 0x02',
      3,
      /endpoint 0x02 is bulk OUT, not bulk or interrupt IN; .*0x81/,
    ],
    ['an interface that is not there', '--interface 7', 3, /no interface 7/],
    ['an endpoint number out of range', '--ep 0x182', 2, /endpoint address/],
  ])('%s', async (_, args, exitCode, message) => {
    const { stdout, stderr, code } = await guest(`
      gadget up one sourcesink >/dev/null
      ${READ} ${args}`);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^usbxfer: [^\n]+\n$/);
    expect([code, stdout.length]).toEqual([exitCode, 0]);
  });
});
