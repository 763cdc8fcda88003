import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UsbipServer } from '../../src/backends/usbip/server/server.js';
import { VirtualBackend } from '../../src/backends/virtual/backend.js';
import { parseScenario } from '../../src/backends/virtual/scenario.js';
import { counterBytes, isCounterPrefix } from '../support/counter-stream.js';
import { violations } from './schema.js';
import { type Running, received, start, usbxfer } from './usbxfer.js';

/** Serves a virtual bus in this process until the end of the test. Returns the option for its clients. */
async function served(scenario: string, onOut?: (data: Buffer) => void) {
  const backend = new VirtualBackend({
    scenario: parseScenario(scenario),
    ...(onOut && { onOut: (data: Uint8Array) => onOut(Buffer.from(data)) }),
  });
  const options = { backend, isExported: () => true, onEvent() {} };
  const server = await UsbipServer.listen(options, '127.0.0.1', 0);
  onTestFinished(() => server.close('the test is over'));
  return { backend, host: ['--host', `127.0.0.1:${server.port}`] };
}

/** Runs `usbxfer serve` on a free port. Resolves to the port when it listens. */
async function serve(
  ...args: string[]
): Promise<{ process: Running; port: number; log(): string }> {
  const process = start(['serve', '--listen', ':0', ...args]);
  onTestFinished(() => {
    process.child.kill('SIGKILL');
  });
  let log = '';
  const port = await new Promise<number>((resolve) => {
    process.child.stderr?.on('data', (chunk) => {
      log += chunk;
      const found = /at 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (found !== undefined) {
        resolve(Number(found));
      }
    });
  });
  return { process, port, log: () => log };
}

describe('a device of a server', () => {
  it('is read and written to', async () => {
    const sent: Buffer[] = [];
    const { host } = await served('', (data) => sent.push(data));
    const { stdout, stderr, code } = await usbxfer(['read', ...host, '1-1', '--bytes', '20M']);
    expect([code, stdout.equals(counterBytes(0, 20 * 1024 * 1024))]).toEqual([0, true]);
    expect(stderr).toContain('from       1-1 (1234:5678 virtual counter), endpoint 0x82\n');
    const written = await usbxfer(['write', ...host, '1-1', '-i', 'package.json', '--json']);
    expect([written.code, Buffer.concat(sent).includes('"usbxfer"')]).toEqual([0, true]);
  });

  it('loses no data of a run that is stopped: the next run continues', async () => {
    const { host } = await served('rate=20M');
    const first = await usbxfer(['read', ...host, '1-1', '--duration', '300ms', '--json']);
    expect(first.code).toBe(0);
    const next = await usbxfer(['read', ...host, '1-1', '--bytes', '64k', '--timeout', '1s']);
    expect(next.stdout.equals(counterBytes(first.stdout.length, 64 * 1024))).toBe(true);
  });

  it('may lose data if the bus behind the server does, which the summary says', async () => {
    const { host } = await served('rate=20M,cancel=lose');
    const { stdout, stderr } = await usbxfer(['read', ...host, '1-1', '--duration', '300ms']);
    expect(stderr).toContain(`data after byte ${stdout.length} may be lost: over USB/IP,`);
    const { code, stderr: refused } = await usbxfer(['read', ...host, '1-1', '--timeout', '1s']);
    expect([code, refused]).toEqual([4, expect.stringContaining('omit --timeout')]);
  });

  it('is lost when it is unplugged, with all that was received, and --reconnect continues', async () => {
    const { host } = await served('unplug@1M=500ms');
    const lost = await usbxfer(['read', ...host, '1-1']);
    expect([lost.code, lost.stdout.equals(counterBytes(0, 1024 * 1024))]).toEqual([5, true]);
    const { host: other } = await served('unplug@1M=500ms');
    const back = await usbxfer(['read', ...other, '1-1', '--reconnect', '--bytes', '2M', '--json']);
    expect([back.code, back.stdout.length]).toEqual([6, 2 * 1024 * 1024]);
    expect(JSON.parse(back.stderr).gaps).toMatchObject([
      { cause: 'device-lost', offset: 1024 * 1024 },
    ]);
  });
});

