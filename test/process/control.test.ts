import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_CONTROL_DATA } from '../../src/usb/control.js';
import { planted } from './planted.js';
import { violations } from './schema.js';
import { opened, shell, start, usbxfer } from './usbxfer.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const CONTROL = ['control', '-d', '1234:5678'];
/** GET_DESCRIPTOR of the device descriptor (USB 2.0 §9.4.3), without its length. */
const GET_DEVICE = ['in', 'standard', 'device', '6', '0x0100', '0'];
const UNKNOWN = ['in', 'vendor', 'device', '99', '0', '0', '4'];

/** The environment in which devices respond with this function and log each request on stderr. */
function answering(answer: string): NodeJS.ProcessEnv {
  return planted(`
    const answer = ${answer};
    SimulatedDevice.prototype.control = async (request, data, timeout) => {
      process.stderr.write('sent ' + Object.values(request).join() + ' ' + data.toString('hex') + '\\n');
      return answer(data, timeout);
    };`);
}

describe('an IN request', () => {
  it('may be quoted, as for --before', async () => {
    const { stdout, code } = await usbxfer([...CONTROL, 'in standard device 6 0x0100 0 18']);
    expect([stdout.length, code]).toEqual([18, 0]);
  });

  it.each(['1234:5678', '1-1'])('may follow the device %s', async (device) => {
    const expected = (await usbxfer([...CONTROL, ...GET_DEVICE, '18'])).stdout;
    const words = [...GET_DEVICE, '18'];
    expect((await usbxfer(['control', device, ...words])).stdout).toEqual(expected);
    expect((await usbxfer(['control', device, words.join(' ')])).stdout).toEqual(expected);
    const reversed = ['control', '--in', device, ...words.slice(1)];
    expect((await usbxfer(reversed)).stdout).toEqual(expected);
  });

  it('prints the response on stdout: the descriptor that usbxfer info shows', async () => {
    const { stdout, stderr, code } = await usbxfer([...CONTROL, ...GET_DEVICE, '18']);
    expect([stderr, code]).toEqual(['', 0]);
    const info = await usbxfer(['info', '1234:5678', '--json']);
    const { bLength, idVendor, idProduct } = JSON.parse(info.stdout.toString()).descriptor;
    expect([stdout.length, stdout[0]]).toEqual([18, bLength]);
    expect([stdout.readUInt16LE(8), stdout.readUInt16LE(10)]).toEqual([idVendor, idProduct]);
  });

  it.each([
    [['--in', ...GET_DEVICE.slice(1), '18']],
    [['0x80', '6', '0x0100', '0', '18']],
    [['128', '0x06', '256', '0x0', '0x12', '--timeout', '1m']],
  ])('may be written as %j', async (words) => {
    const { stdout } = await usbxfer([...CONTROL, ...GET_DEVICE, '18']);
    expect((await usbxfer([...CONTROL, ...words])).stdout).toEqual(stdout);
  });

  it('warns about a short response', async () => {
    const short = [...CONTROL, ...GET_DEVICE, '64'];
    const { stdout, stderr, code } = await usbxfer(short);
    expect([stdout.length, code]).toEqual([18, 0]);
    expect(stderr).toBe('usbxfer: the device responded with only 18 of 64 bytes\n');
    expect((await usbxfer([...short, '--quiet'])).stderr).toBe('');
  });

  it('of length 0 has no response, and says so unless it is quiet', async () => {
    const request = [...CONTROL, 'in', 'vendor', 'device', '1'];
    const { stdout, stderr, code } = await usbxfer(request, answering('() => 0'));
    expect([stdout.length, code]).toEqual([0, 0]);
    expect(stderr).toBe(
      'sent 192,1,0,0 \nusbxfer: the request succeeded; its length is 0, so the device sent no data; ' +
        'to read data, give LENGTH after the index, such as 64\n',
    );
    const quiet = await usbxfer([...request, '-q'], answering('() => 0'));
    expect([quiet.stderr, quiet.code]).toEqual(['sent 192,1,0,0 \n', 0]);
  });

  it('passes the largest length and the value of --timeout', async () => {
    const { stdout, code } = await usbxfer(
      [
        ...CONTROL,
        'in',
        'vendor',
        'device',
        '1',
        '0',
        '0',
        `${MAX_CONTROL_DATA}`,
        '--timeout',
        '7s',
      ],
      answering('(data, timeout) => data.fill(timeout === 7000 ? 0x77 : 0).length'),
    );
    expect(stdout.equals(Buffer.alloc(MAX_CONTROL_DATA, 0x77))).toBe(true);
    expect(code).toBe(0);
  });

  it('is printed as a hex dump with --hex, also to a file', async () => {
    const file = join(folder, 'dump');
    const hex = [...CONTROL, ...GET_DEVICE, '18', '--hex'];
    const { stdout } = await usbxfer(hex);
    expect(stdout.toString()).toMatch(
      /^00000000 {2}12 01 .* 34 12 78 56 .*\|\n00000010 {2}(..) (..) +\|..\|\n$/,
    );
    await usbxfer([...hex, '-o', file]);
    expect(readFileSync(file)).toEqual(stdout);
    expect(
      (await usbxfer([...CONTROL, ...UNKNOWN, '--hex'], answering('() => 0'))).stdout,
    ).toHaveLength(0);
  });

  it('prints one JSON object with --json', async () => {
    const { stdout, stderr, code } = await usbxfer([...CONTROL, ...GET_DEVICE, '64', '--json']);
    expect([stderr, code]).toEqual(['', 0]);
    const record = JSON.parse(stdout.toString());
    expect(violations('control')(record)).toBeUndefined();
    const { stdout: bytes } = await usbxfer([...CONTROL, ...GET_DEVICE, '18']);
    expect(record).toMatchObject({
      schema: 'usbxfer.control/1',
      device: { path: '1-1', vid: '1234', pid: '5678' },
      request: {
        direction: 'in',
        type: 'standard',
        recipient: 'device',
        bmRequestType: 0x80,
        bRequest: 6,
        wValue: 256,
        wIndex: 0,
        wLength: 64,
      },
      bytes: 18,
      data: bytes.toString('hex'),
    });
  });
});

