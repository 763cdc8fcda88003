import { existsSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

describeInLab('the guest', () => {
  it('returns bytes unchanged', async () => {
    const { stdout } = await guest(`printf '\\0\\1\\n\\r\\xff\\0'; cat /dev/zero | head -c 100000`);
    expect(stdout.subarray(0, 6)).toEqual(Buffer.from([0, 1, 10, 13, 255, 0]));
    expect(stdout.length).toBe(100_006);
  });

  it('returns stderr and the exit code', async () => {
    const result = await guest('echo out; echo Ärger >&2; exit 42');
    expect(result).toEqual({ stdout: Buffer.from('out\n'), stderr: 'Ärger\n', code: 42 });
  });

  it('runs jobs concurrently', async () => {
    const meet = (mine: string, other: string) =>
      guest(
        `touch /run/scratch/${mine}; until [[ -e /run/scratch/${other} ]]; do sleep 0.05; done; rm /run/scratch/${other}`,
      );
    const results = await Promise.all([meet('here', 'there'), meet('there', 'here')]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
  });

  it('kills a job that takes too long, with all its processes', async () => {
    const late = guest(`setsid sleep 4321 & echo so far; sleep 4321`, { timeoutMs: 1500 });
    await expect(late).rejects.toThrow(/did not finish in 1500 ms[\s\S]*so far/);
    expect((await guest('pgrep -f [4]321')).stdout.toString()).toBe('');
  });

  it("runs in the checkout, with the host's node and without a terminal", async () => {
    const { stdout } = await guest(
      'pwd; echo $HOME; node --version; [[ -t 0 || -t 1 ]] || echo no',
    );
    expect(stdout.toString().split('\n')).toEqual([
      process.cwd(),
      '/root',
      process.version,
      'no',
      '',
    ]);
  });

  it('can run as another user', async () => {
    const { stdout } = await guest(`su -s /bin/bash nobody -c 'id -un; head -c1 /root/.bashrc'`);
    expect(stdout.toString()).toBe('nobody\n');
  });

  it('does not change files of the host', async () => {
    await guest('touch from-the-guest; test -e from-the-guest');
    const { stdout } = await guest('ls from-the-guest; rm from-the-guest');
    expect(stdout.toString()).toBe('from-the-guest\n');
    expect(existsSync('from-the-guest')).toBe(false);
  });
});

describeInLab('gadget', () => {
  afterEach(async () => {
    await guest('gadget down one; gadget down two');
  });

  async function run(script: string): Promise<string> {
    const { stdout, stderr, code } = await guest(`set -e\n${script}`);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return stdout.toString();
  }

  it.each([
    ['super', '2-1', '5000'],
    ['high', '1-1', '480'],
    ['full', '1-1', '12'],
  ])('creates a %s-speed device', async (speed, port, megabits) => {
    const strings = '--manufacturer Acme --product "Blue thing" --serial X9';
    const output = await run(`
      gadget up one sourcesink --speed ${speed} --vid 1209 --pid 0001 ${strings}
      cd /sys/bus/usb/devices/${port}
      cat speed manufacturer product serial
      lsusb -d 1209:0001 -v | grep -o 'bEndpointAddress.*' | sort`);
    expect(output.split('\n')).toEqual([
      port,
      megabits,
      'Acme',
      'Blue thing',
      'X9',
      'bEndpointAddress     0x02  EP 2 OUT',
      'bEndpointAddress     0x81  EP 1 IN',
      '',
    ]);
  });

  it('unplugs, plugs in and removes a device', async () => {
    const list = 'lsusb | grep -c 1234:5678 || true';
    const output = await run(`
      gadget up one loopback; ${list}
      gadget unplug one; ${list}
      gadget plug one; ${list}
      gadget down one; ${list}
      gadget down one`);
    expect(output).toBe('2-1\n1\n0\n2-1\n1\n0\n');
  });

  it('creates two devices', async () => {
    const output = await run(`
      gadget up one sourcesink
      gadget up two sourcesink --udc dummy_udc.1 --speed high --serial 0002
      cat /sys/bus/usb/devices/*-1/serial`);
    expect(output).toBe('2-1\n3-1\n0001\n0002\n');
  });

  it('creates a device that a kernel driver holds', async () => {
    const output = await run(`
      gadget up one storage
      basename $(readlink /sys/bus/usb/devices/2-1:1.0/driver)`);
    expect(output).toBe('2-1\nusb-storage\n');
  });

  it('binds no driver to other devices, whatever their IDs', async () => {
    const driver = '/sys/bus/usb/devices/2-1:1.0/driver';
    expect(await run(`gadget up one sourcesink; [[ ! -e ${driver} ]]`)).toBe('2-1\n');
  });

  it('denies a user access to the device', async () => {
    const { stdout, code } = await guest(`
      gadget up one sourcesink
      node=/dev/bus/usb/002/$(printf %03d $(</sys/bus/usb/devices/2-1/devnum))
      : <>$node && su -s /bin/bash nobody -c ": <>$node"`);
    expect([stdout.toString(), code]).toEqual(['2-1\n', 1]);
  });

  it('creates a scripted device, which writes a log and may exit', async () => {
    const output = await run(`
      gadget up one ffs --speed high -- silence 3000, exit
      cat /sys/bus/usb/devices/1-1/product
      while [[ -e /sys/bus/usb/devices/1-1 ]]; do sleep 0.1; done
      grep -o 'exit.*' /run/gadget/one/log`);
    expect(output).toBe('1-1\nScripted device\nexit   at byte 0\n');
  });

  it('reports an invalid script', async () => {
    const { stderr, code } = await guest('gadget up one ffs -- send 1M, dance');
    expect(code).toBe(1);
    expect(stderr).toContain('invalid: dance');
  });
});
