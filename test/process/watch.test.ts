import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SysfsBus } from '../support/sysfs-bus.js';
import { violations } from './schema.js';
import { BINARY, type Running, received, shell, start, usbxfer } from './usbxfer.js';

interface Event {
  readonly event: 'present' | 'attach' | 'detach';
  readonly device: { readonly path: string; readonly address: number };
}

const violation = violations('watch');

/** What nohup leaves in the environment: these tests may run under it. */
const NO_NOHUP = { _: '' };

const WATCHING_ALL = 'usbxfer: watching all USB devices (2 connected); Ctrl-C ends the command';

describe('usbxfer watch on the virtual bus', () => {
  it.each([
    [['--initial'], WATCHING_ALL],
    [
      ['-d', '1234:5679', '-d', '1234', '--path', '1-1', '--class', 'vendor', '--name', 'a\x1b'],
      'usbxfer: watching USB devices with ID 1234:5679 or 1234, port path 1-1, class vendor, ' +
        'name a\\x1b (0 connected); Ctrl-C ends the command',
    ],
    [
      ['--vid', '1234', '--pid', '5678', '--serial', 'V0001', '--bus', '1', '--address', '2'],
      'usbxfer: watching USB devices with vendor ID 1234, product ID 5678, serial number V0001, ' +
        'bus 1, address 2 (1 connected); Ctrl-C ends the command',
    ],
  ])('with %j says what it watches', async (args, message) => {
    const { stderr } = await usbxfer(['watch', '--timeout', '1ms', ...args]);
    expect(stderr).toBe(`${message}\n`);
  });

  it('prints nothing but JSON with --json', async () => {
    const { stdout, stderr } = await usbxfer(['watch', '--timeout', '1ms', '--json']);
    expect([stdout.toString(), stderr]).toEqual(['', '']);
  });

  it('prints the connected devices with --initial and stops after --count', async () => {
    const { stdout, stderr, code } = await usbxfer(['watch', '--initial', '--count', '2']);
    expect([stderr, code]).toEqual([`${WATCHING_ALL}\n`, 0]);
    const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
    const lines = stdout.toString().split('\n');
    expect(lines[0]).toMatch(
      new RegExp(`^${time}  present  1-1      1234:5678  480M  usbxfer virtual counter   V0001$`),
    );
    expect(lines[1]).toMatch(
      new RegExp(`^${time}  present  1-2      1234:5679  480M  usbxfer virtual loopback  V0002$`),
    );
    expect(lines.slice(2)).toEqual(['']);
  });

  it.each([
    [['--name', 'LOOP'], ['1-2']],
    [
      ['--name', 'loop', '--name', 'counter'],
      ['1-1', '1-2'],
    ],
    [
      ['-d', '1234:5679', '-d', '1234:5678'],
      ['1-1', '1-2'],
    ],
    [['--path', '1-1', '--name', 'loop'], []],
    [['--class', 'vendor', '--pid', '5678'], ['1-1']],
    [['--class', 'hub'], []],
  ])('filters like usbxfer list: %j', async (filters, paths) => {
    const args = ['watch', '--initial', '--timeout', '200ms', '--json', ...filters];
    const { stdout } = await usbxfer(args);
    const lines = stdout.toString().trim().split('\n').filter(Boolean);
    expect(lines.map((line) => JSON.parse(line).device.path)).toEqual(paths);
  });

  it('prints the same device records as usbxfer list', async () => {
    const list = await usbxfer(['list', '--json', '--pid', '5679']);
    const watch = await usbxfer(['watch', '--initial', '--json', '--pid', '5679', '--count', '1']);
    const record = JSON.parse(watch.stdout.toString());
    expect([violation(record), record.event]).toEqual([undefined, 'present']);
    const [listed] = JSON.parse(list.stdout.toString()).devices;
    expect(listed).toMatchObject(record.device); // the list may say more
  });

  it.each([
    [['--timeout', '200ms'], 0, /^.*\n$/, 0],
    [['--timeout', '200ms', '--initial'], 0, /^.*\n$/, 2],
    [['--timeout', '200ms', '--count', '2', '--initial'], 0, /^.*\n$/, 2],
    [
      ['--timeout', '200ms', '--count', '1'],
      8,
      /\nusbxfer: the time limit expired after 0 of 1 event\n$/,
      0,
    ],
    [['--timeout', '200ms', '--count', '3', '--initial'], 8, /after 2 of 3 events\n$/, 2],
    [['--timeout', '200ms', '--count', '2', '--initial', '--pid', '5678'], 8, /1 of 2 /, 1],
  ])('stops at the time limit: %j, %i', async (args, exitCode, message, count) => {
    const { stdout, stderr, code } = await usbxfer(['watch', ...args]);
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(message);
    expect(stdout.toString().split('\n')).toHaveLength(count + 1);
  });

  it('prints a JSON error if it stops before a limit', async () => {
    const args = ['watch', '--json', '--timeout', '100ms', '--count', '1'];
    const { stderr } = await usbxfer(args);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'timeout', exit_code: 8 });
  });
});

