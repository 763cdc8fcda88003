import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const USBXFER = 'node bin/usbxfer.js';
/** The device at SuperSpeed, and the requests that start and stop its stream. */
const STREAM = "-d 1234:5678 --before 'out vendor device 1 1' --after 'out vendor device 1 0'";
/** Few transfers, so that the bus trace shows all of them. */
const POOL = '--transfers 4 --transfer-size 16k';
const MONITOR = '/sys/kernel/debug/usb/usbmon/2u';
/** Prints bRequest and wValue of each request that the device received. */
const REQUESTS = `
  sed -n 's/.*bRequest \\(0x..\\) wValue \\(0x....\\).*/\\1 \\2/p' /run/gadget/one/log`;

afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/dump.bin /run/scratch/monitor');
});

/**
 * Runs a script and returns the events on the bus during it: `start` and `stop` for the requests, `Bi`
 * for a submission at an endpoint, and `+Bi` for a completion with data.
 */
async function onBus(script: string): Promise<string> {
  const { stdout, stderr, code } = await guest(`
    set -o pipefail
    gadget up one ffs -- --start-by-request send forever >/dev/null || exit 99
    exec 3<${MONITOR}
    cat <&3 > /run/scratch/monitor & monitor=$!
    ${script}
    code=$?
    until grep -q ' s 40 01 0000' /run/scratch/monitor; do sleep 0.05; done
    kill $monitor
    while read -r tag time event address status length rest; do
      case "$event $address $status $length $rest" in
        'S Co:'*' s 40 01 0001 '*) echo start ;;
        'S Co:'*' s 40 01 0000 '*) echo stop ;;
        'S B'[io]:*) echo \${address:0:2} ;;
        'C B'[io]:*) ((length == 0)) || echo +\${address:0:2} ;;
      esac
    done < /run/scratch/monitor
    exit $code`);
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.toString().trim().split('\n').join(' ');
}

describeInLab('a device with a buffer', () => {
  it('is emptied by --flush before the start, and by --drain-after when it was told to stop', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs --speed high -- \\
        stale 5000, await 1, send 1M, await 2, message 3000 >/dev/null || exit
      ${USBXFER} read -d 1234:5678 --before 'out vendor device 4 1' --flush \\
        --after 'out vendor device 4 2' --duration 2s --drain-after 5s \\
        --json=/dev/stderr > /run/scratch/dump.bin; code=$?
      check-counters < /run/scratch/dump.bin
      exit $code`);
    const bytes = 2 ** 20 + 3000;
    expect([stdout.toString(), code]).toEqual([`${bytes}\n`, 0]);
    expect(JSON.parse(stderr)).toMatchObject({
      end_reason: 'duration',
      bytes_flushed: 5000,
      bytes_received: bytes,
      bytes_after_stop: 3000,
      gap_count: 0,
    });
  });
});

describeInLab('control requests before and after', () => {
  it('a capture start the stream when transfers are in flight, and stop it after all completions', async () => {
    const events = await onBus(`
      ${USBXFER} read ${STREAM} ${POOL} --bytes 64k -q | check-counters >/dev/null`);
    expect(events).toBe('Bi Bi Bi Bi start +Bi +Bi +Bi +Bi stop');
  });

  it('a send run are sent before any data, and after all data', async () => {
    const events = await onBus(`
      head -c 64k /dev/zero | ${USBXFER} write ${STREAM} ${POOL} -q`);
    expect(events).toMatch(/^start (\+?Bo )+stop$/);
    expect(events.split(' ').toSorted().join(' ')).toBe('+Bo +Bo +Bo +Bo Bo Bo Bo Bo start stop');
  });

  it('a duplex run are sent when responses can be received, and after all completions', async () => {
    const events = await onBus(`
      head -c 16k /dev/zero | ${USBXFER} pipe ${STREAM} ${POOL} --bytes 64k -q |
        check-counters >/dev/null`);
    expect(events).toMatch(/^(Bi ){4}start ((\+Bi|\+?Bo) )+stop$/);
  });

  it('a capture stop the stream after a signal, too, and the next capture continues there', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- --start-by-request send forever >/dev/null
      ${USBXFER} read ${STREAM} --json > /run/scratch/dump.bin &
      until [[ -s /run/scratch/dump.bin ]]; do sleep 0.1; done
      kill -INT $!; wait $!; echo $?
      check-counters < /run/scratch/dump.bin > /dev/null || exit
      ${USBXFER} read ${STREAM} --bytes 1M -q |
        check-counters $(($(stat -c %s /run/scratch/dump.bin) / 4)) || exit
      ${REQUESTS}`);
    expect(stdout.toString().trim().split('\n')).toEqual([
      ...['0', '1048576'],
      ...['0x01 0x0001', '0x01 0x0000', '0x01 0x0001', '0x01 0x0000'],
    ]);
    expect(JSON.parse(stderr)).toMatchObject({ end_reason: 'interrupted', signal: 'SIGINT' });
    expect(code).toBe(0);
  });

  it('are also sent to a device that is back', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- --start-by-request rate 1M, send forever >/dev/null
      ${USBXFER} read ${STREAM} --reconnect --bytes 2M --json > /run/scratch/dump.bin &
      until [[ -s /run/scratch/dump.bin ]]; do sleep 0.1; done
      gadget unplug one; gadget plug one >/dev/null
      wait $!; code=$?
      ${REQUESTS}
      exit $code`);
    expect(stdout.toString().trim().split('\n')).toEqual([
      ...['0x01 0x0001', '0x01 0x0001', '0x01 0x0000'],
    ]);
    expect(JSON.parse(stderr)).toMatchObject({ end_reason: 'limit', gap_count: 1 });
    expect(code).toBe(6);
  });

  it('end the run if one is refused, and the requests that stop the device are still sent', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- send forever >/dev/null
      ${USBXFER} read ${STREAM} --before 'out vendor device 9' --before 'out vendor device 2' \\
        --json > /run/scratch/dump.bin; code=$?
      ${REQUESTS}
      exit $code`);
    expect(stdout.toString().trim().split('\n')).toEqual([
      ...['0x01 0x0001', '0x09 0x0000', '0x01 0x0000'],
    ]);
    expect(JSON.parse(stderr)).toMatchObject({ end_reason: 'request-failed', exit_code: 6 });
    expect(code).toBe(6);
  });
});
