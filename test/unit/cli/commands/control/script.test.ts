import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SimulatedDevice } from '../../../../../src/backends/simulation/device.js';
import { VirtualBackend } from '../../../../../src/backends/virtual/backend.js';
import { parseScenario } from '../../../../../src/backends/virtual/scenario.js';
import { counterBytes } from '../../../../support/counter-stream.js';
import { usbxfer } from '../../../../support/run-command.js';

/** The bus of all commands of a test; without it, each command has its own. */
const shared = vi.hoisted(() => ({ bus: undefined as unknown }));

vi.mock('../../../../../src/cli/options/backend.js', async (original) => {
  const module = await original<typeof import('../../../../../src/cli/options/backend.js')>();
  return {
    ...module,
    loadBackend: (...options: Parameters<typeof module.loadBackend>) =>
      shared.bus ?? module.loadBackend(...options),
  };
});

const HEX = [
  ':10000000000102030405060708090A0B0C0D0E0F78',
  ':04001000DEADBEEFB4',
  ':00000001FF',
].join('\n');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  writeFileSync(join(folder, 'fw.hex'), HEX);
  writeFileSync(join(folder, 'bad.hex'), HEX.replace('B4', 'B5'));
  writeFileSync(join(folder, 'two words.bin'), Buffer.from('0123456789'));
  writeFileSync(join(folder, 'large.bin'), Buffer.alloc(5000));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  shared.bus = undefined;
  vi.restoreAllMocks();
});

function write(script: string): string {
  const file = join(folder, 'script');
  writeFileSync(file, script);
  return file;
}

/** Runs a script on the counter. `FILE` stands for the name of the script in messages. */
async function run(script: string, ...args: readonly string[]) {
  const file = write(script);
  const result = await usbxfer(['control', '-d', '1234:5678', '--script', file, ...args]);
  return { ...result, stderr: result.stderr.replaceAll(file, 'FILE') };
}

/** Counts the requests that reach a device, and answers each with this function. */
function answering(answer: (data: Buffer) => Promise<number>) {
  return vi
    .spyOn(SimulatedDevice.prototype, 'control')
    .mockImplementation((_request, data) => answer(data));
}

describe('a script', () => {
  it('sends its requests in order, with data from files, and prints the responses', async () => {
    const { stdout, stderr, code } = await run(
      `# comment

      out vendor device 2 0 0 01 02:03   # at the end
      in vendor device 2 0 0 4
      delay 1ms
      0x40 2 0 0 data "two words.bin" at 2 length 3
      in vendor device 2 0 0 4\r
      out vendor device 2 data "two words.bin"
      in vendor device 2 0 0 64`,
      '--hex',
    );
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout.replaceAll(join(folder, 'script'), 'FILE').replace(/ +\|.*/g, '')).toBe(
      [
        ...['FILE:4: 4 bytes', '00000000  01 02 03 00', 'FILE:7: 4 bytes', '00000000  32 33 34 00'],
        ...['FILE:9: 64 bytes', '00000000  30 31 32 33 34 35 36 37  38 39 00 00 00 00 00 00'],
        ...['00000010', '00000020', '00000030'].map((at) =>
          `${at}  ${'00 '.repeat(8)} ${'00 '.repeat(8)}`.trimEnd(),
        ),
        '',
      ].join('\n'),
    );
  });

  it('opens the device once, and closes it', async () => {
    const open = vi.spyOn(VirtualBackend.prototype, 'open');
    const close = vi.spyOn(SimulatedDevice.prototype, 'close');
    await run(
      'out vendor device 1 1\nout vendor device 1 0\nin standard interface 10 0 0 1',
      '--hex',
    );
    expect([open.mock.calls.length, close.mock.calls.length]).toEqual([1, 1]);
  });

  it('uploads Intel HEX in chunks to the address in wValue and wIndex', async () => {
    writeFileSync(join(folder, 'far.hex'), ':020000040001F9\n:021000000102EB\n:00000001FF');
    const requests: unknown[] = [];
    vi.spyOn(SimulatedDevice.prototype, 'control').mockImplementation(async (request, data) => {
      requests.push([...Object.values(request), data.toString('hex')].join());
      return data.length;
    });
    const { stderr, code } = await run(
      'hex fw.hex through vendor 0xa0 chunk 16\nhex far.hex through class 1',
    );
    expect([stderr, code]).toEqual(['', 0]);
    expect(requests).toEqual([
      '64,160,0,0,000102030405060708090a0b0c0d0e0f',
      '64,160,16,0,deadbeef',
      '32,1,4096,1,0102',
    ]);
  });

  it('reports a failure with its line, sends no further request, and has JSON of the others', async () => {
    const script =
      'out vendor device 1 1\nin vendor device 2 0 0 2\nout vendor device 9\nout vendor device 1 0';
    const text = await run(script, '--hex');
    expect(text.stderr).toBe(
      'usbxfer: FILE:3: the device does not support this request, or not in its current state; ' +
        '2 of 4 requests succeeded before it\n',
    );
    expect(text.code).toBe(6);
    const json = await run(script, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 'usbxfer.control-script/1',
      request_count: 4,
      complete: false,
      requests: [
        { line: 1, bytes: 0, data: '' },
        { line: 2, request: { bRequest: 2, wLength: 2 }, bytes: 2, data: '0000' },
      ],
    });
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'request-stalled', exit_code: 6 });
  });

  it('warns about a short response with its line', async () => {
    answering(async () => 1);
    const { stderr, code } = await run('in vendor device 2 0 0 2', '--hex');
    expect([stderr, code]).toEqual([
      'usbxfer: FILE:1: the device responded with only 1 of 2 bytes\n',
      0,
    ]);
  });
});

