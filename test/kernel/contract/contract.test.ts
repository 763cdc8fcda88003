import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { contractCases } from '../../contract/contract.js';
import { describeInLab, guest } from '../lab/lab.js';

const CHECKOUT = join(import.meta.dirname, '../../..');

interface Verdict {
  readonly name: string;
  readonly failure: string | null;
}

describeInLab.each(['super', 'high'])('the contract over libusb at %s speed', (speed) => {
  const verdicts = new Map<string, string | null>();
  let trouble = '';

  beforeAll(async () => {
    compile();
    const { stdout, stderr, code } = await guest(
      `node build/contract/test/kernel/contract/run.js ${speed}`,
      { timeoutMs: 300_000 },
    );
    for (const line of stdout.toString().split('\n').filter(Boolean)) {
      const { name, failure }: Verdict = JSON.parse(line);
      verdicts.set(name, failure);
    }
    trouble = code === 0 ? '' : `exit code ${code}: ${stderr}`;
  }, 320_000);

  it.each(contractCases.map(({ name }) => name))('%s', (name) => {
    expect(verdicts.has(name) ? verdicts.get(name) : `did not run; ${trouble}`).toBeNull();
  });

  it('lets the process end by itself', () => {
    expect(trouble).toBe('');
  });
});

/** The guest's node runs JavaScript: the suite and what it needs of src, compiled. */
function compile(): void {
  const compiler = join(CHECKOUT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', join(import.meta.dirname, 'tsconfig.json')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
