// The test runner of the mutation tests, a plugin of Stryker. README.md describes it.

import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { createVitest } from 'vitest/node';

/** The tests that a mutant gets, in milliseconds of their usual duration, unless they cost less. */
const BUDGET = Number(process.env.MUTATION_BUDGET ?? 3000);

/** The failure of a test that hangs (runner.ts). It takes long, so that other tests are better. */
const HANGS = 'the test hangs';

/** The duration of a test that is not known yet, in milliseconds. */
const UNKNOWN = 10_000;

/** The durations, for a runner that Stryker starts again. */
const DURATIONS = 'build/durations.json';

/** A process that takes so much processor time in one turn of its event loop is in an endless loop. */
const MAX_TURN = 4000;

/** A process that does not answer for this many milliseconds is blocked. */
const MAX_SILENCE = 120_000;

/** Returns the processor time of a process in milliseconds. */
function cpuTime(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10; // utime, stime
  } catch {
    return 0;
  }
}

/** A process that has some test files loaded, and runs their tests. */
class TestProcess {
  #files;
  #folder = mkdtempSync(join(tmpdir(), 'usbxfer-mutation-'));
  #vitest;
  #run;
  #socket;
  #onReply = () => {};
  #onEnd = () => {};
  #pid = 0;
  #lastBeat = 0;
  #cpuAtBeat = 0;

  constructor(files) {
    this.#files = files;
  }

  /** Starts the process if it does not run. A mutant of code that runs while files load is active from the start. */
  async start(mutant) {
    if (this.#socket !== undefined) {
      return undefined;
    }
    const path = join(this.#folder, 'socket');
    const server = createServer().listen(path);
    this.#vitest ??= await createVitest('test', {
      config: 'test/mutation/vitest.config.ts',
      watch: false,
    });
    this.#vitest.provide('files', this.#files);
    this.#vitest.provide('socket', path);
    // The process inherits these.
    process.env.__STRYKER_ACTIVE_MUTANT__ = mutant ?? '';
    process.env.TMPDIR = this.#folder;
    this.#vitest.state.filesMap.clear();
    const ended = new Promise((_, reject) => {
      this.#run = this.#vitest
        .start()
        .then(() => reject(new Error(`cannot load the tests: ${this.#loadError()}`)), reject);
    });
    ended.catch(() => {});
    try {
      const [socket] = await Promise.race([once(server, 'connection'), ended]);
      this.#socket = socket;
      const ready = new Promise((done) => {
        this.#onReply = done;
      });
      this.#lastBeat = Date.now();
      socket
        .on('error', () => {})
        .on('close', () => {
          this.#socket = undefined;
          this.#onEnd();
        });
      createInterface({ input: socket }).on('line', (line) => this.#onLine(JSON.parse(line)));
      const { pid, tests } = await Promise.race([ready, ended]);
      this.#pid = pid;
      this.#beat();
      return tests;
    } finally {
      server.close();
    }
  }

  #loadError() {
    const files = this.#vitest.state.getFiles();
    const errors = files.flatMap(({ result, tasks }) =>
      [result, ...tasks.map((task) => task.result)].flatMap((each) => each?.errors ?? []),
    );
    return [...errors, ...this.#vitest.state.errorsSet].map(({ stack }) => stack).join('\n');
  }

