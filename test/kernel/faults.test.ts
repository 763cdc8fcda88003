import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const READ = 'node bin/usbxfer.js read --vid 1234 --pid 5678';

afterEach(async () => {
  await guest('gadget down one; rm -f /run/scratch/dump.bin /run/scratch/summary');
});

/** Reads a scripted device in the guest, and checks there that the output is counters in order. */
async function read(steps: string, args: string) {
  const { stdout, stderr, code } = await guest(`
    gadget up one ffs -- ${steps} >/dev/null
    ${READ} ${args} --json > /run/scratch/dump.bin; code=$?
    check-counters < /run/scratch/dump.bin
    exit $code`);
  return { bytes: stdout.toString().trim(), summary: JSON.parse(stderr), code };
}

const MIB = 1024 * 1024;

describeInLab('silence on a real bus', () => {
  it('--timeout keeps received data and resubmits the transfers', async () => {
    const steps = 'send 1000k, silence 1000, send 1000k, silence 1000, send forever';
    const { bytes, summary, code } = await read(steps, '--timeout 200ms --bytes 4M');
    expect([bytes, code]).toEqual([`${4 * MIB}`, 0]);
    expect(summary.statuses.timed_out).toBeGreaterThan(0);
    expect(summary.gap_count).toBe(0);
  });

  it('--timeout fires on time: several times in two seconds, not once a minute', async () => {
    const { bytes, summary, code } = await read('silence', '--timeout 500ms --duration 2s');
    expect([bytes, code]).toEqual(['0', 0]);
    expect(summary.statuses.timed_out).toBeGreaterThanOrEqual(16);
    expect(summary.statuses.timed_out).toBeLessThanOrEqual(64);
    expect(summary.statuses.cancelled).toBe(16);
  });

  it('--idle-timeout ends the run with all received data', async () => {
    const { bytes, summary, code } = await read(
      'send 1000k, silence',
      '--idle-timeout 1s --bytes 4M',
    );
    expect([bytes, code, summary.end_reason]).toEqual([`${1000 * 1024}`, 8, 'idle']);
  });

  it('a flood of empty packets blocks nothing', async () => {
    const steps = 'send 10k, messages 0 2000, send forever';
    const { bytes, summary, code } = await read(steps, '--bytes 1M');
    expect([bytes, code]).toEqual([`${MIB}`, 0]);
    expect(summary.empty_transfers).toBe(1999); // the first one ended the previous transfer
  });
});

describeInLab('stalls on a real bus', () => {
  it('--keep-going clears the halt and continues without losing data', async () => {
    const steps = 'send 1M, stall, send 1M, stall, send forever';
    const { bytes, summary, code } = await read(steps, '--keep-going --bytes 4M');
    expect([bytes, code]).toEqual([`${4 * MIB}`, 6]);
    expect(summary.gaps).toMatchObject([
      { offset: MIB, cause: 'stall' },
      { offset: 2 * MIB, cause: 'stall' },
    ]);
  });

  it('--keep-going=N gives up after N consecutive stalls', async () => {
    const steps = `send 1M${', stall'.repeat(6)}, send forever`;
    const { bytes, summary, code } = await read(steps, '--keep-going=3');
    expect([bytes, code]).toEqual([`${MIB}`, 6]);
    expect(summary).toMatchObject({ end_reason: 'stall', gap_count: 3 });
  });
});

