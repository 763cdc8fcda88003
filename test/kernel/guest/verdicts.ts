import { beforeAll, expect, it } from 'vitest';
import { runInGuest } from './run-in-guest.js';

interface Verdict {
  readonly name: string;
  readonly failure: string | null;
}

/**
 * Makes a test of each case that a program of this directory runs with `runCases`, and one for its end.
 * The program runs once, before the tests.
 */
export function testCases(names: readonly string[], program: string, ...args: string[]): void {
  const verdicts = new Map<string, string | null>();
  let trouble = '';

  beforeAll(async () => {
    const { stdout, stderr, code } = await runInGuest(program, ...args);
    for (const line of stdout.toString().split('\n').filter(Boolean)) {
      const { name, failure }: Verdict = JSON.parse(line);
      verdicts.set(name, failure);
    }
    trouble = code === 0 ? '' : `exit code ${code}: ${stderr}`;
  }, 500_000);

  it.each(names)('%s', (name) => {
    expect(verdicts.has(name) ? verdicts.get(name) : `did not run; ${trouble}`).toBeNull();
  });

  it('lets the process exit by itself', () => {
    expect(trouble).toBe('');
  });
}
