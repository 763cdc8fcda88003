import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'rolldown';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hasTmux, Terminal } from './terminal.js';
import { listening } from './usbxfer.js';

const COPY = resolve('build/test/copy-input.js');

beforeAll(async () => {
  await build({
    input: 'test/process/copy-input.ts',
    platform: 'node',
    external: ['usb'],
    logLevel: 'silent',
    output: { file: COPY, codeSplitting: false },
  });
});

const onLinux = it.skipIf(process.platform !== 'linux');

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'input-'));
  file = join(folder, 'in.bin');
  writeFileSync(file, '0123456789');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Copied {
  readonly stdout: string;
  /** What was said: one line at the opening, one at the end. */
  readonly said: string[];
  readonly code: number | null;
}

/**
 * Runs a bash script in which `copy OPTIONS [BYTES [SIZE]]` is copy-input, and FILE and FIFO are
 * names; stdin is a socket.
 */
function shell(script: string, input = ''): Promise<Copied> {
  const { child, copied } = start(script);
  child.stdin?.end(input);
  return copied;
}

function start(script: string): { child: ChildProcess; copied: Promise<Copied> } {
  const copy = `copy() { "$NODE" "$COPY" "$@"; }\nmkfifo "$FIFO"\n`;
  const env = { ...process.env, NODE: process.execPath, COPY, FILE: file, FIFO: `${file}.fifo` };
  const child = spawn('bash', ['-c', copy + script], { env, stdio: 'pipe' });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('latin1').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('latin1').on('data', (text) => {
    stderr += text;
  });
  const copied = new Promise<Copied>((done, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      done({ stdout, said: stderr.split('\n').slice(0, -1), code });
    });
  });
  return { child, copied };
}

const STDIN = `'{"input":"-"}'`;
const skipping = (bytes: number) => `'{"input":"-","skip":${bytes}}'`;
const named = (name: string, skip = 0) => `'{"input":"'"${name}"'","skip":${skip}}'`;