describeInLab('disconnection on a real bus', () => {
  it('--reconnect continues with the same device', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- rate 500k, send forever >/dev/null
      ${READ} --reconnect --bytes 3M --json > /run/scratch/dump.bin 2> /run/scratch/summary &
      until (( $(stat -c %s /run/scratch/dump.bin) > 300000 )); do sleep 0.1; done
      gadget unplug one; sleep 0.5; gadget plug one >/dev/null
      wait $!; code=$?
      offset=$(grep -o '"offset": [0-9]*' /run/scratch/summary | head -1 | grep -o '[0-9]*')
      head -c $offset /run/scratch/dump.bin | check-counters
      tail -c +$((offset + 1)) /run/scratch/dump.bin > /run/scratch/rest.bin
      check-counters $(od -An -tu4 -N4 /run/scratch/rest.bin) < /run/scratch/rest.bin >/dev/null && echo in order
      stat -c %s /run/scratch/dump.bin
      cat /run/scratch/summary >&2; exit $code`);
    const summary = JSON.parse(stderr);
    const [before, order, size] = stdout.toString().split('\n');
    expect([order, size, code]).toEqual(['in order', `${3 * MIB}`, 6]);
    expect(summary.gaps).toMatchObject([{ offset: Number(before), cause: 'device-lost' }]);
    expect(summary.end_reason).toBe('limit');
  });

  it('--reconnect accepts no other device', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- rate 4M, send forever >/dev/null
      ${READ} --reconnect=3s --json > /run/scratch/dump.bin 2> /run/scratch/summary &
      until (( $(stat -c %s /run/scratch/dump.bin) > 1000000 )); do sleep 0.1; done
      gadget down one; gadget up one ffs --serial other -- send forever >/dev/null
      wait $!; code=$?
      check-counters < /run/scratch/dump.bin >/dev/null && echo in order
      cat /run/scratch/summary >&2; exit $code`);
    expect([stdout.toString(), code]).toEqual(['in order\n', 5]);
    expect(JSON.parse(stderr).end_reason).toBe('device-lost');
  });

  it('--wait starts when the device is connected', async () => {
    const { stdout, code } = await guest(`
      ${READ} --wait --bytes 1M -q > /run/scratch/dump.bin & sleep 3
      gadget up one ffs -- send forever >/dev/null
      wait $!; code=$?
      check-counters < /run/scratch/dump.bin
      exit $code`);
    expect([stdout.toString(), code]).toEqual([`${MIB}\n`, 0]);
  });
});

