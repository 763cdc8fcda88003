import { existsSync, readFileSync } from 'node:fs';

/**
 * Returns which of these tests do not exist. A document names a test by its file in `test/` and words of
 * its title: `` `kernel/read.test.ts` by a stall keeps every byte ``.
 */
export function missingTests(named: readonly string[]): string[] {
  return named.filter((name) => {
    const [, file = '', title = ''] = /^`(.*?)` (.*)$/.exec(name) ?? [];
    const path = `test/${file}`;
    return title === '' || !existsSync(path) || !readFileSync(path, 'utf8').includes(title);
  });
}
