import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabConnection } from './connection.js';
import { Line } from './line.js';

// Relative to the working directory, which is the checkout: compiled for a benchmark, this file is not
// next to boot.sh.
const BOOT = resolve('test/kernel/lab/boot.sh');
const BUILD = resolve('build/kernel-lab');

const bootSeconds = 120;

/** A running guest. */
export interface Machine {
  readonly connection: LabConnection;
  stop(): Promise<void>;
}

/**
 * Boots a guest and resolves when its agent accepts jobs. The working directory must be the checkout.
 *
 * @param number distinguishes guests that run at the same time
 */
export async function startMachine(number = 1): Promise<Machine> {
  const run = await mkdtemp(join(tmpdir(), 'usbxfer-lab-'));
  const socket = join(run, 'agent.sock');
  const consoleLog = join(BUILD, `console-${number}.log`);
  await mkdir(BUILD, { recursive: true });

  const boot = spawn(BOOT, [run, `file:${consoleLog}`], {
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // Ctrl-C exits this process without a call of `stop`.
  const sweep = () => {
    boot.kill('SIGKILL');
    rmSync(run, { recursive: true, force: true });
  };
  process.once('exit', sweep);
  const stop = async () => {
    await end(boot);
    sweep();
    process.off('exit', sweep);
  };

  try {
    await Promise.race([
      agentReady(boot, socket),
      once(boot, 'exit').then(([code, signal]) => {
        throw new Error(`boot.sh ended with ${code ?? signal}`);
      }),
      sleep(bootSeconds * 1000, undefined, { ref: false }).then(() => {
        throw new Error(`the guest's agent did not come in ${bootSeconds} s`);
      }),
    ]);
  } catch (cause) {
    await stop();
    throw new Error(`The kernel lab did not start. Its console:\n${await tail(consoleLog)}`, {
      cause,
    });
  }
  return { connection: { share: join(run, 'share'), socket, consoleLog }, stop };
}

async function agentReady(boot: ChildProcess, socket: string): Promise<void> {
  while (!existsSync(socket)) {
    if (boot.exitCode !== null) return;
    await sleep(50);
  }
  await new Promise<void>((resolve, reject) => {
    const line = Line.open(
      socket,
      async (text) => {
        if (text !== 'ready') return;
        (await line).close();
        resolve();
      },
      () => reject(new Error('the guest has ended')),
    );
    line.catch(reject);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function tail(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '(nothing)');
  return text.split('\n').slice(-30).join('\n');
}