describe('an OUT request', () => {
  const OUT = [...CONTROL, 'out', 'vendor', 'device', '2', '0x1234', '5'];
  const SENT = 'sent 64,2,4660,5 ';

  it.each([
    [[], ''],
    [['0102ff'], '0102ff'],
    [['01', '02:ff'], '0102ff'],
    [['--data', '01 02 ff'], '0102ff'],
    [['--data', ''], ''],
  ])('sends %j', async (words, data) => {
    const taken = answering('(data) => data.length');
    const { stdout, stderr, code } = await usbxfer([...OUT, ...words], taken);
    expect([stdout.length, stderr, code]).toEqual([0, `${SENT}${data}\n`, 0]);
  });

  it('sends data from a file or from stdin', async () => {
    const file = join(folder, 'data');
    writeFileSync(file, 'abc');
    const { NODE_OPTIONS: options } = answering('(data) => data.length');
    const { stderr } = await shell(`
      export NODE_OPTIONS='${options?.replaceAll("'", "'\\''")}'
      usbxfer ${OUT.join(' ')} -i '${file}'
      (sleep 0.1; printf ab; sleep 0.1; printf c) | usbxfer ${OUT.join(' ')} -i -
      usbxfer ${OUT.join(' ')} -i - < /dev/null`);
    expect(stderr).toBe(`${SENT}616263\n${SENT}616263\n${SENT}\n`);
  });

  it('sends the largest data, and rejects larger data', async () => {
    const file = join(folder, 'data');
    const taken = answering('(data) => data.length');
    writeFileSync(file, Buffer.alloc(MAX_CONTROL_DATA, 1));
    const full = await usbxfer([...OUT, '-i', file], taken);
    expect([full.stderr, full.code]).toEqual([`${SENT}${'01'.repeat(MAX_CONTROL_DATA)}\n`, 0]);
    writeFileSync(file, Buffer.alloc(MAX_CONTROL_DATA + 1, 1));
    const { stderr, code } = await usbxfer([...OUT, '-i', file], taken);
    expect(stderr).toMatch(
      /^usbxfer: .* is larger than 4096 bytes, the limit of a control request\n$/,
    );
    expect(code).toBe(2);
    const endless = await usbxfer([...OUT, '-i', '/dev/zero'], taken);
    expect([endless.stderr.includes('sent'), endless.code]).toEqual([false, 2]);
  });

  it('prints one JSON object with --json', async () => {
    const { stdout, stderr, code } = await usbxfer([
      ...CONTROL,
      ...['out', 'vendor', 'device', '2', '0', '0', '0102ff', '--json'],
    ]);
    expect([stderr, code]).toEqual(['', 0]);
    const record = JSON.parse(stdout.toString());
    expect(violations('control')(record)).toBeUndefined();
    expect(record).toMatchObject({
      request: { direction: 'out', type: 'vendor', wLength: 3 },
      bytes: 3,
      data: '0102ff',
    });
  });

  it('fails if the device accepts only a part', async () => {
    const { stderr, code } = await usbxfer([...OUT, '0102ff'], answering('() => 2'));
    expect(stderr).toBe(`${SENT}0102ff\nusbxfer: the device accepted only 2 of 3 bytes\n`);
    expect(code).toBe(6);
  });
});