describe.runIf(process.platform === 'linux')('usbxfer watch', () => {
  let bus: SysfsBus;
  let running: Running | undefined;
  beforeEach(() => {
    bus = new SysfsBus();
  });
  afterEach(() => {
    running?.child.kill('SIGKILL');
    bus.remove();
  });

  /** Starts usbxfer watch. `take` resolves with the next events. */
  async function watch(...args: string[]) {
    running = start(['watch', '--json', '--initial', ...args], { ...bus.environment, ...NO_NOHUP });
    const { child, outcome } = running;
    if (child.stdout === null) {
      throw new Error('no stdout');
    }
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const take = async (count: number): Promise<Event[]> => {
      const events: Event[] = [];
      while (events.length < count) {
        const { value } = await lines.next();
        const record = JSON.parse(value ?? 'null');
        expect(violation(record)).toBeUndefined();
        events.push(record);
      }
      return events;
    };
    return { child, outcome, take };
  }

  it('reports attach, detach, and a replug between two polls', async () => {
    const { child, outcome, take } = await watch();
    expect((await take(1)).map(summary)).toEqual(['present usb1 2']);
    const first = bus.plug('1-1');
    expect((await take(1)).map(summary)).toEqual([`attach 1-1 ${first}`]);
    bus.unplug('1-1');
    const second = bus.plug('1-1');
    expect((await take(2)).map(summary)).toEqual([`detach 1-1 ${first}`, `attach 1-1 ${second}`]);
    bus.unplug('1-1');
    expect((await take(1)).map(summary)).toEqual([`detach 1-1 ${second}`]);
    child.kill('SIGINT');
    const { stderr, code } = await outcome;
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('reports a device once it is configured', async () => {
    const { take } = await watch();
    await take(1);
    bus.plug('1-1', { configuration: '', serial: 'S1' });
    bus.plug('1-2');
    expect((await take(1)).map(summary)).toEqual(['attach 1-2 4']);
    bus.configure('1-1');
    const [event] = await take(1);
    expect(event).toMatchObject({
      event: 'attach',
      device: { path: '1-1', address: 3, vid: '1234', serial: 'S1', speed_mbps: 480 },
    });
  });

  it('reports a detached device with all its details', async () => {
    const { take } = await watch();
    await take(1);
    bus.plug('1-1', { product: 'first', serial: 'A' });
    await take(1);
    bus.unplug('1-1');
    bus.plug('1-1', { product: 'second', serial: 'B' });
    expect(await take(2)).toMatchObject([
      { event: 'detach', device: { product: 'first', serial: 'A' } },
      { event: 'attach', device: { product: 'second', serial: 'B' } },
    ]);
  });

  it('filters', async () => {
    const { outcome, take } = await watch('--serial', 'wanted', '--path', '1-1', '--count', '2');
    bus.plug('1-3', { serial: 'wanted' });
    bus.plug('1-2');
    bus.plug('1-1', { serial: 'wanted' });
    const [event] = await take(1);
    expect(event?.device.path).toBe('1-1');
    bus.unplug('1-2');
    bus.unplug('1-1');
    expect((await take(1)).map(summary)).toEqual(['detach 1-1 5']);
    expect((await outcome).code).toBe(0);
  });

  it('reports a hundred devices that appear and disappear at once', async () => {
    const paths = Array.from({ length: 100 }, (_, i) => `1-${i + 1}`);
    const { take } = await watch();
    await take(1);
    for (const path of paths) {
      bus.plug(path);
    }
    const present = new Set<string>();
    const follow = ({ event, device }: Event) => {
      const { path } = device;
      expect(present.has(path)).toBe(event === 'detach');
      event === 'detach' ? present.delete(path) : present.add(path);
    };
    while (present.size < paths.length) {
      (await take(1)).forEach(follow);
    }
    for (const path of paths) {
      bus.unplug(path);
    }
    bus.plug('1-1');
    while (!(present.size === 1 && present.has('1-1'))) {
      (await take(1)).forEach(follow);
    }
  });

  it('escapes control characters of a device string', async () => {
    const args = ['watch', '--initial', '--count', '2'];
    bus.plug('1-1', { product: 'a\x1b[2Jb', serial: '\u202e', manufacturer: 'x'.repeat(1000) });
    const { stdout } = await usbxfer(args, bus.environment);
    const text = stdout.toString();
    expect(text).toMatch(/^[ -~\n…]*$/);
    expect(text).toContain(String.raw`\u{202e}`);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(500);
    const json = await usbxfer([...args, '--json'], bus.environment);
    expect(json.stdout.toString()).toMatch(/^[ -~\n]*$/);
    expect(JSON.parse(json.stdout.toString().split('\n')[1] ?? '').device.serial).toBe('\u202e');
  });

  it.each([
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
  ] as const)('%s ends it with exit code 0', async (signal) => {
    const { child, outcome, take } = await watch();
    await take(1);
    child.kill(signal);
    const { stderr, code } = await outcome;
    expect([stderr, code]).toEqual(['', 0]);
  });

  it.each([
    ['SIGINT', 130, '--count', '9', /\nusbxfer: SIGINT after 1 of 9 events\n$/],
    ['SIGTERM', 143, '--timeout', '1h', /\nusbxfer: SIGTERM after 1 event\n$/],
    ['SIGHUP', 129, '--timeout', '1000h', /\nusbxfer: SIGHUP after 1 event\n$/],
  ] as const)('%s before a limit exits %i', async (signal, exitCode, option, value, message) => {
    running = start(['watch', '--initial', option, value], { ...bus.environment, ...NO_NOHUP });
    const { child, outcome } = running;
    await once(child.stdout as NodeJS.EventEmitter, 'data');
    child.kill(signal);
    const { stderr, code } = await outcome;
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(message);
  });

  it('ignores SIGHUP under nohup', async () => {
    running = start(['watch', '--initial'], { ...bus.environment, _: '/usr/bin/nohup' });
    const { child, outcome } = running;
    await received(running, 1);
    child.kill('SIGHUP');
    bus.plug('1-1');
    await once(child.stdout as NodeJS.EventEmitter, 'data');
    child.kill('SIGTERM');
    expect((await outcome).code).toBe(0);
  });

  it.each([
    'SIGINT',
    'SIGHUP',
  ] as const)('exits immediately at a second signal, %s', async (signal) => {
    const { child, outcome } = await stuck();
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 1100)); // not the same request
    child.kill(signal);
    await once(child, 'exit');
    child.stdout?.resume();
    expect((await outcome).signal).toBe(signal);
  });

  /** Starts a watch that reports more than a stopped reader and the pipe accept. */
  async function stuck(): Promise<Running> {
    for (let i = 1; i <= 200; i += 1) {
      bus.plug(`1-${i}`, { product: 'x'.repeat(4000) });
    }
    running = start(['watch', '--initial', '--json'], { ...bus.environment, ...NO_NOHUP });
    await received(running, 1);
    running.child.stdout?.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return running;
  }

  it('waits for a slow reader and then reports the latest state', async () => {
    const { child, outcome } = await stuck();
    bus.unplug('1-1');
    bus.plug('1-1');
    bus.unplug('1-200');
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.includes('"attach"')) {
        child.kill('SIGTERM');
      }
    });
    child.stdout?.resume();
    const { stdout, code } = await outcome;
    const events: Event[] = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.slice(0, 201).every(({ event }) => event === 'present')).toBe(true);
    expect(events.slice(201).map(summary)).toEqual([
      'detach 1-200 202',
      'detach 1-1 3',
      'attach 1-1 203',
    ]);
    expect(code).toBe(0);
  });

  it('fails if the reader never reads', async () => {
    const { child, outcome } = await stuck();
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    child.stdout?.resume();
    expect(JSON.parse((await outcome).stderr)).toMatchObject({
      code: 'output-failed',
      message: 'cannot write to stdout: the reader is not reading',
    });
    expect(code).toBe(7);
  });

  it('ends with exit code 0 at the next event after the reader closes the pipe', async () => {
    const { child, outcome, take } = await watch('--count', '100');
    await take(1);
    child.stdout?.destroy();
    await once(child.stdout as NodeJS.EventEmitter, 'close');
    bus.plug('1-1');
    const { stderr, code } = await outcome;
    expect([stderr, code]).toEqual(['', 0]);
  });

  it('reports a full disk', async () => {
    const { stderr, code } = await shell(
      `${assignments(bus.environment)} '${process.execPath}' '${BINARY}' watch --initial > /dev/full`,
    );
    expect(stderr).toMatch(/\nusbxfer: cannot write to stdout: no space left on device\n$/);
    expect(code).toBe(7);
  });

  it('reports a missing bus', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'usbxfer-'));
    const env = { ...bus.environment, USBXFER_SYSFS: folder };
    const { stderr, code } = await usbxfer(['watch', '--json'], env);
    rmSync(folder, { recursive: true });
    expect(JSON.parse(stderr)).toMatchObject({
      code: 'no-bus',
      exit_code: 3,
      advice: expect.stringContaining('usbipd'),
    });
    expect(code).toBe(3);
  });
});

function summary({ event, device }: Event): string {
  return `${event} ${device.path} ${device.address}`;
}

function assignments(environment: NodeJS.ProcessEnv): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}='${value}'`)
    .join(' ');
}
