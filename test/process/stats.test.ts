import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { violations } from './schema.js';
import { type Outcome, received, shell, start, usbxfer } from './usbxfer.js';

const MIB = 1024 * 1024;
const violated = violations('stats');

let folder = '';
let data = '';
let stats = '';

function read(...args: string[]): Promise<Outcome> {
  return usbxfer(['read', '-d', '1234:5678', '-q', ...args]);
}

/** Returns records after checking them against the schema. */
function recordsOf(text: string): Record<string, unknown>[] {
  expect(text.endsWith('}\n')).toBe(true);
  const records: Record<string, unknown>[] = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(records.map(violated)).toEqual(records.map(() => undefined));
  expect(records.map(({ final }) => final)).toEqual(
    records.map((_, i) => i === records.length - 1),
  );
  return records;
}

describe('--stats', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
    data = join(folder, 'data.bin');
    stats = join(folder, 'stats.jsonl');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['a limit', ['--bytes', '3M'], 'limit', null, 0],
    ['a stall', ['--scenario', 'rate=20M,stall@1M'], 'stall', 'stall', 6],
    [
      'gaps',
      ['--scenario', 'rate=20M,stall@1M,error@2M', '--keep-going', '--bytes', '3M'],
      'limit',
      'gaps',
      6,
    ],
    ['an overflow', ['--scenario', 'babble@1M'], 'overflow', 'overflow', 6],
    ['an unplug', ['--scenario', 'rate=20M,unplug@1M'], 'device-lost', 'device-lost', 5],
    [
      'silence',
      ['--scenario', 'silence@1M', '--bytes', '2M', '--idle-timeout', '200ms'],
      'idle',
      'idle',
      8,
    ],
    ['a duration', ['--scenario', 'rate=20M', '--duration', '300ms'], 'duration', null, 0],
    [
      'a control request that fails',
      ['--bytes', '3M', '--after', 'out vendor device 9'],
      'request-failed',
      'request-failed',
      6,
    ],
    ['no data', ['--scenario', 'silence@0', '--duration', '300ms'], 'duration', null, 0],
  ])('describes a capture with %s, and its totals match the file', async (_, args, end, errorCode, exitCode) => {
    const { code } = await read('-o', data, '--stats', stats, '--interval', '20ms', ...args);
    const records = recordsOf(readFileSync(stats, 'utf8'));
    const last = records.at(-1);
    expect(last).toMatchObject({
      bytes_written: statSync(data).size,
      in_flight: 0,
      end_reason: end,
      error_code: errorCode,
      exit_code: exitCode,
    });
    expect(code).toBe(exitCode);
  });

  it('writes a record each interval, one a second by default', async () => {
    const slow = ['-o', data, '--scenario', 'rate=4M', '--duration', '1500ms'];
    await read(...slow, '--stats', stats);
    expect(recordsOf(readFileSync(stats, 'utf8'))).toHaveLength(2);
    await read(...slow, '--stats', stats, '--force', '--interval', '100ms');
    const records = recordsOf(readFileSync(stats, 'utf8'));
    expect(records.length).toBeGreaterThan(5);
    const bytes = records.reduce(
      (sum, record) => sum + Number(record['interval_bytes_received']),
      0,
    );
    expect(bytes).toBe(records.at(-1)?.['bytes_received']);
    const running = records[3];
    expect(running).toMatchObject({ in_flight: 16 });
    expect(running?.['interval_bytes_per_second']).toBeGreaterThan(0);
  });

  it('goes to stdout, or to an open descriptor', async () => {
    const { stdout } = await read('-o', data, '--bytes', '1M', '--stats', '-');
    expect(recordsOf(stdout.toString()).at(-1)).toMatchObject({ bytes_written: MIB });
    const outcome = await shell(
      `usbxfer read -d 1234:5678 -q --bytes 1M --stats fd:3 3> '${stats}' | wc -c`,
    );
    expect(outcome.stdout.toString()).toBe(`${MIB}\n`);
    expect(recordsOf(readFileSync(stats, 'utf8')).at(-1)).toMatchObject({ bytes_written: MIB });
  });

  it('goes to a socket', async () => {
    const server = createServer().listen(0);
    const text = new Promise<string>((resolve) => {
      server.on('connection', async (socket) => resolve((await socket.toArray()).join('')));
    });
    const { port } = server.address() as { port: number };
    const { code } = await shell(
      `usbxfer read -d 1234:5678 -q --bytes 1M --stats fd:3 3<> /dev/tcp/localhost/${port} > /dev/null`,
    );
    expect(recordsOf(await text)).toHaveLength(1);
    expect(code).toBe(0);
    server.close();
  });

  it.each([
    [['--stats', '-'], 2, /stdout is used for the data; give -o FILE/],
    [['--stats', 'fd:1'], 2, /stdout is used for the data/],
    [['--stats', ''], 2, /--stats needs a file name/],
    [['-o', ''], 2, /-o needs a file name; - is stdout/],
    [['--stats', 'fd:77'], 2, /descriptor 77 is not open; open it in the shell: 77> /],
    [['--stats', '/nowhere/stats'], 7, /cannot write \/nowhere\/stats: no such file/],
    [['--stats', 'x'.repeat(400)], 7, /cannot write x+…: name too long/],
  ])('%j is refused', async (args, code, message) => {
    const outcome = await read('--bytes', '1M', ...args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr.split('\n')).toHaveLength(2);
    expect([outcome.code, outcome.stdout.length]).toEqual([code, 0]);
  });

  it('refuses a descriptor that is open for reading', async () => {
    const { stderr, code } = await shell(
      'usbxfer read -d 1234:5678 --bytes 1k --stats fd:4 4< /dev/null > /dev/null',
    );
    expect([stderr, code]).toEqual([
      'usbxfer: --stats fd:4: descriptor 4 is not open for writing; ' +
        'open it in the shell: 4> stats.jsonl\n',
      2,
    ]);
  });

  it('goes to a pipe that the shell opened twice', async () => {
    const { stdout, code } = await shell(
      `( usbxfer read -d 1234:5678 -q --bytes 1k -o '${data}' --stats fd:3 3>&1 ) | cat`,
    );
    expect(recordsOf(stdout.toString()).at(-1)).toMatchObject({ bytes_written: 1024 });
    expect(code).toBe(0);
  });

  it.each([
    ['goes', 'read -d 1234:5678 --bytes 1k --stats fd:3 3>&1'],
    ['comes from', 'write -d 1234:5678 --stats fd:3 < input 3>> input'],
  ])('is refused as a descriptor of the file where the data %s: %s', async (verb, command) => {
    const { stdout, stderr, code } = await shell(
      `cd '${folder}'; echo hi > input; usbxfer ${command}`,
    );
    expect([stdout.length, stderr, code]).toEqual([
      ...[0, `usbxfer: --stats fd:3 is where the data ${verb}; name another file\n`, 2],
    ]);
  });

  it("refuses Node's own descriptors", async () => {
    for (const fd of [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17, 18, 19, 20]) {
      const { code } = await read('--bytes', '1k', '--stats', `fd:${fd}`);
      expect([fd, code]).toEqual([fd, 2]);
    }
  });

  it('may not be the output file', async () => {
    const { stderr, code } = await read('--bytes', '1M', '-o', data, '--stats', data);
    expect([stderr, code]).toEqual([
      `usbxfer: --stats ${data} is where the data goes; name another file\n`,
      2,
    ]);
    writeFileSync(data, '');
    execFileSync('ln', ['-s', data, stats]);
    const linked = await shell(
      `usbxfer read -d 1234:5678 --bytes 1M --force --stats '${stats}' > '${data}'`,
    );
    expect(linked.code).toBe(2);
    expect(existsSync(data)).toBe(true);
  });

  it('may not be the output pipe under any name', async () => {
    const piped = await read('--bytes', '1M', '--stats', '/dev/stdout');
    expect([piped.code, piped.stdout.length]).toEqual([2, 0]);
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    execFileSync('ln', ['-s', fifo, stats]);
    const named = await read('--bytes', '1M', '-o', fifo, '--stats', stats);
    expect(named.stderr).toMatch(/is where the data goes/);
    const both = await read('--bytes', '1M', '-o', '/dev/null', '--stats', '/dev/null');
    expect(both.code).toBe(2);
  });

  it.each([
    ['a later file of several', `--split-bytes 1k -o 'z{index}' --stats z2`],
    ['a file by another name', '-o linked/x --stats real/x'],
  ])('may not be %s, even with --force', async (_, args) => {
    const { stderr, code } = await shell(`cd '${folder}'; mkdir real; ln -s real linked
      usbxfer read -d 1234:5678 --bytes 4k --force -q ${args}`);
    expect(stderr).toMatch(
      /cannot write (z2|linked\/x): is in use for something else; choose another name/,
    );
    expect(code).toBe(7);
  });

  it('truncates no file before there is a record to write', async () => {
    writeFileSync(stats, 'precious');
    const { code } = await usbxfer(['read', '--vid', 'dead', '--force', '--stats', stats]);
    expect([code, readFileSync(stats, 'utf8')]).toEqual([3, 'precious']);
  });

  it('overwrites only with --force, and appends with --append', async () => {
    writeFileSync(stats, 'precious\n');
    const refused = await read('--bytes', '1k', '--stats', stats);
    expect(refused.stderr).toMatch(/already exists; choose another name/);
    expect([refused.code, readFileSync(stats, 'utf8')]).toEqual([7, 'precious\n']);
    await read('-o', data, '--bytes', '1k', '--stats', stats, '--append');
    expect(readFileSync(stats, 'utf8')).toMatch(/^precious\n\{.*\}\n$/);
    await read('-o', data, '--bytes', '1k', '--stats', stats, '--force');
    recordsOf(readFileSync(stats, 'utf8'));
  });

  it('of write overwrites only with --force, and appends with --append', async () => {
    writeFileSync(stats, 'precious\n');
    const write = (args: string) => shell(`printf abc | usbxfer write -d 1234:5678 -q ${args}`);
    const refused = await write(`--stats '${stats}'`);
    expect(refused.stderr).toMatch(/append to it with --append, or overwrite it with --force/);
    expect([refused.code, readFileSync(stats, 'utf8')]).toEqual([7, 'precious\n']);
    await write(`--stats '${stats}' --append`);
    expect(readFileSync(stats, 'utf8')).toMatch(/^precious\n\{.*\}\n$/);
    await write(`--json='${stats}' --force`);
    expect(JSON.parse(readFileSync(stats, 'utf8'))).toMatchObject({ bytes_accepted: 3 });
  });

  it('leaves no file if the capture does not start', async () => {
    const { code } = await usbxfer(['read', '--vid', 'dead', '--stats', stats]);
    expect([code, existsSync(stats)]).toEqual([3, false]);
  });

  it('that fails loses no data, and is reported at the end', async () => {
    const { stdout, stderr, code } = await read('--bytes', '1M', '--stats', '/dev/full');
    expect(stdout).toHaveLength(MIB);
    expect(stderr).toBe('usbxfer: some --stats records were lost: no space left on device\n');
    expect(code).toBe(7);
  });

  it('may be closed by its reader', async () => {
    const { stdout, code } = await shell(`
      usbxfer read -d 1234:5678 -q -o '${data}' --bytes 8M --scenario rate=20M --interval 20ms \\
        --stats - | head -n 1; exit \${PIPESTATUS[0]}`);
    expect(JSON.parse(stdout.toString())).toMatchObject({ final: false });
    expect([statSync(data).size, code]).toEqual([8 * MIB, 0]);
  });
});

