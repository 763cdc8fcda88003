import { describe, expect, it } from 'vitest';
import { usbxfer } from '../../../support/run-command.js';

type Row = readonly [exitCode: number, args: readonly string[], message: RegExp | string];

describe.each<[string, readonly Row[]]>([
  [
    'read',
    [
      [2, ['--vid', 'xyz'], /'xyz' is invalid.*hexadecimal/],
      [2, ['--vid', '12345'], /hexadecimal/],
      [2, ['-d', '1234:5678:9'], /VID:PID/],
      [2, ['-d', '1234', '--vid', '1234'], /cannot be used with/],
      [2, ['--ep', '0x182'], /endpoint address/],
      [2, ['--ep', '0'], /endpoint address/],
      [2, ['--ep', '0x80'], /endpoint address/],
      [2, ['--ep', '0x42'], /endpoint address/],
      [2, ['--bytes', '-1'], /it must be above 0/],
      [2, ['--bytes', '0'], /it must be above 0/],
      [2, ['--bytes', 'NaN'], /give a size/],
      [2, ['--bytes', '1e3'], /give a size .*did you mean 1000\?/],
      [2, ['--bytes', '99999999T'], /too large: the maximum is/],
      [2, ['--duration', '-1s'], /must be above 0/],
      [2, ['--duration', 'soon'], /give a time/],
      [2, ['--strip-packet', '0'], /it must be above 0/],
      [2, ['--strip-packet', '1024'], /the maximum is 1023/],
      [2, ['--strip-packet', '2k'], /1 to 1023/],
      [
        2,
        ['--pid', '5678', '--strip-packet', '512'],
        /--strip-packet 512: endpoint 0x82 has packets of 512 bytes; give at most 511$/m,
      ],
      [2, ['--transfers', '0'], /it must be above 0/],
      [2, ['--transfers', '1025'], /the maximum is 1024/],
      [2, ['--transfers', '1.5'], /1 to 1024/],
      [2, ['--transfer-size', '1G'], /the maximum is 256MiB/],
      [2, ['--transfers', '1024', '--transfer-size', '256M'], /must not exceed 4GiB/],
      [2, ['--interface', '256'], /the maximum is 255/],
      [2, ['--flush=x'], /'--flush\[=time\]' argument 'x' is invalid; give a time/],
      [2, ['--flush=0'], /it must be above 0/],
      [2, ['--drain-after', '0'], /it must be above 0/],
      [2, ['--on-idle', 'reset'], /--on-idle needs --idle-timeout; .*--idle-timeout 2s/],
      [2, ['--on-idle', 'rest'], /give reset, clear-halt or reopen.*did you mean reset\?/],
      [2, ['--on-idle', 'reset,0'], /it must be above 0/],
      [2, ['--on-idle', 'reset,1,1'], /give reset, clear-halt or reopen/],
      [2, ['--path', '../../etc'], /port path/],
      [2, ['--backend', 'nonsense'], /libusb, virtual/],
      [2, ['--scenario', 'rate=fast'], /rate=SIZE/],
      [2, ['--scenario', 'explode@1M'], /unknown/],
      [2, ['--nonsense'], /unknown option/],
      [2, ['stray'], /give a device as VID:PID, .*; a file needs -o FILE$/m],
      [2, ['1-1', 'stray'], /too many arguments/],
      [3, ['--vid', 'dead'], /no such device/],
      [3, ['--serial', 'nobody'], /no such device/],
      [
        3,
        ['--vid', '1234'],
        /2 devices match: 1-1 .*1-2 .*; select one with -d VID:PID, --path or --serial$/m,
      ],
      [
        3,
        ['--pid', '5678', '--ep', '0x02'],
        /endpoint 0x02 is bulk OUT, not bulk or interrupt IN; .*0x82.*0x84/,
      ],
      [
        3,
        ['--pid', '5678', '--ep', '0x83'],
        /endpoint 0x83 is isochronous IN, not bulk or interrupt IN/,
      ],
      [
        3,
        ['--pid', '5678', '--ep', '0x85'],
        /there is no endpoint 0x85; bulk or interrupt IN endpoints: 0x82/,
      ],
      [3, ['--pid', '5678', '--interface', '7'], /no interface 7/],
      [2, ['--configuration', '256'], /the maximum is 255/],
      [
        3,
        ['--pid', '5678', '--configuration', '3'],
        'usbxfer: the device has no configuration 3; it has 1 (active)',
      ],
      [
        3,
        ['--pid', '5678', '--scenario', 'configurations=2', '--ep', '0x86'],
        /no endpoint 0x86; .*; configuration 2 has 0x86 \(interface 1 alt 0\); select it with --configuration 2$/m,
      ],
      ...['--before', '--after'].map(
        (option): Row => [
          2,
          ['--pid', '5678', option, 'out standard device 9 2'],
          `usbxfer: ${option} cannot send SET_CONFIGURATION during a stream; use --configuration 2`,
        ],
      ),
      [
        2,
        ['--pid', '5678', '--before', 'out standard interface 11 1 3'],
        /cannot send SET_INTERFACE during a stream; use --interface 3 --alt 1$/m,
      ],
      [
        2,
        ['--pid', '5678', '--after', 'out standard endpoint 1 0 0x82'],
        /cannot send CLEAR_FEATURE\(ENDPOINT_HALT\) during a stream; use --clear-halt$/m,
      ],
      [3, ['--pid', '5678', '--alt', '9'], /no alternate setting 9/],
      [7, ['--pid', '5678', '--scenario', '@/no/such/file'], /cannot read/],
      [2, ['--pid', '5678', '--timeout', '0'], /must be above 0/],
      [2, ['--pid', '5678', '--idle-timeout', 'x'], /give a time/],
      [2, ['--pid', '5678', '--count', '0'], /must be above 0/],
      [2, ['--pid', '5678', '--skip', '-1'], /must not be negative/],
      [2, ['--pid', '5678', '--keep-going=0'], /must be above 0/],
      [2, ['--pid', '5678', '--reconnect=soon'], /give a time/],
      [2, ['--pid', '5678', '--wait=-1'], /must be above 0/],
    ],
  ],
  [
    'write',
    [
      [2, ['--ep', '0x42'], /endpoint address such as 0x02/],
      [2, ['--zlp', 'often'], /auto, always, never/],
      [2, ['--transfer-size', '0'], /must be above 0/],
      [2, ['--transfers', '1024', '--transfer-size', '256M'], /must not exceed 4GiB/],
      [2, ['--pid', '5678', '-i', ''], /-i needs a file name/],
      [3, ['--vid', 'dead'], /no such device/],
      [3, ['--pid', '5678', '--ep', '0x82'], /0x82 is bulk IN, not .* OUT; .*: 0x02/],
      [4, ['--pid', '5678', '--scenario', 'memory=1MiB'], /use --transfers 3 or --transfer-size/],
      [7, ['--pid', '5678', '-i', '/no/such/file'], /cannot read \/no\/such\/file: no such file/],
      [7, ['--pid', '5678', '-i', '/tmp'], /cannot read \/tmp: is a directory/],
    ],
  ],
  [
    'pipe',
    [
      [3, ['-d', '1234:5679', '--in', '0x82'], /there is no endpoint 0x82/],
      [3, ['-d', '1234:5679', '--out', '0x81'], /0x81 is bulk IN/],
      [7, ['-d', '1234:5679', '-i', '/nowhere'], /cannot read \/nowhere/],
      [2, ['-d', '1234:5679', '--linger', '0'], /--linger/],
      [2, ['-d', '1234:5679', '--transfers', '1024', '--transfer-size', '4M'], /4GiB/],
    ],
  ],
  [
    'reset',
    [
      [3, ['--pid', 'dead'], /no such device/],
      [3, [], /2 devices match/],
      [2, ['-d', '1234:5678', '--timeout', 'soon'], /give a time such as/],
    ],
  ],
  [
    'watch',
    [
      [2, ['--count', '0'], /must be above 0/],
      [2, ['--timeout', '0'], /must be above 0/],
      [2, ['--timeout', 'soon'], /give a time/],
      [2, ['--path', '../1'], /port path/],
    ],
  ],
])('usbxfer %s', (command, rows) => {
  it.each(rows)('exits %i for %j, in one line', async (exitCode, args, message) => {
    const { stdout, stderr, code } = await usbxfer([command, ...args]);
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr).toMatch(/^usbxfer: [^\n]+\n$/);
    expect([code, stdout]).toEqual([exitCode, '']);
  });
});