describe('a request that fails', () => {
  it('because it is not supported prints one line', async () => {
    const { stdout, stderr, code } = await usbxfer([...CONTROL, ...UNKNOWN]);
    expect(stderr).toBe(
      'usbxfer: the device does not support this request, or not in its current state\n',
    );
    expect([stdout.length, code]).toEqual([0, 6]);
  });

  it('leaves no new file and does not change an existing one', async () => {
    const [made, precious] = [join(folder, 'new'), join(folder, 'precious')];
    writeFileSync(precious, 'precious');
    expect((await usbxfer([...CONTROL, ...UNKNOWN, '-o', made])).code).toBe(6);
    expect((await usbxfer([...CONTROL, ...UNKNOWN, '-o', precious, '--force'])).code).toBe(6);
    expect(existsSync(made)).toBe(false);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
  });
});

describe('a request to an interface', () => {
  const steps = planted(`
    const { claim, close } = SimulatedDevice.prototype;
    const say = (text) => process.stderr.write(text + '\\n');
    SimulatedDevice.prototype.claim = async function (...args) {
      say('claim ' + JSON.stringify(args));
      const claimed = await claim.apply(this, args);
      const { release } = claimed;
      claimed.release = async () => { say('release'); await release.call(claimed); };
      return claimed;
    };
    SimulatedDevice.prototype.control = async (request, data) => {
      say('control');
      if (request.request === 99) throw new UsbError('stall', 'stall');
      return data.length;
    };
    SimulatedDevice.prototype.close = async function () { say('close'); await close.call(this); };`);

  it.each([
    ['out class interface 1', 'claim [0,0,{}]\ncontrol\nrelease\nclose\n'],
    [
      'out class interface 1 --detach',
      'claim [0,0,{"detachDriver":true}]\ncontrol\nrelease\nclose\n',
    ],
    ['in standard endpoint 0 0 0x82 2', 'claim [0,0,{}]\ncontrol\nrelease\nclose\n'],
    ['out vendor interface 1', 'control\nclose\n'],
    ['out class device 1', 'control\nclose\n'],
  ])('claims the interface if necessary, and releases it: %s', async (words, expected) => {
    const { stderr, code } = await usbxfer([...CONTROL, ...words.split(' ')], steps);
    expect([stderr, code]).toEqual([expected, 0]);
  });

  it('releases the interface after a failure', async () => {
    const { stderr, code } = await usbxfer([...CONTROL, 'out', 'class', 'interface', '99'], steps);
    expect(stderr).toMatch(
      /^claim .*\ncontrol\nrelease\nclose\nusbxfer: the device does not support/,
    );
    expect(code).toBe(6);
  });

  it.each([
    [['in', 'class', 'interface', '1', '0', '7', '1'], 'the device has no interface 7'],
    [['in', 'standard', 'endpoint', '0', '0', '0x85', '2'], 'the device has no endpoint 0x85'],
  ])('that does not exist is not sent: %j', async (words, message) => {
    const { stderr, code } = await usbxfer([...CONTROL, ...words], steps);
    expect(stderr).toContain(`usbxfer: ${message}`);
    expect(stderr).not.toContain('control');
    expect(code).toBe(3);
  });
});