// These tests wait most of the time.
describe('--stats without a reader', { concurrent: true }, () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function mkfifo(name: string): string {
    const fifo = join(folder, name);
    execFileSync('mkfifo', [fifo]);
    return fifo;
  }

  it('does not delay data', async () => {
    const fifo = mkfifo('delayed');
    const reader = openSync(fifo, constants.O_RDWR);
    const args = ['--bytes', '40M', '--scenario', 'rate=20M', '--interval', '10ms'];
    const { stdout, stderr, code } = await read(...args, '--stats', fifo);
    closeSync(reader);
    expect(stdout).toHaveLength(40 * MIB);
    expect([stderr, code]).toEqual([
      'usbxfer: some --stats records were lost: the reader is not reading\n',
      7,
    ]);
  });

  it('does not prevent status lines', async () => {
    const fifo = mkfifo('asked');
    const reader = openSync(fifo, constants.O_RDWR);
    const bytes = 8 * MIB;
    const running = start([
      ...['read', '-d', '1234:5678', '--scenario', 'rate=4M', '--bytes', `${bytes}`],
      ...['--interval', '10ms', '--progress', 'never', '--json', '--stats', fifo],
    ]);
    await received(running, bytes);
    const asking = setInterval(() => running.child.kill('SIGUSR1'), 50);
    const { stderr, code } = await running.outcome;
    clearInterval(asking);
    closeSync(reader);
    expect(code).toBe(7);
    expect(stderr).toMatch(/"error_code": "stats-failed"/);
  });
});

describe('the JSON of', () => {
  it.each([
    [['--bytes', '1M']],
    [['--bytes', '3M', '--keep-going', '--scenario', 'stall@1M,error@2M']],
    [['--scenario', 'unplug@1M']],
    [['--bytes', '1M', '-o', '/dev/null', '--json=/dev/stderr']],
  ])('read %j matches its schema', async (args) => {
    const { stderr } = await usbxfer(['read', '-d', '1234:5678', '--json', ...args]);
    expect(violations('read')(JSON.parse(stderr))).toBeUndefined();
  });

  it.each([
    [['list', '--vid', 'dead']],
    [['read', '--no-such-option']],
    [['read', '--vid', 'dead', '--debug']],
    [['read', '-d', '1234:5678', '--ep', '0x85']],
  ])('the failure of %j matches its schema', async (args) => {
    const { stderr } = await usbxfer([...args, '--json']);
    expect(violations('error')(JSON.parse(stderr))).toBeUndefined();
  });
});
