import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../process/schema.js';
import {
  captureOf,
  controlRequest,
  descriptorRequests,
  type Recorded,
  usbPcap,
  usbPcapFile,
} from '../../../support/capture.js';
import { counterBytes } from '../../../support/counter-stream.js';
import { deviceInfo, setting } from '../../../support/device-info.js';
import { Folder } from '../../../support/folder.js';
import { usbxfer } from '../../../support/run-command.js';

const folder = new Folder();
let files = 0;

function fileOf(content: Buffer | readonly Recorded[]): string {
  files += 1;
  return folder.file(`${files}.pcapng`, Buffer.isBuffer(content) ? content : captureOf(content));
}

const CONFIGURATIONS = [{ value: 1, settings: [setting(0, 0, 0x81, 0x02)] }];
const DEVICE = deviceInfo({ configurations: CONFIGURATIONS });
const OTHER = deviceInfo({ address: 5, pid: 0x5679, serial: '2', configurations: CONFIGURATIONS });

/** A capture of two devices with the same endpoints; one was unplugged. */
const CAPTURE: readonly Recorded[] = [
  ...descriptorRequests(DEVICE),
  ...descriptorRequests(OTHER),
  { endpoint: 0x81, data: Buffer.from('one ') },
  { endpoint: 0x81, device: 5, data: Buffer.from('other') },
  { endpoint: 0x02, data: Buffer.from('sent') },
  { endpoint: 0x81, status: 'no-device' },
  ...descriptorRequests({ ...DEVICE, address: 6 }),
  { endpoint: 0x81, device: 6, data: Buffer.from('two') },
];
const WHOLE = fileOf(CAPTURE);

/** Extracts to a file; returns its text with the result. */
async function extract(file: string, ...args: string[]) {
  files += 1;
  const output = join(folder.path, `${files}.bin`);
  const result = await usbxfer(['extract', file, '-o', output, ...args]);
  const text = result.code === 2 || result.code === 3 ? '' : readFileSync(output, 'latin1');
  return { ...result, text };
}