  #beat() {
    this.#lastBeat = Date.now();
    this.#cpuAtBeat = cpuTime(this.#pid);
  }

  #onLine(message) {
    this.#beat();
    if (Object.keys(message).length > 0) {
      this.#onReply(message);
    }
  }

  /** Runs tests. Returns the reply; undefined if the process loops, blocks or dies. */
  async request(request) {
    const reply = new Promise((done) => {
      this.#onReply = done;
      this.#onEnd = () => done(undefined);
    });
    this.#beat();
    const timer = setInterval(() => {
      if (
        cpuTime(this.#pid) - this.#cpuAtBeat > MAX_TURN ||
        Date.now() - this.#lastBeat > MAX_SILENCE
      ) {
        this.#kill();
      }
    }, 500);
    this.#socket.write(`${JSON.stringify(request)}\n`);
    const result = await reply;
    clearInterval(timer);
    if (result === undefined) {
      await this.stop();
    }
    return result;
  }

  #kill() {
    try {
      process.kill(this.#pid, 'SIGKILL');
    } catch {
      // it has ended
    }
  }

  async stop() {
    if (this.#socket !== undefined) {
      this.#kill(); // it may be in a loop
    }
    this.#socket = undefined;
    await this.#run;
  }

  async dispose() {
    await this.stop();
    await this.#vitest?.close();
    rmSync(this.#folder, { recursive: true });
  }
}

class ResidentTestRunner {
  static inject = ['logger'];

  #log;
  /** The process of each test file. */
  #processes = new Map();
  /** The usual duration of each test in milliseconds. */
  #durations = new Map();
  /** How many mutants each test has killed. */
  #kills = new Map();

  constructor(log) {
    this.#log = log;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  /** Files that replace modules or timers get a process of their own. */
  async init() {
    mkdirSync('build', { recursive: true });
    if (existsSync(DURATIONS)) {
      this.#durations = new Map(JSON.parse(readFileSync(DURATIONS, 'utf8')));
    }
    const shared = [];
    const paths = ['test/unit/engine', 'test/unit/usb'].flatMap((folder) =>
      readdirSync(folder, { recursive: true }).map((name) => resolve(folder, name)),
    );
    for (const path of paths.filter((name) => name.endsWith('.test.ts')).sort()) {
      if (/\bvi\.(mock|useFakeTimers)\(/.test(readFileSync(path, 'utf8'))) {
        this.#processes.set(path, new TestProcess([path]));
      } else {
        shared.push(path);
      }
    }
    const together = new TestProcess(shared);
    for (const path of shared) {
      this.#processes.set(path, together);
    }
  }

  async dryRun() {
    const all = [];
    const coverage = { static: {}, perTest: {} };
    for (const each of new Set(this.#processes.values())) {
      const ids = await each.start();
      const tests = ids.map((id) => ({ id, duration: UNKNOWN }));
      const reply = await each.request({ tests });
      if (reply === undefined) {
        return { status: 'error', errorMessage: 'a process of the tests has died' };
      }
      for (const first of reply.results) {
        // On a busy machine, a timer of a test may fire too late.
        const { id, duration, failure } = first.failure ? await this.#repeat(each, first) : first;
        const [fileName, name] = id.split('#');
        const result = { id: relative('', id), name, fileName, timeSpentMs: duration };
        this.#durations.set(result.id, duration);
        all.push(
          failure === undefined
            ? { ...result, status: 0 }
            : { ...result, status: 1, failureMessage: failure },
        );
      }
      for (const [mutant, hits] of Object.entries(reply.coverage?.static ?? {})) {
        coverage.static[mutant] = (coverage.static[mutant] ?? 0) + hits;
      }
      for (const [id, hits] of Object.entries(reply.coverage?.perTest ?? {})) {
        coverage.perTest[relative('', id)] = hits;
      }
    }
    writeFileSync(DURATIONS, JSON.stringify([...this.#durations]));
    return { status: 'complete', tests: all, mutantCoverage: coverage };
  }

  async #repeat(process, { id, failure }) {
    this.#log.warn(`${id} has failed: ${failure}`);
    const reply = await process.request({ tests: Array(3).fill({ id, duration: UNKNOWN }) });
    const results = reply?.results ?? [];
    return results.find((result) => result.failure === undefined) ?? { id, duration: 0, failure };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }) {
    const isStatic = mutantActivation === 'static';
    const ids = this.#choose(testFilter ?? [...this.#durations.keys()]);
    const request = { mutant: activeMutant.id, hitLimit };
    let nrOfTests = 0;
    for (const process of new Set(ids.map((id) => this.#processOf(id)))) {
      const own = ids.filter((id) => this.#processOf(id) === process);
      const tests = own.map((id) => ({ id: resolve(id), duration: this.#durationOf(id) }));
      const result = await this.#test(process, { ...request, tests }, isStatic);
      nrOfTests += result.nrOfTests;
      if (result.status !== 'survived') {
        return { ...result, nrOfTests };
      }
    }
    return { status: 'survived', nrOfTests };
  }

  #durationOf(id) {
    return this.#durations.get(id) ?? UNKNOWN;
  }

  #processOf(id) {
    return this.#processes.get(resolve(id.split('#')[0]));
  }

  /** Orders tests by their cost, and by their success until now. Leaves out what exceeds the budget. */
  #choose(ids) {
    const cost = (id) => this.#durationOf(id) + 1;
    const rank = (id) => cost(id) / (1 + (this.#kills.get(id) ?? 0));
    let sum = 0;
    return ids
      .toSorted((a, b) => rank(a) - rank(b))
      .filter((id, index) => {
        sum += cost(id);
        return sum <= BUDGET || index === 0;
      });
  }

  async #test(process, request, isStatic) {
    if (isStatic) {
      await process.stop();
    }
    try {
      const retried = new Set();
      let nrOfTests = 0;
      for (let { tests } = request; ; ) {
        await process.start(isStatic ? request.mutant : undefined);
        const reply = await process.request({ ...request, tests });
        if (reply === undefined) {
          return { status: 'timeout', reason: 'the process loops, blocks or dies', nrOfTests };
        }
        const { results, isEndless, isDisturbed, isBusy } = reply;
        const { id, failure } = results.at(-1) ?? {};
        nrOfTests += results.length;
        if (isDisturbed && !isStatic) {
          // Repeat the test once, in a new process; then go on with the next one.
          this.#log.info(`${id} is disturbed: ${failure}`);
          await process.stop();
          tests = tests.slice(retried.has(id) ? results.length : results.length - 1);
          retried.add(id);
          continue;
        }
        if (isEndless) {
          return { status: 'timeout', reason: 'an endless loop', nrOfTests };
        }
        if (failure === undefined) {
          return { status: 'survived', nrOfTests };
        }
        if (isBusy) {
          await process.stop();
        }
        const killer = relative('', id);
        if (failure !== HANGS) {
          this.#kills.set(killer, (this.#kills.get(killer) ?? 0) + 1);
        }
        return { status: 'killed', killedBy: [killer], failureMessage: failure, nrOfTests };
      }
    } catch (error) {
      if (!isStatic) {
        throw error;
      }
      return { status: 'killed', killedBy: [], failureMessage: String(error), nrOfTests: 0 };
    } finally {
      if (isStatic) {
        await process.stop();
      }
    }
  }

  async dispose() {
    for (const each of new Set(this.#processes.values())) {
      await each.dispose();
    }
  }
}

export const strykerPlugins = [
  { kind: 'TestRunner', name: 'resident', injectableClass: ResidentTestRunner },
];
