import { afterEach, expect, it } from 'vitest';
import { describeInLab, guest } from './lab/lab.js';

const BENCH = 'node bin/usbxfer.js bench';

afterEach(async () => {
  await guest('gadget down one');
});

describeInLab('usbxfer bench', () => {
  it.each(['high', 'super'])('checks the pattern of a real endpoint at %s speed', async (speed) => {
    const { stdout, stderr } = await guest(`
      gadget up one sourcesink --pattern 1 --speed ${speed} >/dev/null
      ${BENCH} read 1234:5678 --ep 0x81 --bytes 4MiB --runs 1 --verify mod63 --json`);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout.toString())).toMatchObject({
      ...{ first_mistake: null, verify: 'mod63' },
      runs: [{ bytes: 4 * 1024 * 1024 }],
    });
  });

  it('measures a real loopback, and checks that all data comes back', async () => {
    const { stdout, stderr } = await guest(`
      gadget up one loopback >/dev/null
      ${BENCH} loop 1234:5678 --bytes 1MiB --duration 1s --runs 1 --json`);
    expect(stderr).toBe('');
    const { first_mistake: mistake, runs } = JSON.parse(stdout.toString());
    expect(mistake).toBeNull();
    expect(runs[0].bytes).toBeGreaterThan(0);
    expect(runs[0].round_trips).toBeGreaterThan(0);
  });

  it('refuses a real source as a loopback', async () => {
    const { stdout, stderr, code } = await guest(`
      gadget up one sourcesink --speed high >/dev/null
      ${BENCH} loop 1234:5678 --duration 100ms --runs 1`);
    expect([stdout.toString(), code]).toEqual(['', 6]);
    expect(stderr).toMatch(/run 1 of 1: endpoint 0x81 sent \d+ bytes before anything was sent/);
  });
});

describeInLab('usbxfer tune', () => {
  it('recommends options for a real endpoint', async () => {
    const { stdout, stderr } = await guest(`
      gadget up one sourcesink --speed high >/dev/null
      node bin/usbxfer.js tune 1234:5678 --ep 0x81 --duration 2s`);
    expect(stderr).toBe('');
    expect(stdout.toString().trimEnd().split('\n').at(-1)).toMatch(
      /^--transfers \d+ --transfer-size \d+KiB$/,
    );
  });
});
