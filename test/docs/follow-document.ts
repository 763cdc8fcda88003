import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { BINARY } from '../process/usbxfer.js';
import { commandsIn, type DocumentedCommand, outputsOf, toolsOf } from './documented-commands.js';

/** The part of a command that installs usbxfer; it is skipped. */
const INSTALLING = /^npm ci && /;

/** Programs that would run these tests or change the machine. */
const NEVER = ['npm', 'sudo', 'docker'];

/** In CI every tool is installed, and no test may be skipped. */
const required = process.env['USBXFER_TOOLS'] === 'required';

/** A capture that runs until Ctrl-C. */
const ENDLESS =
  /usbxfer read (?!.*(--bytes|--count|--duration|--until-short|--idle-timeout|--capture|\| head|# exit code))/;

const { USBXFER_BACKEND: _, NO_COLOR: _noColor, FORCE_COLOR: _color, ...environment } = process.env;

/**
 * `usbxfer` is the real binary, on the bus that the document selects. Reads get a rate limit unless the
 * document sets one, because two seconds at the speed of memory would fill a disk. A file has its
 * process ID.
 */
const USBXFER = `#!/bin/sh
echo $$ > "$PID_FILE"
if [ "$1" = read ]; then
  case "$*" in *--scenario*|*--capture*) ;; *) set -- "$@" --scenario rate=64M ;; esac
fi
exec '${process.execPath}' '${BINARY}' "$@"
`;

/** `npx` runs the installed programs and downloads nothing. */
const NPX = '#!/bin/sh\n[ "$1" != --silent ] || shift\nexec "$@"\n';

/** `ssh` runs the command in a shell on this machine. */
const SSH = '#!/bin/sh\nshift\nexec sh -c "$*"\n';

const PROGRAMS = { usbxfer: USBXFER, npx: NPX, ssh: SSH };

/**
 * Tests the commands of a document, one after another in one directory, as a reader would run them. Each
 * document has a test file of its own, so that they run at the same time.
 */
export function followDocument(file: string): void {
  const root = mkdtempSync(join(tmpdir(), 'usbxfer-readme-'));
  const [bin, home, pidFile] = [join(root, 'bin'), join(root, 'home'), join(root, 'pid')];
  /** Exports of the previous commands, as in a reader's shell. */
  const exported: string[] = [];

  beforeAll(() => {
    mkdirSync(bin);
    mkdirSync(home);
    for (const [name, script] of Object.entries(PROGRAMS)) {
      writeFileSync(join(bin, name), script);
      chmodSync(join(bin, name), 0o755);
    }
  });
  afterAll(() => rmSync(root, { recursive: true }));

  for (const command of commandsIn(readFileSync(file, 'utf8'))) {
    const tools = toolsOf(command.text.replace(INSTALLING, ''));
    if (!tools.some((tool) => NEVER.includes(tool))) {
      const title = command.text.split('\n')[0] ?? '';
      it.skipIf(!required && !tools.every(isThere))(title, () => follows(command));
    }
  }

  async function follows({ text, exitCode }: DocumentedCommand): Promise<void> {
    const before = new Set(readdirSync(home));
    const script = [...exported, text.replace(INSTALLING, '')].join('\n');
    const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: home,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...environment,
        HOME: home,
        PATH: `${bin}:${environment['PATH']}`,
        PID_FILE: pidFile,
      },
    });
    onTestFinished(() => killGroup(child.pid));
    let stderr = '';
    child.stdout.resume();
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const closed = new Promise((resolve) => child.on('close', resolve));
    if (ENDLESS.test(text)) {
      await hasData(() => readdirSync(home).filter((name) => !before.has(name)));
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGINT');
    }
    expect([await closed, stderr]).toEqual([exitCode, stderr]);
    exported.push(...text.split('\n').filter((line) => line.startsWith('export ')));
    for (const name of outputsOf(text)) {
      expect(existsSync(join(home, name)), `${name} is there`).toBe(true);
    }
  }

  /** Resolves when one of the new files has data. */
  async function hasData(newFiles: () => string[]): Promise<void> {
    while (!newFiles().some((name) => readFileSync(join(home, name)).length > 0)) {
      await sleep(50);
    }
  }
}

/** Kills processes that a failed test has left. */
function killGroup(pid: number | undefined): void {
  try {
    process.kill(-(pid ?? Number.NaN), 'SIGKILL');
  } catch {
    // The process group is gone.
  }
}

function isThere(tool: string): boolean {
  return tool in PROGRAMS || spawnSync('bash', ['-c', 'type "$0"', tool]).status === 0;
}