describe('a signal', () => {
  it('cancels a request without a response', async () => {
    const running = start([...CONTROL, 'in', 'vendor', 'device', '3', '0', '0', '8', '--json'], {
      ...planted(`
        const { control } = SimulatedDevice.prototype;
        SimulatedDevice.prototype.control = function (...request) {
          process.stderr.write('sent\\n');
          return control.apply(this, request);
        };`),
      _: '',
    });
    await new Promise((resolve) => running.child.stderr?.once('data', resolve));
    running.child.kill('SIGTERM');
    const { stdout, stderr, code } = await running.outcome;
    expect(JSON.parse(stderr.replace('sent\n', ''))).toMatchObject({
      code: 'interrupted',
      message: 'SIGTERM while waiting for the response',
      exit_code: 143,
    });
    expect([stdout.length, code]).toEqual([0, 143]);
  });

  it.runIf(process.platform === 'linux')('ends the wait for the data to send', async () => {
    const input = join(folder, 'input');
    execFileSync('mkfifo', [input]);
    const running = start([...CONTROL, 'out', 'vendor', 'device', '2', '-i', input], { _: '' });
    await opened(running, input);
    running.child.kill('SIGINT');
    const { stderr, code } = await running.outcome;
    expect([stderr, code]).toEqual([`usbxfer: SIGINT while reading ${input}\n`, 130]);
  });
});

describe('an invalid command sends nothing', () => {
  const sent = answering('(data) => data.length');

  // test/unit/cli/commands/control/refusals.test.ts has the others.
  it.each([
    [['in', 'vendor', 'device', '1', '0', '0', '4097'], /give the length .* from 0 to 4096/, 2],
    [[...UNKNOWN, '-o', '/'], /cannot write \/: is a directory/, 7],
  ])('with %j', async (words, message, expected) => {
    const { stdout, stderr, code } = await usbxfer([...CONTROL, ...words], sent);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('sent');
    expect([stdout.length, code]).toEqual([0, expected]);
  });

  it('if the output exists, without --force', async () => {
    const file = join(folder, 'precious');
    writeFileSync(file, 'precious');
    const refused = await usbxfer([...CONTROL, ...UNKNOWN, '-o', file], sent);
    expect(refused.stderr).toMatch(
      /^usbxfer: cannot write .*: already exists; choose another name, or overwrite it with --force\n$/,
    );
    expect([readFileSync(file, 'utf8'), refused.code]).toEqual(['precious', 7]);
    const { code } = await usbxfer([...CONTROL, ...UNKNOWN, '-o', file, '--force'], sent);
    expect([readFileSync(file), code]).toEqual([Buffer.alloc(4), 0]);
  });

  describe.runIf(process.platform === 'linux')('and stdout', () => {
    const command = `'${process.execPath}' bin/usbxfer.js ${[...CONTROL, ...GET_DEVICE].join(' ')}`;

    it('is closed', async () => {
      const { stderr, code } = await shell(`${command} 18 >&-`);
      expect(stderr).toMatch(/^usbxfer: stdout is closed; /);
      expect(code).toBe(7);
    });

    it('is a terminal, which gets a hex dump alone', async () => {
      const on = (options: string) =>
        shell(`script -qec "${command} ${options}" /dev/null < /dev/null`);
      const refused = await on('18');
      expect(refused.stdout.toString()).toContain('print it with --hex, redirect stdout');
      expect(refused.code).toBe(2);
      expect((await on('18 --hex')).stdout.toString()).toMatch(/^00000000 {2}12 01 /);
      expect((await on('')).code).toBe(0); // no bytes
    });
  });
});

