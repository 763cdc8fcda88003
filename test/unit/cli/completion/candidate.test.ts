import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addresses,
  buses,
  endpoints,
  idPairs,
  serials,
} from '../../../../src/cli/completion/bus-values.js';
import { answerLines, behind } from '../../../../src/cli/completion/candidate.js';
import { namedOptions, readTyped } from '../../../../src/cli/completion/parse-line.js';
import { createProgram } from '../../../../src/cli/program.js';
import { bulkInEndpoints, outEndpoints } from '../../../../src/usb/locate.js';
import { deviceInfo, deviceWith, setting } from '../../../support/device-info.js';

describe('the answer', () => {
  it.each([
    ['line\nfeed'],
    ['ta\tb'],
    ['\u001b]0;title\u0007'],
    ['nul\u0000'],
    ['c1\u009b31m'],
    ['reversed \u202e'],
    ['line\u2028separator'],
    ['\ud800'],
    [''],
  ])('leaves out the serial number %j', (serial) => {
    expect(answerLines(serials([deviceInfo({ serial })]), '')).toEqual([]);
  });

  it.each([
    ['$(reboot)'],
    ['a b'],
    ["'"],
    ['"'],
    ['`'],
    ['-x'],
    [':files'],
    ['\u00fc'],
  ])('has the serial number %j as it is, for the script to quote', (serial) => {
    expect(answerLines(serials([deviceInfo({ serial })]), '')).toEqual([
      `${serial}\t1234:5678 maker thing`,
    ]);
  });

  it('has a line for each candidate, whatever devices call themselves', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, (serial, product, manufacturer) => {
        const device = deviceInfo({ serial, product, manufacturer });
        for (const line of answerLines([...serials([device]), ...idPairs([device])], '')) {
          expect(line).toMatch(/^[^\p{Cc}]+(\t[^\p{Cc}]+)?$/u);
        }
      }),
    );
  });

  it('bounds what a device says of itself', () => {
    const [line = ''] = answerLines(idPairs([deviceInfo({ product: 'x'.repeat(10_000) })]), '');
    expect(line.length).toBeLessThan(200);
  });

  it('has only what the word begins', () => {
    const candidates = [{ text: '--json' }, { text: '--bytes', description: 'limit' }];
    expect(answerLines(candidates, '--b')).toEqual(['--bytes\tlimit']);
  });

  it('asks for names of files behind what precedes them', () => {
    expect(answerLines(behind('--scenario=', { prefix: '@' }), '--scenario=@x')).toEqual([
      '\t--scenario=@',
    ]);
  });
});

describe('the bus', () => {
  it('suggests each value once', () => {
    const devices = [deviceInfo({ address: 2 }), deviceInfo({ address: 3, serial: '0002' })];
    expect(idPairs(devices)).toEqual([{ text: '1234:5678', description: 'maker thing' }]);
    expect(addresses(devices).map(({ text }) => text)).toEqual(['2', '3']);
    expect(buses(devices)).toEqual([{ text: '1', description: '2 devices' }]);
  });

  it('suggests bulk IN endpoints alone, in the settings that are asked for', () => {
    const device = deviceWith(
      setting(0, 0, 0x81, 0x01),
      setting(2, 1, 0x82, { address: 0x83, type: 'interrupt', maxPacketSize: 8 }),
    );
    const inEndpoints = endpoints(bulkInEndpoints);
    expect(inEndpoints([device], {})).toEqual([
      { text: '0x81', description: 'bulk IN, 512 bytes, interface 0' },
      { text: '0x82', description: 'bulk IN, 512 bytes, interface 2 alt 1' },
    ]);
    expect(inEndpoints([device], { interface: 2 }).map(({ text }) => text)).toEqual(['0x82']);
    expect(inEndpoints([{ ...device, activeConfiguration: undefined }], {})).toEqual([]);
  });

  it('suggests OUT endpoints to write to: interrupt ones where there is no bulk one', () => {
    const interrupt = { address: 0x03, type: 'interrupt', maxPacketSize: 8 } as const;
    const device = deviceWith(setting(0, 0, 0x81, 0x01, interrupt), setting(1, 0, interrupt));
    expect(endpoints(outEndpoints)([device], {})).toEqual([
      { text: '0x01', description: 'bulk OUT, 512 bytes, interface 0' },
    ]);
    expect(endpoints(outEndpoints)([device], { interface: 1 })).toEqual([
      { text: '0x03', description: 'interrupt OUT, 8 bytes, interface 1' },
    ]);
  });
});

it('reads whatever is typed, and takes no offence', async () => {
  const program = await createProgram(['read']);
  const read = program.commands.find((command) => command.name() === 'read') ?? program;
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('--', '-', '-d', '-qo', '--ep', '--ep=', '--keep-going', '--device=1:2', '-q='),
  );
  fc.assert(
    fc.property(fc.array(word), (words) => {
      readTyped(read, words);
      for (const typed of words) {
        const attached = namedOptions(read.options, typed).at(-1)?.attached ?? '';
        expect(typed.endsWith(attached)).toBe(true);
      }
    }),
  );
});

it.each([
  [['--keep-going', '5'], { keepGoing: 5, json: undefined }],
  [['--keep-going', '--json'], { keepGoing: undefined }],
  [['--serial', '--json'], { serial: [{ serial: '--json' }] }],
  [['-d1234', '--ep=82'], { device: [{ vid: 0x1234 }], ep: 0x82 }],
  [['--ep', 'nonsense'], { ep: undefined }],
])('reads %j as commander would', async (words, expected) => {
  const program = await createProgram(['read']);
  const read = program.commands.find((command) => command.name() === 'read') ?? program;
  const { values, operands } = readTyped(read, words);
  expect(values).toMatchObject(expected);
  expect(operands).toEqual([]);
});