describe('stdin', () => {
  it.each([
    ['a pipe', `(echo abc; sleep 0.1; echo def) | copy ${STDIN}`, 'abc\ndef\n'],
    ['an empty pipe', `true | copy ${STDIN}`, ''],
    ['a FIFO', `(echo abc > "$FIFO") & copy ${STDIN} < "$FIFO"`, 'abc\n'],
    [
      'a FIFO whose writer is gone',
      `(echo abc > "$FIFO"; touch "$FILE.x") & (until [ -e "$FILE.x" ]; do sleep 0.01; done; copy ${STDIN}) < "$FIFO"`,
      'abc\n',
    ],
    ['a here-document', `copy ${STDIN} <<< abc`, 'abc\n'],
    ['a socket', `copy ${STDIN}`, 'socket'],
    ['by its other name', `copy '{"input":"/dev/stdin"}'`, 'socket'],
    ['a file', `copy ${STDIN} < "$FILE"`, '0123456789'],
    ['/dev/null', `copy ${STDIN} < /dev/null`, ''],
  ])('may be %s', async (_, script, bytes) => {
    const { stdout, said, code } = await shell(script, 'socket');
    expect([stdout, said.at(-1), code]).toEqual([bytes, 'end', 0]);
  });

  it('may be an endless device', async () => {
    const { stdout, said } = await shell(`copy ${STDIN} 1000000 300000 < /dev/zero | wc -c`);
    expect(stdout.trim()).toBe('1000000');
    expect(said).toEqual(['open: undefined has Infinity', 'enough']);
  });

  onLinux(
    'that is a file is read from its current offset, and the next command continues there',
    async () => {
      const script = `(head -c 2; copy ${STDIN} 3 2; copy ${skipping(2)} 1; cat) < "$FILE"`;
      const { stdout, said } = await shell(script);
      expect(stdout).toBe('01234789');
      expect(said[0]).toBe('open: undefined has 8');
      expect(said[2]).toBe('open: undefined has 3');
    },
  );

  it('that is a pipe leaves the rest to the next command', async () => {
    const { stdout } = await shell(`echo 0123456789 | (copy ${skipping(2)} 3; echo; cat)`);
    expect(stdout).toBe('234\n56789\n');
  });

  onLinux('keeps its flags, which other processes share', async () => {
    const { stdout, said } = await shell(`
      flags() { grep flags /proc/self/fdinfo/3; }
      mkfifo "$FILE.told"
      exec 3< <(exec sleep 60 2>&-) # what runs in the background does not get the stdin of bash
      flags
      "$NODE" "$COPY" ${STDIN} <&3 2> "$FILE.told" &
      exec 4< "$FILE.told"
      read -r line <&4
      flags
      echo "$line" >&2
      kill $! && wait $!`);
    const [before, during] = stdout.split('\n');
    expect(said).toEqual(['open: undefined has undefined']);
    expect(before).toMatch(/^flags:/);
    expect(during).toBe(before);
  });

  it('is refused if it is closed', async () => {
    const { said, code } = await shell(`copy ${STDIN} <&-`);
    expect(said).toEqual([
      'stdin-closed: stdin is closed; redirect it (< firmware.bin) or give -i FILE',
    ]);
    expect(code).toBe(7);
  });

  it.each([
    [`copy ${STDIN} < .`, 'input-failed: cannot read stdin: is a directory; name a file in it'],
    [
      `copy ${skipping(11)} < "$FILE"`,
      'input-failed: cannot read stdin: has 10 bytes, fewer than the 11 to skip; undefined',
    ],
    [
      `echo abc | copy ${skipping(11)}`,
      'input-failed: cannot read stdin: has 4 bytes, fewer than the 11 to skip; undefined',
    ],
  ])('is refused with %s', async (script, line) => {
    expect(await shell(script)).toEqual({ stdout: '', said: [line], code: 7 });
  });

  /** Copies from a connection on which three bytes have arrived; `then` acts on the connection. */
  async function copyConnection(then: (socket: Socket, child: ChildProcess) => void) {
    let socket: Socket | undefined;
    const server = createServer((accepted) => {
      socket = accepted;
      accepted.write('abc');
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { child, copied } = start(`exec "$NODE" "$COPY" ${STDIN} < /dev/tcp/127.0.0.1/${port}`);
    child.stdout?.once('data', () => socket && then(socket, child));
    const { stdout, said } = await copied;
    server.close();
    return [stdout, said.at(-1)];
  }

  it('reports a read error after the data before it', async () => {
    const copied = await copyConnection((socket) => socket.resetAndDestroy());
    expect(copied).toEqual(['abc', 'failed: ECONNRESET']);
  });

  onLinux('reports it after data that arrived at the same time', async () => {
    const copied = await copyConnection(async (socket, child) => {
      await sleep(100); // it waits for more data
      child.kill('SIGSTOP');
      socket.write('def');
      await sleep(50);
      socket.resetAndDestroy();
      await sleep(50);
      child.kill('SIGCONT');
    });
    expect(copied).toEqual(['abcdef', 'failed: ECONNRESET']);
  });
});

describe('a file by name', () => {
  it.each([
    ['a file', `copy ${named('$FILE', 3)}`, '3456789'],
    ['a FIFO', `(sleep 0.1; echo abc > "$FIFO") & copy ${named('$FIFO', 1)}`, 'bc\n'],
    ['a process of the shell', `copy '{"input":"'<(echo abc)'"}'`, 'abc\n'],
  ])('may be %s', async (_, script, bytes) => {
    const { stdout, said } = await shell(script);
    expect([stdout, said.at(-1)]).toEqual([bytes, 'end']);
  });

  it.each([
    ['.', 'is a directory; name a file in it'],
    ['no/such/file', 'no such file or directory; undefined'],
    ['/dev/null', 'has 0 bytes, fewer than the 5 to skip; undefined'],
  ])('is refused if it is %s', async (name, reason) => {
    const { said, code } = await shell(`copy ${named(name, 5)}`);
    expect(said).toEqual([`input-failed: cannot read ${name}: ${reason}`]);
    expect(code).toBe(7);
  });

  it('has a name', async () => {
    const { said, code } = await shell(`copy '{"input":""}'`);
    expect(said).toEqual(['invalid-value: -i needs a file name; - is stdin']);
    expect(code).toBe(2);
  });

  it('is shown without control characters', async () => {
    const { said } = await shell(`copy '{"input":"no\\u001bwhere"}'`);
    expect(said[0]).toMatch(/^input-failed: cannot read no\\x1bwhere: no such file/);
  });
});

describe('an input without data', () => {
  /** Runs a script that becomes copy-input, and sends it SIGTERM when it waits or has reported that it waits. */
  async function stop(script: string, until?: RegExp): Promise<Copied> {
    const { child, copied } = start(script);
    if (until === undefined) {
      await listening({ child });
    } else {
      await new Promise<void>((resolve) => {
        child.stderr?.on('data', (text) => until.test(text) && resolve());
      });
    }
    child.kill('SIGTERM');
    const outcome = await copied;
    child.stdin?.destroy();
    return outcome;
  }

  const EXEC = `exec "$NODE" "$COPY"`;

  it.each([
    ['a pipe', `${EXEC} ${STDIN} < <(exec sleep 60 2>&-)`],
    ['a socket', `${EXEC} ${STDIN}`],
    ['a FIFO', `${EXEC} ${STDIN} <> "$FIFO"`],
    ['a FIFO by name, without a writer', `${EXEC} ${named('$FIFO')}`],
  ])('that is %s ends with a signal', async (_, script) => {
    const { said, code } = await stop(script, /open/);
    expect([said.at(-1), code]).toEqual(['stopped', 0]);
  });

  onLinux.each([
    ['a socket', skipping(5), 'stdin'],
    ['a FIFO by name', named('$FIFO', 5), 'FIFO'],
  ])('that is %s, with --skip, ends with a signal, too', async (_, options, name) => {
    const { said, code } = await stop(`${EXEC} ${options}`);
    const shown = name === 'FIFO' ? `${file}.fifo` : name;
    expect(said).toEqual([`interrupted: SIGTERM while skipping bytes of ${shown}; undefined`]);
    expect(code).toBe(143);
  });
});

describe.skipIf(!hasTmux)('a terminal as input', () => {
  it('provides typed text up to Ctrl-D', async () => {
    const terminal = new Terminal(100, 24);
    try {
      const run = (options: string) => `${process.execPath} ${COPY} ${options} > ${file}; cat`;
      terminal.type(run(STDIN));
      await terminal.shows((lines) => lines.some((line) => line.startsWith('open')));
      terminal.type('first');
      terminal.type('second');
      terminal.press('C-d');
      await terminal.shows((lines) => lines.includes('end'));
      expect(readFileSync(file, 'latin1')).toBe('first\nsecond\n');
      // The next command reads the same terminal and waits.
      terminal.type('to cat');
      await terminal.shows((lines) => lines.filter((line) => line === 'to cat').length === 2);
    } finally {
      terminal.close();
    }
  });
});
