import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../../src/cli/commands.js';
import { VALUE_COMPLETIONS } from '../../../../src/cli/completion/values.js';
import { createProgram } from '../../../../src/cli/program.js';
import { usbxfer } from '../../../support/run-command.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The completion lines for these words. The last word is the one to complete. */
async function answer(words: string[], env: Record<string, string> = {}): Promise<string[]> {
  const { stdout, stderr, code } = await usbxfer(['__complete', '--', ...words], env);
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.split('\n').slice(0, -1);
}

/** The candidates without their descriptions. */
async function candidates(words: string[], env: Record<string, string> = {}): Promise<string[]> {
  return (await answer(words, env)).map((line) => line.replace(/\t.*/, ''));
}

const IDS = ['1234:5678', '1234:5679'];
const PATHS = ['1-1', '1-2'];
const IN_READ = ['read', '-d', '1234:5678'];

describe('commands', () => {
  const names = COMMANDS.map(({ name }) => name);

  it('are the commands of the help', async () => {
    expect(await candidates([''])).toEqual([...names, 'help']);
  });

  it('are the arguments of help', async () => {
    expect(await candidates(['help', ''])).toEqual(names);
    expect(await candidates(['help', 'read', ''])).toEqual([]);
  });

  it('have descriptions', async () => {
    expect(await answer(['rea'])).toEqual([
      'read\tstream a bulk or interrupt IN endpoint to stdout or a file',
    ]);
  });

  it.each(COMMANDS)('$name: offers all options of the help', async ({ name }) => {
    const { stdout } = await usbxfer([name, '--help']);
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)];
    expect(options.length).toBeGreaterThan(0);
    expect((await candidates([name, '-'])).sort()).toEqual(options.map(([, long]) => long).sort());
  });

  it('do not include __complete', async () => {
    const { stdout } = await usbxfer(['--help']);
    expect(stdout).not.toContain('__complete');
  });
});

describe('options', () => {
  it.each([
    [['read', '--js'], ['--json']],
    [['read', '--json', '--js'], []],
    [['read', '-q', '--qu'], []],
    [['read', '-qo', 'file', '--out'], []],
    [['read', '--serial', '--json', '--js'], ['--json']],
    [['read', '--keep-going', '--keep'], []],
    [['read', '--keep-going', '5', '--js'], ['--json']],
    [['read', '--', '--js'], []],
    [['read', '-q'], ['-q']],
    [['read', '--bogus', '--js'], ['--json']],
    [['--v'], ['--version']],
    [['bogus', '-'], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['completion', 'bash', ''], ['--help']],
    [
      ['control', ''],
      ['in', 'out', ...IDS, ...PATHS],
    ],
    [
      ['control', '1234:5678', ''],
      ['in', 'out'],
    ],
    [['control', '1-1', '--out', 'v'], ['vendor']],
    [['control', '-d', '1234:5678', 'o'], ['out']],
    [
      ['control', 'in', ''],
      ['standard', 'class', 'vendor'],
    ],
    [['control', '--out', 'v'], ['vendor']],
    [
      ['control', '--out', 'vendor', ''],
      ['device', 'interface', 'endpoint', 'other'],
    ],
    [['control', 'in', 'vendor', 'device', '--js'], ['--json']],
    [['control', '0xc0', 'v'], []],
    [['control', 'in', 'vendor', 'device', '1', 'd'], []],
  ])('%j: %j', async (words, expected) => {
    expect(await candidates(words)).toEqual(expected);
  });
});

