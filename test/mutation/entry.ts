// Loads the test files of a process. Its own test runs the others, as often as it is asked to (runner.ts).
import { describe, inject, it } from 'vitest';
import { SERVE } from './runner.js';

it(SERVE, () => {}); // first: a file cleans up when its last test has ended

for (const file of inject('files')) {
  describe(file, async () => {
    await import(/* @vite-ignore */ file);
  });
}