describe('serve', () => {
  it('logs what its clients do, and ends at SIGINT', async () => {
    const { process, port, log } = await serve('1234:5678');
    expect(log()).toBe(
      `usbxfer: serving 1 device at 127.0.0.1:${port}: 1234:5678 usbxfer virtual counter at 1-1; ` +
        'Ctrl-C ends the command\n',
    );
    const host = ['--host', `127.0.0.1:${port}`];
    await usbxfer(['read', ...host, '1-1', '--bytes', '1M', '-o', '/dev/null', '-q']);
    expect((await usbxfer(['read', ...host, '1-2', '--bytes', '1'])).code).toBe(3);
    process.child.kill('SIGINT');
    const { stdout, stderr, code } = await process.outcome;
    expect([code, stderr]).toEqual([0, log()]);
    const lines = stdout.toString().replace(/^\S+ {2}|:\d+(?=,|$)/gm, '');
    expect(lines.split('\n')).toEqual([
      'imported  1234:5678 usbxfer virtual counter at 1-1 by 127.0.0.1',
      'released  1234:5678 usbxfer virtual counter at 1-1 by 127.0.0.1, 1.00 MiB in, 0 B out',
      '',
    ]);
  });

  it('answers what is in flight at SIGINT', async () => {
    const { process, port } = await serve('--scenario', 'rate=4M');
    const reader = start(['read', '--host', `127.0.0.1:${port}`, '1-1']);
    await received(reader, 256 * 1024);
    process.child.kill('SIGINT');
    const { code, stdout } = await reader.outcome;
    expect([code, isCounterPrefix(stdout)]).toEqual([5, true]);
    expect((await process.outcome).code).toBe(0);
  });

  it('prints a line of JSON for each event', async () => {
    const free = await UsbipServer.listen(
      { backend: new VirtualBackend(), isExported: () => false, onEvent() {} },
      '127.0.0.1',
      0,
    );
    const { port } = free;
    await free.close('');
    const process = start(['serve', '--listen', `:${port}`, '--json']);
    onTestFinished(() => {
      process.child.kill('SIGKILL');
    });
    await connected(port);
    const host = ['--host', `127.0.0.1:${port}`];
    await usbxfer(['read', ...host, '1-1', '--bytes', '1k', '-o', '/dev/null', '-q']);
    process.child.kill('SIGINT');
    const { stdout } = await process.outcome;
    const records = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(violations('serve'))).toEqual([undefined, undefined]);
    expect(records).toMatchObject([
      { event: 'imported', path: '1-1', bytes_in: null },
      { event: 'released', path: '1-1', bytes_in: 1024, bytes_out: 0, message: null },
    ]);
  });

  it('says that the network is not safe, and why it cannot listen', async () => {
    const { port } = await serve();
    const used = await usbxfer(['serve', '--listen', `:${port}`]);
    expect([used.code, used.stderr]).toEqual([
      4,
      expect.stringMatching(
        /^usbxfer: cannot listen at 127\.0\.0\.1:\d+: another program uses the port; end that/,
      ),
    ]);
    const unknown = await usbxfer(['serve', '--listen', 'host.invalid']);
    expect([unknown.code, unknown.stderr]).toEqual([
      4,
      expect.stringMatching(
        /host\.invalid:3240: the host name (is not known|cannot be resolved now);/,
      ),
    ]);
    const open = start(['serve', '--listen', '0.0.0.0:0']);
    const { child } = open;
    await new Promise<void>((resolve) => {
      let text = '';
      child.stderr?.on('data', (chunk) => {
        text += chunk;
        if (text.includes('HOST')) {
          resolve();
        }
      });
    });
    child.kill('SIGINT');
    expect((await open.outcome).stderr).toMatch(
      /USB\/IP has neither authentication nor encryption: .* ssh -L (\d+):127\.0\.0\.1:\1 HOST/,
    );
  });

  it.runIf(process.platform !== 'win32')(
    'that is killed leaves its client with all that arrived',
    async () => {
      for (let round = 0; round < 3; round++) {
        const { process, port } = await serve('--scenario', 'rate=40M');
        const reader = start(['read', '--host', `127.0.0.1:${port}`, '1-1']);
        await received(reader, (1 + round) * 300_000);
        process.child.kill('SIGKILL');
        const { code, stdout } = await reader.outcome;
        expect([code, isCounterPrefix(stdout)]).toEqual([5, true]);
      }
    },
  );

  it('that is started again is found by --reconnect', async () => {
    const first = await serve('--scenario', 'rate=2M');
    const reader = start([
      ...['read', '--host', `127.0.0.1:${first.port}`, '1-1', '--reconnect'],
      ...['--bytes', '4M', '--json'],
    ]);
    await received(reader, 300_000);
    first.process.child.kill('SIGKILL');
    const second = start(['serve', '--listen', `:${first.port}`]);
    const { code, stdout, stderr } = await reader.outcome;
    second.child.kill('SIGINT');
    expect([code, stdout.length]).toEqual([6, 4 * 1024 * 1024]);
    const { gaps } = JSON.parse(stderr.slice(stderr.indexOf('{')));
    expect(gaps).toMatchObject([{ cause: 'device-lost' }]);
    const { offset } = gaps[0];
    const rest = stdout.subarray(offset);
    expect(stdout.subarray(0, offset).equals(counterBytes(0, offset))).toBe(true);
    expect(rest.equals(counterBytes(0, rest.length))).toBe(true);
  });
});

/** Resolves when something listens on a port. */
async function connected(port: number): Promise<void> {
  const attempt = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  while (!(await attempt())) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
