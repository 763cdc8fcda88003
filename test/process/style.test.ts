import { afterEach, describe, expect, it } from 'vitest';
import { hasTmux, Terminal } from './terminal.js';
import { usbxfer } from './usbxfer.js';

const BOLD = '\u001b[1m';
const RED = '\u001b[31m';

/** Node 24 warns of its own accord that it ignores NO_COLOR if FORCE_COLOR is set. */
const NODE_WARNING = /^\(node:\d+\) Warning: The 'NO_COLOR' env is ignored[^\n]*\n\(Use [^\n]*\n/;

describe.each([
  { env: { FORCE_COLOR: '1' }, color: 'auto', styled: true },
  { env: { FORCE_COLOR: '0' }, color: 'auto', styled: false },
  { env: { FORCE_COLOR: 'false' }, color: 'auto', styled: false },
  { env: { FORCE_COLOR: '1', NO_COLOR: '1' }, color: 'auto', styled: false },
  { env: { FORCE_COLOR: '1', NO_COLOR: '' }, color: 'auto', styled: true },
  { env: { FORCE_COLOR: '1', TERM: 'dumb' }, color: 'auto', styled: true },
  { env: {}, color: 'auto', styled: false },
  { env: {}, color: 'always', styled: true },
  { env: { NO_COLOR: '1' }, color: 'always', styled: true },
  { env: { FORCE_COLOR: '1' }, color: 'never', styled: false },
])('with $env and --color $color, into a pipe', ({ env, color, styled }) => {
  it(`the header of a list is ${styled ? '' : 'not '}bold`, async () => {
    const { stdout } = await usbxfer(['list', '--color', color], env);
    expect(stdout.toString().startsWith(`${styled ? BOLD : ''}PATH`)).toBe(true);
  });

  it(`the name before a failure is ${styled ? '' : 'not '}red`, async () => {
    const { stderr } = await usbxfer(['list', '--color', color, '--lsit'], env);
    expect(stderr.replace(NODE_WARNING, '').startsWith(`${styled ? RED : ''}usbxfer:`)).toBe(true);
  });
});

describe.runIf(hasTmux)('on a terminal', () => {
  let terminal: Terminal;
  afterEach(() => {
    terminal.close();
  });

  it.each([
    ['bold', {}, true],
    ['plain if TERM is dumb', { TERM: 'dumb' }, false],
    ['plain with NO_COLOR', { NO_COLOR: '1' }, false],
  ])('the header of a list is %s', async (_, env, styled) => {
    terminal = new Terminal(100, 10, env);
    terminal.type('clear; usbxfer list');
    await terminal.shows((lines) => lines.at(-1) === '$' && lines.join().includes('PATH'));
    expect(terminal.colours.includes(`${BOLD}PATH`)).toBe(styled);
  });

  it('each stream is decided separately', async () => {
    terminal = new Terminal(100, 10);
    terminal.type('clear; usbxfer list | cat; usbxfer list --lsit');
    await terminal.shows((lines) => lines.join().includes('unknown option'));
    expect(terminal.colours).not.toContain(BOLD);
    expect(terminal.colours).toContain(`${RED}usbxfer:`);
  });

  it('no progress is drawn if TERM is dumb', async () => {
    terminal = new Terminal(100, 10, { TERM: 'dumb' });
    terminal.type(
      'usbxfer read --pid 5678 --scenario rate=20M --duration 2s -o /dev/null; echo so',
    );
    const lines = await terminal.shows((lines) => lines.includes('so'));
    expect(lines.join('\n')).not.toMatch(/ elapsed /);
    expect(lines.join('\n')).toMatch(/^ended +time limit reached \(--duration\)$/m);
  });
});