describe('usbxfer extract', () => {
  it('writes the data of an endpoint, and reports gaps as read does', async () => {
    const { code, text, stderr } = await extract(WHOLE, '--path', '1-2', '--ep', '0x81');
    expect(text).toBe('one two');
    expect(code).toBe(6);
    expect(stderr).toContain('gap at byte 4: disconnection');
    expect(stderr).toMatch(/^ended +end of the recording$/m);
    expect(stderr).toMatch(/^usbxfer: the output has 1 gap where bytes may be missing$/m);
  });

  it('writes what was sent to an endpoint', async () => {
    const { code, text, stderr } = await extract(WHOLE, '--ep', '02');
    expect([code, text]).toEqual([0, 'sent']);
    expect(stderr).toContain('endpoint 0x02');
  });

  it('says where the devices of the capture are listed, if none matches', async () => {
    const { code, stderr } = await extract(WHOLE, '-d', 'dead:beef');
    expect([code, stderr]).toEqual([3, expect.stringContaining('usbxfer extract --list')]);
  });

  it('does not count the transfers that ask for more than the capture has', async () => {
    const { stderr } = await extract(WHOLE, '--ep', '02');
    expect(stderr).toMatch(/^transfers +1$/m);
  });

  it('lists nothing if no device or endpoint matches', async () => {
    const { code, stdout, stderr } = await usbxfer(['extract', WHOLE, '--list', '--path', '9-9']);
    expect([code, stdout, stderr]).toEqual([3, '', expect.stringContaining('no such device')]);
  });

  it('has the limits of read', async () => {
    const file = fileOf([
      { endpoint: 0x81, data: counterBytes(0, 1000), requested: 1024 },
      { endpoint: 0x81, data: counterBytes(1000, 500) },
    ]);
    const lengthWith = async (...args: string[]) => {
      const { code, text } = await extract(file, '-q', ...args);
      return [code, text.length];
    };
    expect(await lengthWith()).toEqual([0, 1500]);
    expect(await lengthWith('--bytes', '700')).toEqual([0, 700]);
    expect(await lengthWith('--skip', '1200')).toEqual([0, 300]);
    expect(await lengthWith('--count', '1')).toEqual([0, 1000]);
    expect(await lengthWith('--until-short')).toEqual([0, 1000]);
    expect(await lengthWith('--bytes', '2000')).toEqual([8, 1500]);
    const { stderr } = await extract(file, '--bytes', '2000');
    expect(stderr).toMatch(/^usbxfer: the recording ended before --bytes was reached;/m);
  });

  it('prints the summary of read as JSON', async () => {
    const { stdout } = await extract(WHOLE, '--ep', '02', '--json');
    const record = JSON.parse(stdout);
    expect(violations('read')(record)).toBeUndefined();
    expect(record).toMatchObject({ end_reason: 'input-ended', exit_code: 0, bytes_written: 4 });
  });

  it('shows the transfers', async () => {
    const { text } = await extract(WHOLE, '--path', '1-5', '--ep', '0x81', '--hex', '-q');
    expect(text).toMatch(/^< \d\.\d+ s {2}0x81 {2}5 bytes {2}completed\n.*\|other/);
  });

  it('writes the data before the damage', async () => {
    const bytes = captureOf(CAPTURE);
    const file = fileOf(bytes.subarray(0, bytes.length - 1));
    const { code, text, stderr } = await extract(file, '--path', '1-5', '--ep', '0x81');
    expect([code, text]).toEqual([7, 'other']);
    expect(stderr).toMatch(
      /^usbxfer: reading the capture failed: the file ends within the block at offset \d+; the 5 bytes before it were written$/m,
    );
  });

  it('says that a capture was cut', async () => {
    const file = fileOf([
      { endpoint: 0x81, data: Buffer.from('cut'), length: 8 },
      { endpoint: 0x81, data: Buffer.from('whole') },
    ]);
    const { code, text, stderr } = await extract(file);
    expect([code, text]).toEqual([6, 'cutwhole']);
    expect(stderr).toContain('usbxfer: 5 bytes are not in the capture: it was cut');
    expect(stderr).toContain('gap at byte 3: transfer error');
  });

  it.each([
    [['--ep', '0x81'], 3, /2 devices match: 1-2 \(1234:5678 .*, 1-5 \(1234:5679 .*select one with/],
    [['--ep', '0x85'], 3, /the capture has no endpoint 0x85; usbxfer extract --list shows/],
    [['--vid', 'dead'], 3, /no such device/],
    [['--ep', '0'], 2, /give an endpoint address/],
    [['--list'], 2, /'--list' cannot be used with option '-o, --output <file>'/],
  ])('refuses a choice that is none: %j', async (args, code, message) => {
    const result = await extract(WHOLE, ...args);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(message);
  });

  it('takes the only IN endpoint by default, and names the others if there are several', async () => {
    expect(await extract(WHOLE, '--pid', '5679')).toMatchObject({ code: 0, text: 'other' });
    const file = fileOf([
      { endpoint: 0x81, data: Buffer.from('a') },
      { endpoint: 0x83, data: Buffer.from('b') },
    ]);
    const { code, stderr } = await extract(file);
    expect(code).toBe(3);
    expect(stderr).toMatch(/1-2 has several endpoints: 0x81, 0x83; select one with --ep/);
    const isochronous = fileOf([{ endpoint: 0x81, type: 'isochronous', data: Buffer.from('a') }]);
    expect((await extract(isochronous, '--ep', '0x81')).stderr).toMatch(/0x81 is isochronous/);
  });

  it.each([
    [
      Buffer.from('no capture at all'),
      /neither a pcapng nor a pcap file: unknown bytes at offset 0/,
    ],
    [Buffer.alloc(0), /neither a pcapng nor a pcap file/],
    [captureOf([]), /no USB transfer precedes the end of the file at offset \d+/],
  ])('refuses a file that is no capture of USB devices', async (content, message) => {
    const { code, stderr } = await usbxfer(['extract', fileOf(content), '-o', '/dev/null']);
    expect(code).toBe(7);
    expect(stderr.trim()).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    ['missing.pcapng', /^usbxfer: cannot read missing.pcapng: no such file or directory$/m],
    ['.', /^usbxfer: cannot read \.: is a directory/m],
  ])('refuses what it cannot read: %s', async (file, message) => {
    const { code, stderr } = await usbxfer(['extract', file, '-o', '/dev/null']);
    expect(code).toBe(7);
    expect(stderr).toMatch(message);
  });
});

describe('usbxfer extract --list', () => {
  it('lists the endpoints with their transfers and bytes', async () => {
    const { code, stdout } = await usbxfer(['extract', WHOLE, '--list']);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        'PATH  ID         ENDPOINT  TYPE     TRANSFERS  BYTES  FAILED  MISSING',
        '1-2   1234:5678  0x02      bulk     1          4      0       0',
        '1-2   1234:5678  0x80      control  10         168    0       0',
        '1-2   1234:5678  0x81      bulk     3          7      1       0',
        '1-5   1234:5679  0x80      control  5          78     0       0',
        '1-5   1234:5679  0x81      bulk     1          5      0       0',
        '',
      ].join('\n'),
    );
  });

  it('selects devices and endpoints, and prints JSON', async () => {
    const args = ['extract', WHOLE, '--list', '--pid', '5678', '--ep', '0x81', '--json'];
    const record = JSON.parse((await usbxfer(args)).stdout);
    expect(violations('extract-list')(record)).toBeUndefined();
    expect(record.devices).toMatchObject([
      { path: '1-2', addresses: [2, 6], endpoints: [{ endpoint: '0x81', transfers: 3, bytes: 7 }] },
    ]);
  });

  it('does not join devices that only look the same', async () => {
    const file = fileOf([
      ...descriptorRequests(DEVICE),
      ...descriptorRequests({ ...DEVICE, address: 6 }),
    ]);
    const { stdout } = await usbxfer(['extract', file, '--list']);
    expect(stdout.match(/^1-\d/gm)).toEqual(['1-2', '1-6']);
  });

  it('lists what is before the damage, and then fails', async () => {
    const bytes = captureOf(CAPTURE);
    const file = fileOf(Buffer.concat([bytes, Buffer.of(6, 0, 0, 0, 1, 0, 0, 0)]));
    const { code, stdout, stderr } = await usbxfer(['extract', file, '--list']);
    expect([code, stdout.split('\n')]).toEqual([
      7,
      expect.arrayContaining([expect.stringMatching(/^1-5/)]),
    ]);
    expect(stderr).toMatch(/the lengths contradict each other in the block at offset \d+$/m);
  });

  it('reads USBPcap', async () => {
    const file = fileOf(
      usbPcapFile(
        usbPcap({ id: 2n, type: 3, endpoint: 0x02, data: Buffer.from('out') }),
        usbPcap({ id: 2n, type: 3, endpoint: 0x02, info: 1 }),
      ),
    );
    const { stdout } = await usbxfer(['extract', file, '--list']);
    expect(stdout).toMatch(/^1-4 +0000:0000 +0x02 +bulk +1 +3 +0 +0$/m);
  });

  it('fails if nothing matches', async () => {
    const { code, stderr } = await usbxfer(['extract', WHOLE, '--list', '--vid', 'dead']);
    expect([code, stderr]).toEqual([3, 'usbxfer: the capture has no such device or endpoint\n']);
  });
});