describeInLab('a device that is taken away on a real bus', () => {
  it.each([
    ['deauthorized', 'authorized', 0, 1],
    ['deconfigured', 'bConfigurationValue', -1, 1],
  ])('--reconnect waits for a %s device and continues', async (_, file, off, on) => {
    const { stdout, stderr, code } = await guest(`
      path=$(gadget up one ffs -- rate 4M, send forever)
      ${READ} --reconnect --bytes 8M --json > /run/scratch/dump.bin 2> /run/scratch/summary &
      until (( $(stat -c %s /run/scratch/dump.bin) > 1000000 )); do sleep 0.1; done
      echo ${off} > /sys/bus/usb/devices/$path/${file}; sleep 2
      echo ${on} > /sys/bus/usb/devices/$path/${file}
      wait $!; code=$?
      offset=$(grep -o '"offset": [0-9]*' /run/scratch/summary | head -1 | grep -o '[0-9]*')
      head -c $offset /run/scratch/dump.bin | check-counters
      tail -c +$((offset + 1)) /run/scratch/dump.bin > /run/scratch/rest.bin
      check-counters $(od -An -tu4 -N4 /run/scratch/rest.bin) < /run/scratch/rest.bin >/dev/null && echo in order
      stat -c %s /run/scratch/dump.bin
      cat /run/scratch/summary >&2; exit $code`);
    const summary = JSON.parse(stderr);
    const [before, order, size] = stdout.toString().split('\n');
    expect([order, size, code]).toEqual(['in order', `${8 * MIB}`, 6]);
    expect(summary.gaps).toMatchObject([{ offset: Number(before), cause: 'device-lost' }]);
    expect(summary.end_reason).toBe('limit');
  });

  it('says why it ends without --reconnect', async () => {
    const { stderr, code } = await guest(`
      path=$(gadget up one ffs -- rate 4M, send forever)
      ${READ} --json > /run/scratch/dump.bin 2> /run/scratch/summary &
      until (( $(stat -c %s /run/scratch/dump.bin) > 1000000 )); do sleep 0.1; done
      echo 0 > /sys/bus/usb/devices/$path/authorized
      wait $!; code=$?
      echo 1 > /sys/bus/usb/devices/$path/authorized
      cat /run/scratch/summary >&2; exit $code`);
    const summary = JSON.parse(stderr);
    expect([summary.end_reason, code]).toEqual(['device-lost', 5]);
    expect(summary.error).toMatch(/^the system deauthorized the device.*--reconnect waits/);
    expect(summary.error).not.toMatch(/release|transfer-size/);
  });

  it('a reset by another process is a gap, and --keep-going continues', async () => {
    const { stdout, stderr, code } = await guest(`
      path=$(gadget up one ffs -- rate 4M, send forever)
      ${READ} --keep-going --bytes 8M --json > /run/scratch/dump.bin 2> /run/scratch/summary &
      until (( $(stat -c %s /run/scratch/dump.bin) > 1000000 )); do sleep 0.1; done
      usb-host $path reset >/dev/null
      wait $!; code=$?
      offset=$(grep -o '"offset": [0-9]*' /run/scratch/summary | head -1 | grep -o '[0-9]*')
      head -c $offset /run/scratch/dump.bin | check-counters
      stat -c %s /run/scratch/dump.bin
      cat /run/scratch/summary >&2; exit $code`);
    const summary = JSON.parse(stderr);
    const [before, size] = stdout.toString().split('\n');
    expect([size, code]).toEqual([`${8 * MIB}`, 6]);
    expect(summary.gaps).toMatchObject([{ offset: Number(before), cause: 'device-reset' }]);
    expect(summary.end_reason).toBe('limit');
  });

  it('a reset by another process ends a sending', async () => {
    const { stdout, code } = await guest(`
      path=$(gadget up one ffs -- silence)
      mkfifo /run/scratch/sending; trap "rm /run/scratch/sending" EXIT; exec 9<> /run/scratch/sending
      node bin/usbxfer.js write --vid 1234 --pid 5678 --json < /run/scratch/sending > /run/scratch/summary 2> /dev/null &
      until [[ -L /sys/bus/usb/devices/$path:1.0/driver ]]; do sleep 0.1; done
      head -c 1M /dev/zero >&9
      usb-host $path reset >/dev/null
      wait $!; code=$?
      cat /run/scratch/summary; exit $code`);
    const summary = JSON.parse(stdout.toString());
    expect([summary.end_reason, code]).toEqual(['device-reset', 6]);
    expect(summary.error).toMatch(/^another process reset the device/);
  });

  it('explains that a device without a configuration cannot be used', async () => {
    const { stdout, stderr } = await guest(`
      path=$(gadget up one ffs -- silence)
      echo 0 > /sys/bus/usb/devices/$path/authorized
      ${READ}; echo $?
      echo 1 > /sys/bus/usb/devices/$path/authorized`);
    expect(stdout.toString()).toBe('3\n');
    expect(stderr).toMatch(
      /the device has no configuration, so it has no interfaces; .*authorized/,
    );
  });
});

describeInLab('messages on a real bus', () => {
  it('--until-short reads one message and leaves the next to the next run', async () => {
    const { stdout, code } = await guest(`
      gadget up one ffs -- messages 3000 forever >/dev/null
      for first in 0 750 1500; do ${READ} --until-short -q | check-counters $first || exit; done`);
    expect([stdout.toString(), code]).toEqual(['3000\n'.repeat(3), 0]);
  });
});

describeInLab('the time of day', () => {
  it('a clock that jumps changes nothing', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs -- rate 1M, send forever >/dev/null
      ${READ} --duration 3s --idle-timeout 2s --json > /run/scratch/dump.bin 2> /run/scratch/summary &
      until [[ -s /run/scratch/dump.bin ]]; do sleep 0.1; done
      now=$(date +%s); date -s @$((now + 86400)) >/dev/null; sleep 1
      date -s @$((now - 86400)) >/dev/null
      wait $!; code=$?; date -s @$((now + 3)) >/dev/null
      check-counters < /run/scratch/dump.bin >/dev/null && echo in order
      cat /run/scratch/summary >&2; exit $code`);
    const summary = JSON.parse(stderr);
    expect([stdout.toString(), code, summary.end_reason]).toEqual(['in order\n', 0, 'duration']);
    expect(summary.seconds).toBeGreaterThan(2);
    expect(summary.seconds).toBeLessThan(60);
  });
});
