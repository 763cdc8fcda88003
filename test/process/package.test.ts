import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MIB = 1024 * 1024;

/** Checks that the nth 32-bit word is n, as the virtual counter sends it. */
function expectCounter(data: Buffer, length: number): void {
  const expected = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4) {
    expected.writeUInt32LE(at / 4, at);
  }
  expect(data.equals(expected)).toBe(true);
}

describe('the packed package, installed in an empty folder', () => {
  let folder = '';

  function run(command: string, ...args: string[]): Buffer {
    const options = { cwd: folder, stdio: 'pipe', maxBuffer: 4 * MIB } as const;
    return execFileSync(command, args, options);
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'usbxfer-package-'));
    const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
    const packed = execFileSync('npm', pack, { encoding: 'utf8', stdio: 'pipe' });
    const [tarball]: { filename: string }[] = Object.values(JSON.parse(packed));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
    run('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball?.filename}`);
  }, 120_000);

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('has a command that reads exactly what was asked for', () => {
    const args = ['read', '--backend', 'virtual', '-d', '1234:5678', '--bytes', '1MiB', '-q'];
    expectCounter(run('npx', 'usbxfer', ...args), MIB);
  });

  it('has the files that a command reads when it runs', () => {
    expect(run('npx', 'usbxfer', '--version').toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run('npx', 'usbxfer', 'completion', 'bash').toString()).toContain('complete ');
  });

  it('has what plot needs to write a page', () => {
    const read = ['read', '--backend', 'virtual', '-d', '1234:5678', '--bytes', '64KiB', '-q'];
    run('npx', 'usbxfer', ...read, '-o', 'read.bin', '--json=read.json');
    const page = run('npx', 'usbxfer', 'plot', 'read.json', '-o', '-').toString();
    expect(page).toContain('Leon Sorokin');
    expect(page).toContain('"name":"read.json"');
  });

  it('has every file that its documents link to', () => {
    const root = join(folder, 'node_modules', 'usbxfer');
    const documents = ['.', 'docs'].flatMap((name) =>
      readdirSync(join(root, name)).flatMap((file) =>
        file.endsWith('.md') ? [join(root, name, file)] : [],
      ),
    );
    expect(documents.length).toBeGreaterThan(3);
    const missing = documents.flatMap((document) =>
      [...readFileSync(document, 'utf8').matchAll(/\]\((?![a-z]+:)([^)#\s]+)/g)]
        .map(([, target = '']) => join(dirname(document), target))
        .filter((target) => !existsSync(target)),
    );
    expect(missing).toEqual([]);
  });

  /** Compiles files of the folder strictly, against the types in the package. */
  function compile(files: readonly string[], ...options: string[]): void {
    run(
      process.execPath,
      resolve('node_modules/typescript/bin/tsc'),
      ...['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes'],
      ...['--module', 'nodenext', '--target', 'es2023', '--types', 'node', ...options],
      ...files,
    );
  }

  describe('with the examples', () => {
    const files = readdirSync('examples').filter((file) => file.endsWith('.ts'));
    const tests = files.filter((file) => file.endsWith('.test.ts'));

    beforeAll(() => {
      for (const file of files) {
        copyFileSync(join('examples', file), join(folder, file));
      }
      for (const name of ['@types/node', 'undici-types', 'vitest']) {
        symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name));
      }
      compile(
        files.filter((file) => !tests.includes(file)),
        ...['--skipLibCheck', 'false'],
      );
      compile(tests, '--skipLibCheck');
    }, 60_000);

    /** Runs an example on the virtual bus. Returns its output. */
    function example(name: string): string {
      const env = { ...process.env, USBXFER_BACKEND: 'virtual' };
      const script = join(folder, `${name}.js`);
      return execFileSync(process.execPath, [script], {
        cwd: folder,
        stdio: 'pipe',
        env,
      }).toString();
    }

    it.each([
      ['quick-start', /^(\d+ bytes, the first is 0\n)+[\d.]+ bytes per second\n$/],
      ['request-and-answer', /^\*IDN\?\nMEASURE\?\n$/],
      ['reconnect', /^8388608 bytes, 0 gaps\n$/],
      [
        'several-devices',
        /^1-1 "virtual counter": [1-9]\d* bytes\n1-2 "virtual loopback": 0 bytes\n$/,
      ],
      ['watch-devices', /^present 1-1 "virtual counter"\npresent 1-2 "virtual loopback"\n$/],
      ['control', /^3 <Buffer 01 02 03 00>\n$/],
      ['duplex', /^sent 1 MiB, received 1048576 bytes\n$/],
    ])('runs %s', (name, output) => {
      expect(example(name)).toMatch(output);
    });

    it('runs capture-to-file', () => {
      expect(example('capture-to-file')).toMatch(/^16777216 bytes in capture\.bin, 0 gaps\n/);
      expectCounter(readFileSync(join(folder, 'capture.bin')), 16 * MIB);
    });

    it('runs the tests of sensor', () => {
      const vitest = resolve('node_modules/vitest/vitest.mjs');
      const output = run(process.execPath, vitest, 'run', '--root', folder, 'sensor.test.js');
      expect(output.toString()).toContain('3 passed');
    });

    it('has no example that is not run', () => {
      const { length } = files.filter((file) => !tests.includes(file));
      expect(length).toBe(10); // 8 programs, and 2 modules that sensor.test.ts imports
    });
  });
});