describe('a signal', () => {
  it('ends the wait for the device', async () => {
    const running = start([...CONTROL, ...UNKNOWN, '--serial', 'none', '--wait']);
    running.child.stderr?.once('data', () => running.child.kill('SIGTERM'));
    const { stderr, code } = await running.outcome;
    expect(stderr).toBe(
      'usbxfer: waiting for the device\nusbxfer: SIGTERM while waiting for the device\n',
    );
    expect(code).toBe(143);
  });

  it('lets a request end, and its interface be given back', async () => {
    const slow = planted(`
      const { close } = SimulatedDevice.prototype;
      const signalled = new Promise((resolve) => process.once('SIGTERM', resolve));
      SimulatedDevice.prototype.control = async (request, data) => {
        process.stderr.write('sent\\n');
        await signalled;
        return data.length;
      };
      SimulatedDevice.prototype.close = async function () {
        process.stderr.write('close\\n');
        await close.call(this); // refuses while an interface is claimed
      };`);
    const running = start([...CONTROL, 'in', 'class', 'interface', '1', '0', '0', '4'], slow);
    running.child.stderr?.once('data', () => running.child.kill('SIGTERM'));
    const { stdout, stderr, code } = await running.outcome;
    expect([stdout, stderr, code]).toEqual([Buffer.alloc(4), 'sent\nclose\n', 0]);
  });
});

describe.runIf(process.platform === 'linux')('an answer that is not taken', () => {
  const command = `usbxfer ${[...CONTROL, ...GET_DEVICE].join(' ')} 18`;

  it('is a failure', async () => {
    const { stderr, code } = await shell(`${command} > /dev/full`);
    expect(stderr).toBe(
      'usbxfer: the output failed: no space left on device; the response is lost\n',
    );
    expect(code).toBe(7);
  });

  it('is none when the reader has gone', async () => {
    const { stderr, code } = await shell(`
      set -o pipefail
      (sleep 0.2; ${command}) | true`);
    expect([stderr, code]).toEqual(['', 0]);
  });
});

describe('--script', () => {
  const SCRIPT =
    'out vendor device 2 0 0 0102ff\nin vendor device 2 0 0 3\nin vendor device 2 0 0 2\n';

  it('is read from stdin, and the responses are one stream of bytes', async () => {
    const { stdout, stderr, code } = await shell(
      `printf '${SCRIPT}' | usbxfer control -d 1234:5678 --script - | xxd -p`,
    );
    expect([stdout.toString(), stderr, code]).toEqual(['0102ff0102\n', '', 0]);
  });

  it('prints JSON with an entry for each request', async () => {
    const script = join(folder, 'script');
    writeFileSync(script, SCRIPT);
    const { stdout, code } = await usbxfer([...CONTROL, '--script', script, '--json']);
    const record = JSON.parse(stdout.toString());
    expect(violations('control-script')(record)).toBeUndefined();
    expect(record).toMatchObject({
      ...{ script, request_count: 3, complete: true },
      requests: [
        { line: 1, bytes: 3, data: '0102ff' },
        { line: 2, bytes: 3, data: '0102ff' },
        { line: 3, bytes: 2, data: '0102' },
      ],
    });
    expect(code).toBe(0);
  });

  it('writes the responses before a failure to the output', async () => {
    const script = join(folder, 'script');
    const output = join(folder, 'output');
    writeFileSync(script, `${SCRIPT}out vendor device 99\n`);
    const { stderr, code } = await usbxfer([...CONTROL, '--script', script, '-o', output]);
    expect(stderr).toMatch(/script:4: the device does not support .*3 of 4 requests succeeded/);
    expect([readFileSync(output, 'hex'), code]).toEqual(['0102ff0102', 6]);
  });

  it('ends at a signal during a delay', async () => {
    const script = join(folder, 'script');
    writeFileSync(script, 'out vendor device 1 1\ndelay 1h\nout vendor device 1 0\n');
    const env = answering('(data) => data.length');
    const running = start([...CONTROL, '--script', script], env);
    await new Promise((resolve) => running.child.stderr?.once('data', resolve));
    running.child.kill('SIGINT');
    const { stderr, code } = await running.outcome;
    expect(stderr).toMatch(/SIGINT while waiting at .*script:2\n$/);
    expect([stderr.match(/^sent /gm)?.length, code]).toEqual([1, 130]);
  });
});
