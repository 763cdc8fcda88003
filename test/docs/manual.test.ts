import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSections } from '../../man/generator/include.js';
import { manualPages } from '../../man/generator/pages.js';
import { SCENARIO_CLAUSES } from '../../src/backends/virtual/scenario-clauses.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { EXIT } from '../../src/cli/errors/codes.js';
import { TOPICS } from '../../src/cli/help/topics.js';
import { createProgram } from '../../src/cli/program.js';
import { udevRuleFile } from '../../src/usb/udev-rule.js';
import { readSchema } from '../process/schema.js';

const manifest: { man: string[]; version: string } = JSON.parse(
  readFileSync('package.json', 'utf8'),
);

const pages = await manualPages();

/** Reads a page without escapes. */
function page(file: string): string {
  return readFileSync(file, 'utf8')
    .replaceAll('\\-', '-')
    .replaceAll(/\\f[BIR]/g, '');
}

const program = await createProgram([]);

it('usbxfer and each command have a page that npm installs', () => {
  const files = ['man/usbxfer.1', ...COMMANDS.map(({ name }) => `man/usbxfer-${name}.1`)].sort();
  expect([...pages.keys()].sort()).toEqual(files);
  expect([...manifest.man].sort()).toEqual(files);
  const present = readdirSync('man').filter((name) => name.endsWith('.1'));
  expect(present.map((name) => `man/${name}`).sort()).toEqual(files);
});

describe('the manual page of usbxfer', () => {
  const main = page('man/usbxfer.1');

  it.each(SCENARIO_CLAUSES)('describes the scenario clause %s', (clause) => {
    expect(main).toContain(`\n.B ${clause}\n`);
  });

  it.each(Object.values(EXIT))('describes exit status %i', (code) => {
    expect(main).toContain(`\n.B ${code}\n`);
  });

  it.each(program.options.map(({ long }) => [long ?? '']))('describes %s', (flag) => {
    expect(main).toMatch(new RegExp(`${flag}\\b`));
  });

  it.each(COMMANDS)('refers to the page of $name', ({ name }) => {
    expect(main).toContain(`usbxfer-${name} (1)`);
  });
});

it.each(TOPICS.map(({ name }) => name))('a manual page includes the help topic %s', (name) => {
  const sources = [...pages.keys()].map((file) =>
    readFileSync(file.replace(/^man\/(.*)\.1$/, 'man/src/$1.roff'), 'utf8'),
  );
  expect(sources.join('')).toContain(`\n@topic ${name}\n`);
});

it('every shared section of the manual is included by at least two others', () => {
  const sources = readdirSync('man/src').map((name) => readFileSync(`man/src/${name}`, 'utf8'));
  const used = sources.join('').match(/^@include .*$/gm) ?? [];
  const shared = parseSections(readFileSync('man/src/shared.roff', 'utf8'));
  const single = [...shared.keys()].filter(
    (name) => used.filter((line) => line === `@include ${name}`).length < 2,
  );
  expect(single).toEqual([]);
});

it.each([
  'man/usbxfer.1',
  'man/usbxfer-udev-rule.1',
])('%s names the rule file that usbxfer suggests', (file) => {
  expect(page(file)).toContain(udevRuleFile({ vid: 0x1234, pid: 0x5678 }));
});

it('no document names another rule file', () => {
  const documents = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)];
  const texts = [...manifest.man, ...documents.filter((name) => name.endsWith('.md'))].map(page);
  const names = texts.join('').match(/\d+-usbxfer/g) ?? [];
  expect([...new Set(names)]).toEqual(['70-usbxfer']);
});

it.each([
  ['usbxfer', 'error'],
  ['usbxfer-list', 'list'],
  ['usbxfer-watch', 'watch'],
  ['usbxfer-doctor', 'doctor'],
  ['usbxfer-read', 'read'],
  ['usbxfer-read', 'stats'],
  ['usbxfer-write', 'write'],
  ['usbxfer-write', 'write-stats'],
])('the manual page %s describes every field of the schema %s', (name, schema) => {
  const fields = fieldsOf(readSchema(schema), schema);
  const words = new Set(page(`man/${name}.1`).match(/\w+/g));
  expect(fields.length).toBeGreaterThan(0);
  expect(fields.filter((field) => !words.has(field))).toEqual([]);
});

/**
 * Returns the names of all properties that a JSON schema defines, at any depth.
 *
 * @param name schema that local references belong to
 */
function fieldsOf(schema: unknown, name: string): string[] {
  if (typeof schema !== 'object' || schema === null) {
    return [];
  }
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === '$ref') {
      const [, other = name, part = ''] =
        /^(?:urn:usbxfer:([a-z-]+):\d)?#\/\$defs\/(.+)/.exec(value) ?? [];
      return fieldsOf(readSchema(other).$defs[part], other);
    }
    return [...(key === 'properties' ? Object.keys(value) : []), ...fieldsOf(value, name)];
  });
}

describe.each(manifest.man)('%s', (file) => {
  it('is of this version', () => {
    expect(readFileSync(file, 'utf8')).toContain(`"usbxfer ${manifest.version}"`);
  });

  it('matches its source and the definitions', () => {
    // To update the pages: npm run man
    expect(readFileSync(file, 'utf8')).toBe(pages.get(file));
  });

  it.skipIf(!existsSync('/usr/bin/man'))('is clean under man --warnings', () => {
    const output = execFileSync(
      'bash',
      ['-c', 'man --warnings -E UTF-8 -l -Tutf8 -Z "$0" 2>&1 >/dev/null', file],
      { env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80' }, encoding: 'utf8' },
    );
    expect(output).toBe('');
  });

  it.skipIf(!existsSync('/usr/bin/mandoc'))('is clean under mandoc', () => {
    const lint = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', file], { encoding: 'utf8' });
    expect([lint.stdout, lint.status]).toEqual(['', 0]);
  });
});