describe('values', () => {
  it.each([
    [['read', '-d', ''], IDS],
    [['read', '-d', '1234:5679'], ['1234:5679']],
    [['read', '-d1'], IDS.map((id) => `-d${id}`)],
    [['read', '-qd1'], IDS.map((id) => `-qd${id}`)],
    [
      ['read', ''],
      [...IDS, ...PATHS],
    ],
    [['write', '12'], IDS],
    [['info', '1-'], PATHS],
    [
      ['reset', '--serial', 'V0002', ''],
      ['1234:5679', '1-2'],
    ],
    [
      ['list', '1-1', ''],
      [...IDS, ...PATHS],
    ],
    [['read', '1234:5679', '--ep', ''], ['0x81']],
    [['read', '1-1', '--ep', ''], ['0x82']],
    [['read', '--wait', '1-2', '--ep', ''], ['0x81']],
    [
      ['read', '1234:', '--ep', '0x8'],
      ['0x82', '0x81'],
    ],
    [['read', '--device='], IDS.map((id) => `--device=${id}`)],
    [['list', '--device', ''], IDS],
    [['doctor', '-d', ''], IDS],
    [
      ['doctor', '--path', ''],
      ['1-1', '1-2'],
    ],
    [['read', '--serial', 'V0002', '-d', ''], ['1234:5679']],
    [['read', '--serial', 'other', '-d', ''], []],
    [['read', '--vid', ''], ['1234']],
    [
      ['read', '--vid', '1234', '--pid', ''],
      ['5678', '5679'],
    ],
    [['read', '--vid', '1', '--pid', ''], []],
    [['read', '--pid', '5679', '--serial', ''], ['V0002']],
    [
      ['read', '--path', ''],
      ['1-1', '1-2'],
    ],
    [['read', '--bus', ''], ['1']],
    [
      ['read', '--bus', '1', '--address', ''],
      ['2', '3'],
    ],
    [
      ['read', '--ep', ''],
      ['0x82', '0x81'],
    ],
    [[...IN_READ, '--ep', '0x81', '--ep', ''], ['0x82']],
    [[...IN_READ, '--interface', ''], ['0']],
    [[...IN_READ, '--ep', '0x81', '--interface', ''], []],
    [
      [...IN_READ, '--alt', ''],
      ['0', '1'],
    ],
    [['read', '--pid', '5679', '--alt', ''], ['0']],
    [[...IN_READ, '--configuration', ''], ['1']],
    [
      ['control', '--pid', '5678', '--scenario', 'configurations=2', '--configuration', ''],
      ['1', '2'],
    ],
    [[...IN_READ, '--scenario', 'configurations=2', '--configuration', '2', '--ep', ''], ['0x86']],
    [['read', '--bytes', ''], []],
    [
      ['read', '--device=12:34:56', '--ep', ''],
      ['0x82', '0x81'],
    ],
    [
      ['read', '--backend', ''],
      ['libusb', 'virtual', 'replay'],
    ],
    [['read', '--backend=v'], ['--backend=virtual']],
    [['read', '--backend', 'bogus', '-d', ''], []],
    [['read', '-o', ''], ['']],
    [['control', '-i', ''], ['']],
    [['control', '-o', ''], ['']],
    [['read', '--stats', ''], ['']],
    [
      ['list', '-o', 'S'],
      ['SERIAL', 'SPEED'],
    ],
    [['list', '-o', 'id,+'], []],
    [['list', '-o', '+serial,s'], ['+serial,speed']],
    [['list', '-o', 'id,FI'], ['id,FILES']],
    [
      ['list', '--sort', '-MA'],
      ['-MANUFACTURER', '-MAXSPEED'],
    ],
    [['list', '--sort=add'], ['--sort=address']],
    [['list', '--class', ''], ['vendor']],
    [
      ['list', '--name', ''],
      ['virtual counter', 'virtual loopback'],
    ],
    [['list', '--bus', ''], ['1']],
    [['info', '--pid', '5679', '--serial', ''], ['V0002']],
    [['list', '--driver', ''], []],
  ])('%j: %j', async (words, expected) => {
    expect(await candidates(words)).toEqual(expected);
  });

  it('have descriptions', async () => {
    expect(await answer([...IN_READ, '--scenario', 'speed=super', '--ep', ''])).toEqual([
      '0x82\tbulk IN, 1024 bytes, interface 0',
    ]);
    expect(await answer([...IN_READ, '--alt', '1', '--ep', ''])).toEqual([
      '0x82\tbulk IN, 512 bytes, interface 0 alt 1',
    ]);
    expect(await answer([...IN_READ, '--configuration', ''])).toEqual([
      '1\t1234:5678 usbxfer virtual counter (active)',
    ]);
    expect(await answer(['write', '--pid', '5678', '--alt', '0', '--ep', ''])).toEqual([
      '0x02\tbulk OUT, 512 bytes, interface 0',
    ]);
  });

  it('come from the bus of the line or of the environment', async () => {
    const onLine = ['read', '--backend', 'virtual', '-d', ''];
    expect(await candidates(onLine, { USBXFER_BACKEND: '' })).toEqual(IDS);
    expect(await candidates(['read', '--backend', 'libusb', '-d', ''])).not.toContain(IDS[0]);
    expect(await candidates(['read', '-d', ''], { USBXFER_BACKEND: 'bogus' })).toEqual([]);
  });

  it.each([
    [['read', '-ofi'], ['\t-o']],
    [['write', '-i', 'fi'], ['\t']],
    [['read', '--output=fi'], ['\t--output=']],
    [['read', '--scenario', '@fi'], ['\t@']],
    [['read', '--scenario=@fi'], ['\t--scenario=@']],
  ])('%j: file names after %j', async (words, expected) => {
    expect(await answer(words)).toEqual(expected);
  });

  it('exist only for options that exist', async () => {
    const programs = await Promise.all(
      COMMANDS.map(async ({ name }) => ({ name, program: await createProgram([name]) })),
    );
    const keys = programs.flatMap(({ name, program }) =>
      program.commands.flatMap(({ options }) =>
        options.flatMap(({ long }) => [`${long}`, `${name} ${long}`]),
      ),
    );
    expect(keys).toEqual(expect.arrayContaining(Object.keys(VALUE_COMPLETIONS)));
  });
});

describe('a scenario', () => {
  it.each([
    ['sp', ['speed=full', 'speed=high', 'speed=super']],
    ['rate=', ['rate=', 'rate=bus', 'rate=unlimited']],
    [
      'st',
      [...['start=power', 'start=request', 'start=firmware', 'stale=', 'start-halted'], 'stall@'],
    ],
    ['start-halted,start-', []],
    ['out-s', ['out-stall@', 'out-silence@']],
    ['seed=1,se', []],
    [
      'stall@1,sta',
      [
        ...['stall@1,start=power', 'stall@1,start=request', 'stall@1,start=firmware'],
        'stall@1,stale=',
        ...['stall@1,start-halted', 'stall@1,stall@'],
      ],
    ],
    ['@', [`\t@`]],
  ])('%j: %j', async (typed, expected) => {
    const lines = await answer(['read', '--scenario', typed]);
    expect(lines.map((line) => line.replace(/(?<=.)\t.*/, ''))).toEqual(expected);
  });

  it('in a file applies to the devices on the bus', async () => {
    const file = join(folder, 'scenario');
    writeFileSync(file, 'speed=full');
    const [first] = await answer([...IN_READ, '--scenario', `@${file}`, '--ep', '']);
    expect(first).toContain('64 bytes');
  });

  it('in a FIFO is not read', async () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(await answer(['read', '--scenario', `@${fifo}`, '-d', ''])).toEqual([]);
  });
});

it.each([
  [[]],
  [['']],
  [['read', '--scenario', 'nonsense', '-d', '']],
])('prints no error for %j', async (words) => {
  await answer(words);
});