describe('usbxfer read', () => {
  it('rejects transfers that exceed the memory limit before anything is opened', async () => {
    const args = ['read', '-d', '1234:5678', '--scenario', 'memory=1M', '--transfer-size', '1M'];
    const { stdout, stderr, code } = await usbxfer(args);
    expect(stderr).toBe(
      'usbxfer: 16 transfers of 1 MiB need 16 MiB, but the kernel limits USB transfers to 1 MiB for all programs ' +
        'combined (usbfs_memory_mb); use --transfer-size 60KiB, or raise the limit: ' +
        'memory=17301504 in the scenario\n',
    );
    expect([stdout.length, code]).toEqual([0, 4]);
  });
});

describe('the name of an output', () => {
  const NEED = '--split-bytes and --split-every need';

  it.each([
    [['-o', 'x{foo}'], /-o x\{foo\}: unknown field \{foo\}; use \{index\}, .*\{path\}$/],
    [['-o', 'x{index'], /-o x\{index: unmatched \{; for a literal brace, write \{\{$/],
    [['-o', '{serial}'.repeat(9)], /the name can exceed 255 bytes; shorten it$/],
    [
      ['--split-bytes', '1M'],
      `${NEED} {index} in the file name; for example -o dump-{index:04}.bin`,
    ],
    [
      ['--split-every', '1s', '-o', '/dev/stdout'],
      `${NEED} {index} in the file name; for example -o dump-{index:04}.bin`,
    ],
    [
      ['--split-bytes', '1M', '-o', 'a/x-{serial}.bin'],
      `${NEED} {index} in the file name; for example -o a/x-{serial}-{index:04}.bin`,
    ],
    [['--split-every', '1s', '-o', '/dev/null'], `${NEED} regular files; /dev/null is not one`],
    [
      ['--split-bytes', '1M', '-o', '{index}', '--append'],
      "option '--split-bytes <size>' cannot be used with option '--append'",
    ],
    [
      ['--split-every', '1s', '-o', '{index}', '--append'],
      "option '--split-every <time>' cannot be used with option '--append'",
    ],
    [['--split-bytes', '511', '-o', '{index}'], 'too small: the minimum is 512 bytes'],
    [['--split-bytes', 'x', '-o', '{index}'], 'give a size'],
    [['--split-every', '99ms', '-o', '{index}'], 'too small: the minimum is 100ms'],
    [['--split-every', '0', '-o', '{index}'], 'it must be above 0'],
  ])('%j is refused before the search for a device', async (args, message) => {
    const { stderr, code } = await usbxfer(['read', '--vid', 'dead', '--wait', ...args]);
    expect(stderr).toMatch(/^usbxfer: [^\n]+\n$/);
    expect(stderr.trimEnd()).toMatch(message);
    expect(code).toBe(2);
  });
});
