import { beforeAll, expect, it } from 'vitest';
import { contractCases } from '../contract/contract.js';
import { runInGuest } from './guest/run-in-guest.js';
import { describeInLab } from './lab/lab.js';

interface Verdict {
  readonly name: string;
  readonly failure: string | null;
}

describeInLab.each(['super', 'high'])('the contract over libusb at %s speed', (speed) => {
  const verdicts = new Map<string, string | null>();
  let trouble = '';

  beforeAll(async () => {
    const { stdout, stderr, code } = await runInGuest('run-contract', speed);
    for (const line of stdout.toString().split('\n').filter(Boolean)) {
      const { name, failure }: Verdict = JSON.parse(line);
      verdicts.set(name, failure);
    }
    trouble = code === 0 ? '' : `exit code ${code}: ${stderr}`;
  }, 500_000);

  it.each(contractCases.map(({ name }) => name))('%s', (name) => {
    expect(verdicts.has(name) ? verdicts.get(name) : `did not run; ${trouble}`).toBeNull();
  });

  it('lets the process exit by itself', () => {
    expect(trouble).toBe('');
  });
});
