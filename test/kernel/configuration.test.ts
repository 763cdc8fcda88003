import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const DEVICE = '--vid 1234 --pid 5678';
const USBXFER = 'node bin/usbxfer.js';

/**
 * Shell functions: `state` prints the active configuration of the gadget and the drivers of its
 * interfaces; `wire COMMAND` runs a command and prints the standard requests to the gadget that
 * select something, as usbmon saw them: bRequest, wValue and wIndex.
 */
const FUNCTIONS = `
  devices=/sys/bus/usb/devices
  state() {
    local interface names=
    for interface in $devices/2-1:*; do
      names+=" \${interface##*.}=$(basename "$(readlink "$interface/driver" || echo none)")"
    done
    echo "$(<$devices/2-1/bConfigurationValue)$names"
  }
  wire() {
    cat /sys/kernel/debug/usb/usbmon/2u > /run/scratch/wire & local monitor=$!
    "$@"; local code=$?
    until size=$(stat -c %s /run/scratch/wire); sleep 0.3; ((size == $(stat -c %s /run/scratch/wire))); do :; done
    kill $monitor; wait $monitor 2>/dev/null
    sed -nE 's/.* S Co:2:[0-9]+:0 s (00 09|01 0b|02 01) ([0-9a-f]{4}) ([0-9a-f]{4}) .*/\\1 \\2 \\3/p' /run/scratch/wire
    return $code
  }`;

afterEach(async () => {
  await guest('gadget down one');
});

describeInLab('a configuration that is not active', () => {
  it('is selected for a run, and the driver of the former one comes back', async () => {
    const { stdout, stderr, code } = await guest(`
      ${FUNCTIONS}
      gadget up one acm,sourcesink >/dev/null; udevadm settle
      state
      wire ${USBXFER} read ${DEVICE} --configuration 2 --detach --bytes 1M -q > /run/scratch/out.txt; code=$?
      tail -c +1048577 /run/scratch/out.txt
      state; exit $code`);
    expect(stderr).toBe('');
    expect(stdout.toString()).toBe(
      '1 0=cdc_acm 1=cdc_acm\n00 09 0002 0000\n00 09 0001 0000\n1 0=cdc_acm 1=cdc_acm\n',
    );
    expect(code).toBe(0);
  });

  it('stays inactive while a driver holds an interface, and the message names the driver', async () => {
    const { stdout, stderr, code } = await guest(`
      ${FUNCTIONS}
      gadget up one acm,sourcesink >/dev/null; udevadm settle
      ${USBXFER} read ${DEVICE} --configuration 2 --bytes 1M; code=$?
      state; exit $code`);
    expect(stderr).toBe(
      'usbxfer: interface 0 is held by the kernel driver cdc_acm; ' +
        'detach it with --detach until the command ends\n',
    );
    expect([stdout.toString(), code]).toEqual(['1 0=cdc_acm 1=cdc_acm\n', 4]);
  });

  it.each([
    ['a signal', 'kill -INT $!', 0],
    ['a failure of the output', 'exec 3<&-', 0],
  ])('is left after %s', async (_, action, expected) => {
    const { stdout } = await guest(`
      ${FUNCTIONS}
      gadget up one acm,sourcesink >/dev/null; udevadm settle
      mkfifo /run/scratch/out.fifo
      ${USBXFER} read ${DEVICE} --configuration 2 --detach > /run/scratch/out.fifo 2>/dev/null &
      exec 3< /run/scratch/out.fifo; head -c 1M <&3 | wc -c
      ${action}; cat <&3 >/dev/null 2>&1; wait $!; echo $?
      rm /run/scratch/out.fifo
      state`);
    expect(stdout.toString()).toBe(`1048576\n${expected}\n1 0=cdc_acm 1=cdc_acm\n`);
  });

  it('is left after a failed claim', async () => {
    const { stdout, stderr } = await guest(`
      ${FUNCTIONS}
      gadget up one sourcesink,acm >/dev/null; udevadm settle
      echo 1 > $devices/2-1/bConfigurationValue
      state
      ${USBXFER} read ${DEVICE} --configuration 2 --bytes 1M > /dev/null; echo $?
      state`);
    expect(stderr).toContain('interface 1 is held by the kernel driver cdc_acm');
    expect(stdout.toString()).toBe('1 0=none\n4\n1 0=none\n');
  });

  it('is not selected again if it is active already', async () => {
    const { stdout, code } = await guest(`
      ${FUNCTIONS}
      gadget up one loopback,sourcesink >/dev/null
      wire ${USBXFER} control ${DEVICE} --configuration 1 in standard device 8 0 0 1 --json |
        grep -o '"data": "[0-9a-f]*"'
      state`);
    expect([stdout.toString(), code]).toEqual(['"data": "01"\n1 0=none\n', 0]);
  });
});