describe('--backend replay', () => {
  const replay = (command: string, file: string, ...args: string[]) =>
    usbxfer([command, '--backend', 'replay', '--capture', file, ...args]);

  it('lists and shows the recorded devices', async () => {
    const { stdout, stderr } = await replay('list', WHOLE);
    expect(stdout).toMatch(/^1-2 .*1234:5678 .*maker thing/m);
    expect(stdout).toMatch(/^1-5 .*1234:5679/m);
    expect(stderr).toBe('');
    const info = await replay('info', WHOLE, '--path', '1-2', '--json');
    expect(info.stdout).toContain(
      `read --backend replay --capture ${WHOLE} -d 1234:5678 --ep 0x81`,
    );
  });

  it('makes up what the capture does not have, and says so', async () => {
    const file = fileOf([
      { endpoint: 0x81, type: 'interrupt', data: Buffer.from('report') },
      { endpoint: 0x02, data: Buffer.from('data') },
    ]);
    const { stdout, stderr } = await replay('info', file);
    expect(stderr).toMatch(
      /^usbxfer: 1-2: the capture has no descriptors; the device has the endp/m,
    );
    expect(stdout).toMatch(/Endpoint 1 IN, interrupt/);
    expect(stdout).toMatch(/Endpoint 2 OUT, bulk/);
  });

  it('takes descriptors from a file of umockdev', async () => {
    const file = fileOf([{ endpoint: 0x81, data: Buffer.from('data') }]);
    const hex =
      '12011001000000087a1c700541100102030109022000010100a032090400000' +
      '2ff0000000705810240000007050402400003';
    const device = folder.file(
      'device.umockdev',
      `P: /devices/hub\nN: bus/usb/001/001=1201\nE: BUSNUM=001\n\nP: /devices/1-9\nN: bus/usb/001/002=${hex}\n` +
        'E: BUSNUM=001\nE: DEVNUM=002\nA: bConfigurationValue=1\nA: speed=12\nA: product=Sensor\n',
    );
    const { stdout, stderr } = await replay('list', file, '--device-file', device);
    expect(stdout).toMatch(/1c7a:0570 .*Sensor .* 12/);
    expect(stderr).toBe('');
    const read = await replay('read', file, '--device-file', device, '-o', '/dev/null');
    expect(read.stderr).toContain('endpoint 0x81');
  });

  it('answers control requests', async () => {
    const file = fileOf([...CAPTURE, controlRequest([0xc0, 1, 2, 3], Buffer.from('answer'))]);
    const request = ['in', 'vendor', 'device', '1', '2', '3', '16'];
    const args = ['1-2', ...request, '--hex', '--backend', 'replay', '--capture', file];
    const { code, stdout } = await usbxfer(['control', ...args]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^00000000 {2}61 6e 73 77 65 72 .*\|answer/);
  });

  it('compares what is sent with the recording', async () => {
    const input = folder.file('input', 'same');
    const args = ['--path', '1-2', '-i', input, '--replay-check', '-q'];
    const { code, stderr } = await replay('write', WHOLE, ...args);
    expect(code).toBe(6);
    expect(stderr).toContain('endpoint 0x02: byte 1 is 0x61, but 0x65 was recorded');
    const equal = folder.file('equal', 'sent');
    const same = await replay('write', WHOLE, '--path', '1-2', '-i', equal, '--replay-check', '-q');
    expect(same.code).toBe(0);
  });

  it.each([
    [['list', '--backend', 'replay'], 2, /--backend replay needs --capture; give the name/],
    [['list', '--capture', WHOLE], 2, /--capture needs --backend replay/],
    [['read', '--replay', 'stream'], 2, /--replay needs --backend replay/],
    [['read', '--replay-speed', '0'], 2, /give max, real or a factor above 0/],
    [['read', '--replay-speed', 'fast'], 2, /give max, real or a factor above 0/],
    [['write', '--replay-check'], 2, /--replay-check needs --backend replay/],
    [['list', '--backend', 'replay', '--capture', 'none'], 7, /cannot read none: no such file/],
    [
      ['list', '--backend', 'replay', '--capture', WHOLE, '--device-file', WHOLE],
      2,
      /has no USB device; umockdev-record/,
    ],
  ])('refuses %j', async (args, code, message) => {
    const result = await usbxfer(args);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(code);
  });

  it('refuses a damaged capture', async () => {
    const file = fileOf(Buffer.concat([captureOf(CAPTURE), Buffer.of(1)]));
    const { code, stderr } = await replay('list', file);
    expect(code).toBe(7);
    expect(stderr).toMatch(/the file ends within the block at offset \d+; usbxfer extract gets/);
  });
});
