import { describe, expect, it } from 'vitest';
import { usbxfer } from './usbxfer.js';

const BOLD = '\u001b[1m';
const RED = '\u001b[31m';

describe.each([
  { env: { FORCE_COLOR: '1' }, styled: true },
  { env: { FORCE_COLOR: '0' }, styled: false },
  { env: { FORCE_COLOR: '1', NO_COLOR: '1' }, styled: false },
  { env: { FORCE_COLOR: '1', NO_COLOR: '' }, styled: true },
  { env: {}, styled: false },
])('with $env, into a pipe', ({ env, styled }) => {
  it(`the header of a list is ${styled ? '' : 'not '}bold`, async () => {
    const { stdout } = await usbxfer(['list'], env);
    expect(stdout.toString().startsWith(`${styled ? BOLD : ''}PATH`)).toBe(true);
  });

  it(`the name before a failure is ${styled ? '' : 'not '}red`, async () => {
    const { stderr } = await usbxfer(['lsit'], env);
    expect(stderr.startsWith(`${styled ? RED : ''}usbxfer:`)).toBe(true);
  });
});