describeInLab('a control request that changes the host, too', () => {
  it('SET_CONFIGURATION: host and device agree, and the drivers follow', async () => {
    const { stdout, stderr, code } = await guest(`
      ${FUNCTIONS}
      gadget up one acm,sourcesink >/dev/null; udevadm settle
      wire ${USBXFER} control ${DEVICE} out standard device 9 2; echo $?
      wire ${USBXFER} control ${DEVICE} --detach out standard device 9 2; echo $?
      state
      ${USBXFER} read ${DEVICE} --bytes 64k -q | wc -c
      ${USBXFER} control ${DEVICE} out standard device 9 1; echo $?
      state`);
    expect(stderr).toBe(
      'usbxfer: interface 0 is held by the kernel driver cdc_acm; ' +
        'detach it with --detach until the command ends\n',
    );
    expect(stdout.toString()).toBe(
      '4\n00 09 0002 0000\n0\n2 0=none\n65536\n0\n1 0=cdc_acm 1=cdc_acm\n',
    );
    expect(code).toBe(0);
  });

  it('SET_INTERFACE and CLEAR_FEATURE(ENDPOINT_HALT) are on the wire once', async () => {
    const { stdout, stderr, code } = await guest(`
      ${FUNCTIONS}
      gadget up one sourcesink >/dev/null
      wire ${USBXFER} control ${DEVICE} out standard interface 11 0 0
      wire ${USBXFER} control ${DEVICE} out standard endpoint 1 0 0x81`);
    expect(stderr).toBe('');
    expect([stdout.toString(), code]).toEqual(['01 0b 0000 0000\n02 01 0000 0081\n', 0]);
  });
});

describeInLab('alternate setting 0', () => {
  it.each([
    ['', ''],
    ['--alt 0', '01 0b 0000 0000\n'],
  ])('with %j is on the wire as %j', async (option, requests) => {
    const { stdout, stderr, code } = await guest(`
      ${FUNCTIONS}
      gadget up one sourcesink >/dev/null
      wire ${USBXFER} read ${DEVICE} ${option} --bytes 64k -q -o /run/scratch/alt.bin --force`);
    expect(stderr).toBe('');
    expect([stdout.toString(), code]).toEqual([requests, 0]);
  });
});

describeInLab('pipe over two interfaces', () => {
  it('sends to one and reads from the other, at the same time', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one ffs+sourcesink --pattern 1 -- silence >/dev/null
      head -c 3000000 /dev/urandom > /run/scratch/two.bin
      ${USBXFER} pipe ${DEVICE} --in 0x86 --out 0x02 -i /run/scratch/two.bin --bytes 8M -q |
        head -c 8M | cksum; code=$?
      node -e 'const b = Buffer.alloc(8 << 20); for (let i = 0; i < b.length; i++) b[i] = (i % 1024) % 63; process.stdout.write(b)' | cksum
      gadget unplug one; gadget account one
      node -e 'console.log(require("node:zlib").crc32?.(require("node:fs").readFileSync("/run/scratch/two.bin")).toString(16) ?? "")'
      exit $code`);
    const [received, expected, account = '', crc] = stdout.toString().split('\n');
    expect(stderr).toBe('');
    expect(received).toBe(expected);
    expect(JSON.parse(account)).toMatchObject({ bytes: 3_000_000, ...(crc && { crc32: crc }) });
    expect(code).toBe(0);
  });

  it('detaches and reattaches the driver of both interfaces', async () => {
    const { stdout, code } = await guest(`
      ${FUNCTIONS}
      gadget up one acm >/dev/null; udevadm settle
      rm -f /run/scratch/two.ready
      { stty raw -echo; echo > /run/scratch/two.ready; exec cat > /run/scratch/two.bin; } < /dev/ttyGS0 &
      until [[ -e /run/scratch/two.ready ]]; do sleep 0.05; done
      interrupt=$(basename $devices/2-1:1.0/ep_8*); interrupt=0x\${interrupt#ep_}
      printf hello | ${USBXFER} pipe ${DEVICE} --in $interrupt --out 0x02 --detach --linger 500ms -q > /dev/null
      echo $?; for try in {1..50}; do [[ -s /run/scratch/two.bin ]] && break; sleep 0.1; done
      kill $!; cat /run/scratch/two.bin; echo
      state`);
    expect([stdout.toString(), code]).toEqual(['0\nhello\n1 0=cdc_acm 1=cdc_acm\n', 0]);
  });
});
