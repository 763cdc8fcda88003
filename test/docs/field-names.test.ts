import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/*
 * A name that is a keyword of jq cannot be used as `{name}` in jq 1.6, and as `.name` in jq 1.4.
 */

/** The keywords of jq 1.6 (src/lexer.l). */
const KEYWORDS = [
  ...['__loc__', 'and', 'as', 'catch', 'def', 'elif', 'else', 'end', 'foreach', 'if', 'import'],
  ...['include', 'label', 'module', 'or', 'reduce', 'then', 'try'],
];

const names = [
  ...new Set(
    readdirSync('schema').flatMap((file) =>
      propertiesIn(JSON.parse(readFileSync(`schema/${file}`, 'utf8'))),
    ),
  ),
];

/** Returns the names of all properties that a JSON schema defines, at any depth. */
function propertiesIn(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) {
    return [];
  }
  return Object.entries(schema).flatMap(([key, value]) => [
    ...(key === 'properties' ? Object.keys(value) : []),
    ...propertiesIn(value),
  ]);
}

it('no JSON field has the name of a keyword of jq, or needs quotes', () => {
  expect(names).toEqual(expect.arrayContaining(['end_reason', 'gaps', 'device']));
  expect(names.filter((name) => KEYWORDS.includes(name))).toEqual([]);
  expect(names.filter((name) => !/^[A-Za-z_]\w*$/.test(name))).toEqual([]);
});

it.skipIf(!existsSync('/usr/bin/jq'))('jq selects every JSON field by its plain name', () => {
  const filter = `{${names.join(', ')}} | keys | length`;
  const count = execFileSync('jq', ['-n', filter], { encoding: 'utf8' });
  expect(Number(count)).toBe(names.length);
});