describe('a device that disconnects', () => {
  const lost = async () => {
    const { UsbError } = await import('../../../../../src/usb/errors.js');
    throw new UsbError('no-device', 'gone');
  };

  it('during the last request, an OUT request, has taken it', async () => {
    answering(lost);
    const { stderr, code } = await run('out vendor device 0xa0 0xe600 0 00');
    expect([stderr, code]).toEqual(['', 0]);
  });

  it.each([
    'out vendor device 1\nout vendor device 2',
    'in vendor device 1 0 0 1',
  ])('during %j has not', async (script) => {
    answering(lost);
    const { stderr, code } = await run(script, ...(script.startsWith('in') ? ['--hex'] : []));
    expect(stderr).toContain('FILE:1: the device was unplugged during the request');
    expect(code).toBe(5);
  });
});

describe('a script that is refused, before any request is sent,', () => {
  it.each([
    ['', 'FILE has no control request; see usbxfer help scripts'],
    ['# nothing\ndelay 1s', 'FILE has no control request'],
    [
      'send 1',
      'FILE:2: start a line with in, out or bmRequestType for a request, or with hex or delay',
    ],
    [
      'out vendr device 1',
      'FILE:2: give standard, class or vendor after out (did you mean vendor?)',
    ],
    ['out vendor device 1 70000', 'FILE:2: give the value (wValue) as a number'],
    ['out vendor device 1 0 0 0', 'FILE:2: give the data as two hexadecimal digits per byte'],
    ['in vendor device 1 0 0 5000', 'FILE:2: give the length (wLength) as a number from 0 to 4096'],
    [
      'out standard device 9 1',
      'FILE:2: a script cannot select a configuration; give --configuration N',
    ],
    ['delay', 'FILE:2: give one time after delay'],
    ['delay 1s 2s', 'FILE:2: give one time after delay'],
    ['delay soon', 'FILE:2: give a time'],
    ['in vendor device 1 0 0 4 data fw.hex', 'FILE:2: an IN request sends no data'],
    ['out vendor device 1 0 0 01 data fw.hex', 'FILE:2: the request has data before the word data'],
    ['out vendor device 1 data', 'FILE:2: give the name of a file'],
    ['out vendor device 1 data -', 'FILE:2: give the name of a file; stdin cannot be one'],
    ['out vendor device 1 data fw.hex at', 'FILE:2: give a size'],
    [
      'out vendor device 1 data fw.hex from 3',
      "FILE:2: expected at or length, each once, instead of 'from'",
    ],
    [
      'out vendor device 1 data fw.hex at 1 at 2',
      "FILE:2: expected at or length, each once, instead of 'at'",
    ],
    ['out vendor device 1 data "two words.bin" at 10', 'FILE:2: two words.bin has 10 bytes'],
    [
      'out vendor device 1 data "two words.bin" at 8 length 3',
      'FILE:2: two words.bin has 10 bytes',
    ],
    [
      'out vendor device 1 data large.bin',
      'FILE:2: a request sends at most 4096 bytes, not 5000; add length 4096',
    ],
    ['out vendor device 1 data "two words.bin', 'FILE:2: write a quoted word as'],
    ['hex fw.hex', 'FILE:2: write an upload as hex FILE through vendor REQUEST'],
    ['hex fw.hex through standard 1', 'FILE:2: write an upload as hex FILE through vendor REQUEST'],
    [
      'hex fw.hex through vendor 256',
      'FILE:2: give the request (bRequest) as a number from 0 to 255',
    ],
    ['hex fw.hex through vendor 1 chunk 5000', 'FILE:2: give a chunk of at most 4096 bytes'],
    ['hex fw.hex through vendor 1 size 5', "FILE:2: expected chunk, each once, instead of 'size'"],
    [
      'hex bad.hex through vendor 1',
      'FILE:2: bad.hex:2: the checksum is b5, but should be b4; ' +
        'the file is not a complete Intel HEX file; copy or build it again',
    ],
  ])('%j', async (statement, message) => {
    const sent = vi.spyOn(SimulatedDevice.prototype, 'control');
    const first = statement === '' || statement.startsWith('#') ? '' : 'out vendor device 1 1\n';
    const { stderr, code } = await run(first + statement);
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(2);
    expect([code, sent.mock.calls.length]).toEqual([2, 0]);
  });

  it('names a file that cannot be read, and its line', async () => {
    const { stderr, code } = await run('out vendor device 1 1\n\nhex no.hex through vendor 1');
    expect(stderr).toMatch(/^usbxfer: FILE:3: cannot read .*no\.hex: no such file or directory/);
    expect(code).toBe(7);
  });

  it('is larger than 1 MiB, or a request too many', async () => {
    expect((await run('#'.repeat(2 ** 20 + 1))).stderr).toContain('is larger than 1 MiB');
    const { stderr } = await run('delay 1s\n'.repeat(65_537));
    expect(stderr).toContain('FILE:65537: a script has at most 65536 requests; split it');
  });

  it.each([
    [['in', 'vendor', 'device', '1'], '--script and a request cannot be used together'],
    [['--out'], 'cannot be used with'],
    [['--data', '01'], 'cannot be used with'],
    [['--hex'], '-o and --hex need an IN request'],
  ])('is not combined with %j', async (args, message) => {
    const { stderr, code } = await run('out vendor device 1 1', ...args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe('firmware', () => {
  const LOAD =
    'out vendor device 0xa0 0xe600 0 01\nhex fw.hex through vendor 0xa0\nout vendor device 0xa0 0xe600 0 00';

  it('is uploaded, and --wait-new takes the device that comes back with the same IDs', async () => {
    const bus = new VirtualBackend({ scenario: parseScenario('start=firmware') });
    shared.bus = bus;
    const [before] = await bus.list();
    const file = join(folder, 'read.bin');
    const list = vi.spyOn(bus, 'list');
    const reading = usbxfer([
      ...['read', '-d', '1234:5678', '--wait-new=10s', '--bytes', '1000', '-o', file, '--force'],
      ...['--json=/dev/null', '--force'],
    ]);
    await vi.waitFor(() => expect(list).toHaveBeenCalled(), { timeout: 10_000 });
    await run(LOAD);
    expect((await reading).code).toBe(0);
    expect(readFileSync(file).equals(counterBytes(0, 1000))).toBe(true);
    const [after] = await bus.list();
    expect(after?.address).not.toBe(before?.address);
  });

  it('is read back from memory', async () => {
    const { stdout } = await run(
      `${LOAD.split('\n').slice(0, 2).join('\n')}\nin vendor device 0xa0 14 0 6`,
      '--hex',
      '--scenario',
      'start=firmware',
    );
    expect(stdout).toContain('0e 0f de ad be ef');
  });
});
