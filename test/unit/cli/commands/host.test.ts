import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsbipBackend } from '../../../../src/backends/usbip/client/backend.js';
import { type ServerEvent, UsbipServer } from '../../../../src/backends/usbip/server/server.js';
import { VirtualBackend } from '../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../src/backends/virtual/scenario.js';
import { violations } from '../../../process/schema.js';
import { runCommand } from '../../../support/run-command.js';

const bus = new VirtualBackend({ scenario: parseScenario('configurations=2') });
const events: ServerEvent[] = [];
let server: UsbipServer;
let host: string[];

beforeAll(async () => {
  const onEvent = (event: ServerEvent) => events.push(event);
  server = await UsbipServer.listen(
    { backend: bus, isExported: () => true, onEvent },
    '127.0.0.1',
    0,
  );
  host = ['--host', `127.0.0.1:${server.port}`];
});
afterAll(() => server.close('the test is over'));

describe('a command with --host', () => {
  it('lists what the server exports, and opens nothing', async () => {
    const before = events.length;
    const { stdout, code } = await runCommand(['list', ...host, '-o', 'path,id,serial,usb,speed']);
    expect([stdout.split('\n').slice(0, 2), code]).toEqual([
      ['PATH  ID         SERIAL  USB  SPEED', '1-1   1234:5678               480M'],
      0,
    ]);
    const { stdout: json } = await runCommand(['list', ...host, '--json']);
    expect(violations('list')(JSON.parse(json))).toBeUndefined();
    expect(JSON.parse(json).devices[0]).toMatchObject({ usb_version: null, serial: null });
    expect(events.length).toBe(before);
  });

  it('lists strings and endpoints with --open, also of one device that is in use', async () => {
    const device = await bus.list().then(([first]) => bus.open(first ?? expect.unreachable()));
    const claimed = await device.claim(0, 0);
    const { stdout, code } = await runCommand([
      ...['list', ...host, '--open', '-v', '--no-header', '-o', 'path,serial'],
    ]);
    await claimed.release();
    await device.close();
    expect([stdout, code]).toMatchSnapshot();
  });

  it('describes a device, with commands for its endpoints', async () => {
    const { stdout, code } = await runCommand(['info', ...host, '-d', '1234:5678']);
    expect(code).toBe(0);
    expect(stdout).toContain(`usbxfer read --host 127.0.0.1:${server.port} -d 1234:5678`);
    expect(stdout).toContain('  serial          V0001\n');
  });

  it('sends control requests, resets, clears halts and checks', async () => {
    const run = async (...args: string[]) => {
      const { stdout, code } = await runCommand([args[0] ?? '', ...host, ...args.slice(1)]);
      return [stdout.split('\n')[0], code];
    };
    expect(await run('reset', '1-1')).toEqual([
      expect.stringMatching(/at 1-1 was reset and is back/),
      0,
    ]);
    expect(await run('clear-halt', '1-1', '--ep', '0x82')).toEqual([
      '1234:5678 usbxfer virtual counter at 1-1, endpoint 0x82 was not halted; its data toggle is reset',
      0,
    ]);
    const doctor = await runCommand(['doctor', ...host, '1-1']);
    expect(doctor.stdout).toContain('it has bulk IN endpoints: 0x82');
    expect(doctor.stdout).toContain('the server returns the data of cancelled transfers');
    const all = await runCommand(['doctor', ...host]);
    expect(all.stdout).toContain('its endpoints are not known: give its ID or its path to open it');
  });

  it.each<[string, string[], number, RegExp]>([
    ['a serial number', ['info', '--serial', 'V0001'], 3, /has no serial numbers: select it with/],
    [
      'long transfers',
      ['read', '1-1', '--transfer-size', '2M'],
      2,
      /must not exceed 1 MiB with --h/,
    ],
    ['another device', ['read', '9-9'], 3, /device; usbxfer list --host HOST shows what is exp/],
    ['a backend', ['list', '--backend', 'virtual'], 2, /--host and --backend cannot be used tog/],
    ['a scenario', ['list', '--scenario', 'speed=full'], 2, /--scenario needs --backend virtual/],
  ])('refuses %s', async (_, [name = '', ...args], exitCode, message) => {
    const { stderr, code } = await runCommand([name, ...host, ...args]);
    expect([code, stderr]).toEqual([exitCode, expect.stringMatching(message)]);
  });

  it('takes precedence over the backend in the environment', async () => {
    const env = { USBXFER_BACKEND: 'libusb' };
    expect((await runCommand(['list', ...host], { env })).code).toBe(0);
  });

  it.each([
    '',
    'a b',
    'host:0',
    'host:70000',
    'http://host',
  ])('refuses the host %j', async (text) => {
    const { stderr, code } = await runCommand(['list', '--host', text]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/give a host name or an IP address/)]);
  });

  it('says what to do if there is no server', async () => {
    const closed = await UsbipServer.listen(
      { backend: bus, isExported: () => true, onEvent() {} },
      '127.0.0.1',
      0,
    );
    const { port } = closed;
    await closed.close('');
    const { stderr, code } = await runCommand(['list', '--host', `127.0.0.1:${port}`]);
    expect([code, stderr]).toEqual([
      4,
      `usbxfer: cannot use the USB/IP server at 127.0.0.1:${port}: the connection was refused; ` +
        'start a server (Linux: sudo usbipd -D; any system: usbxfer serve), or reach one on another ' +
        `machine with ssh -L ${port}:127.0.0.1:3240 HOST\n`,
    ]);
  });

  it('says that another client has the device', async () => {
    const other = new UsbipBackend({ host: '127.0.0.1', port: server.port });
    const [, info] = await other.list();
    const device = await other.open(info ?? expect.unreachable());
    const { stderr, code } = await runCommand(['info', ...host, '1-2']);
    await device.close();
    expect([code, stderr]).toEqual([
      4,
      `usbxfer: cannot import 1-2 from 127.0.0.1:${server.port}: another client uses it; ` +
        'detach it there (usbip detach), or end the other program\n',
    ]);
  });
});

describe('list --open', () => {
  it('needs --host', async () => {
    const { stderr, code } = await runCommand(['list', '--open', '--backend', 'virtual']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--open needs --host')]);
  });
});
