import { execFileSync } from 'node:child_process';
import {
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

  it('has a library that captures, and whose types compile without skipLibCheck', () => {
    const script = `
      import { capture, locateIn, type Sink, VirtualBackend } from 'usbxfer';

      const sink: Sink = {
        start: async () => {},
        write(buffers, done) {
          let written = 0;
          for (const buffer of buffers) {
            process.stdout.write(Buffer.from(buffer));
            written += buffer.length;
          }
          setImmediate(done, undefined, written);
        },
        close: async () => {},
      };
      const backend = new VirtualBackend();
      const [device] = await backend.list();
      if (device !== undefined) {
        const location = locateIn(device, {});
        const { signal } = new AbortController();
        const receive = { transferSize: 65536, depth: 4, bytes: ${MIB} };
        const { end } = await capture({ backend, device, location, sink, receive, signal });
        process.exitCode = end.reason === 'limit' ? 0 : 1;
      }`;
    writeFileSync(join(folder, 'capture.ts'), script);
    for (const types of ['@types/node', 'undici-types']) {
      symlinkSync(resolve('node_modules', types), join(folder, 'node_modules', types));
    }
    run(
      process.execPath,
      resolve('node_modules/typescript/bin/tsc'),
      ...['--strict', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2023'],
      ...['--types', 'node', 'capture.ts'],
    );
    expectCounter(run(process.execPath, 'capture.js'), MIB);
  });
});
