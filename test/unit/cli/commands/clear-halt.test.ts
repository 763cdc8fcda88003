import { describe, expect, it } from 'vitest';
import { violations } from '../../../process/schema.js';
import { usbxfer } from '../../../support/run-command.js';

const CLEAR = ['clear-halt', '1234:5678'];

describe('usbxfer clear-halt', () => {
  it.each([
    [
      'start-halted',
      ['1234:5678 usbxfer virtual counter at 1-1, endpoint 0x82: the halt is cleared'],
    ],
    [
      'speed=high',
      [
        '1234:5678 usbxfer virtual counter at 1-1, endpoint 0x82 was not halted; ' +
          'its data toggle is reset',
      ],
    ],
  ])('says what it found: %s', async (scenario, lines) => {
    const { stdout, stderr, code } = await usbxfer([
      ...CLEAR,
      '--ep',
      '82',
      '--scenario',
      scenario,
    ]);
    expect([stdout.trimEnd().split('\n'), stderr, code]).toEqual([lines, '', 0]);
  });

  it('clears several halts, and prints JSON', async () => {
    const { stdout, code } = await usbxfer([
      ...[...CLEAR, '--ep', '0x02', '--ep', '0x82', '--ep', '0x84', '--json'],
      ...['--scenario', 'start-halted'],
    ]);
    const record = JSON.parse(stdout);
    expect([violations('clear-halt')(record), code]).toEqual([undefined, 0]);
    expect(record).toMatchObject({
      schema: 'usbxfer.clear-halt/1',
      device: { path: '1-1', vid: '1234', pid: '5678' },
      endpoints: [
        { endpoint: '0x02', interface: 0, alternate_setting: 0, was_halted: true },
        { endpoint: '0x82', interface: 0, alternate_setting: 0, was_halted: true },
        { endpoint: '0x84', interface: 0, alternate_setting: 1, was_halted: false },
      ],
    });
  });

  it.each([
    [2, [], 'no endpoint given; give its address, such as --ep 0x82'],
    [2, ['--ep', '2'], 'give an address, such as 0x82 or 0x02'],
    [2, ['--ep', '0x80'], 'give an endpoint address'],
    [3, ['--ep', '0x86'], 'there is no endpoint 0x86'],
    [3, ['--ep', '0x83'], 'endpoint 0x83 is isochronous IN'],
    [3, ['--ep', '0x82', '--interface', '7'], 'no interface 7'],
  ])('exits with %i for %j', async (exitCode, args, message) => {
    const { stdout, stderr, code } = await usbxfer([...CLEAR, ...args]);
    expect([code, stdout]).toEqual([exitCode, '']);
    expect(stderr).toContain(message);
  });
});
