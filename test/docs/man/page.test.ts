import { Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { type Page, renderPage } from '../../../man/generator/page.js';

const BYTES = grouped('Limits:', new Option('--bytes <size>', 'so many'));
const DEPTH = grouped('Limits:', new Option('-n, --depth <n>', 'at once').default(16));
const WAIT = grouped('Failures:', new Option('--wait [time]', 'wait').preset('forever'));
const SPEED = grouped('Failures:', new Option('--speed <name>', 's').choices(['low', 'high']));

function grouped(group: string, option: Option): Option {
  option.helpGroupHeading = group;
  return option;
}

function render(source: string, ...options: Option[]): string {
  const page: Page = {
    name: 'usbxfer-go',
    version: '1.2.3',
    summary: 'go on',
    operands: '[where]',
    options,
    blocks: new Map([['twice', (words) => [...words, ...words]]]),
  };
  return renderPage(source, page);
}

describe('a manual page', () => {
  it('has its title, name and synopsis of the definitions, and the date of its source', () => {
    expect(render('.\\" for authors\n@date 2026-01-31\n.SH DESCRIPTION\nGoes.\n')).toBe(
      [
        '.\\" Made by npm run man from man/src/usbxfer-go.roff',
        '.TH USBXFER\\-GO 1 "2026-01-31" "usbxfer 1.2.3" "User Commands"',
        '.SH NAME',
        'usbxfer\\-go \\- go on',
        '.SH SYNOPSIS',
        '\\fBusbxfer go\\fR [where]',
        '.SH DESCRIPTION',
        'Goes.',
        '',
      ].join('\n'),
    );
  });

  it('has flags, defaults and presets of the definitions, at the end of the first paragraph', () => {
    const text = render(
      '@group Limits\n@option --depth\nAt once.\n.IP\nMore.\n@option --bytes\nSo many.\n' +
        '@group Failures\n@option --wait\nWaits.\n.PP\nOf both.\n@option --speed\nHow fast.\n',
      BYTES,
      DEPTH,
      WAIT,
      SPEED,
    );
    expect(text).toContain(
      '.SS Limits\n.TP\n\\fB\\-n\\fR, \\fB\\-\\-depth\\fR \\fIn\\fR\nAt once.\nDefault: \\fB16\\fR.\n.IP\nMore.\n' +
        '.TP\n\\fB\\-\\-bytes\\fR \\fIsize\\fR\nSo many.\n' +
        '.SS Failures\n.TP\n\\fB\\-\\-wait\\fR[=\\fItime\\fR]\nWaits.\nWithout \\fItime\\fR: \\fBforever\\fR.\n.PP\nOf both.\n' +
        '.TP\n\\fB\\-\\-speed\\fR \\fIname\\fR\nHow fast.\nOne of \\fBlow\\fR, \\fBhigh\\fR.\n',
    );
  });

  it('may have one text for several options', () => {
    const source = '@group Limits\n@option --bytes --depth\nBoth.\n';
    expect(render(source, BYTES, DEPTH)).toContain(
      '\\fB\\-\\-bytes\\fR \\fIsize\\fR, \\fB\\-n\\fR, \\fB\\-\\-depth\\fR \\fIn\\fR\nBoth.\n',
    );
  });

  it('has blocks where their names stand', () => {
    expect(render('@twice a b\nc')).toMatch(/\na\nb\na\nb\nc\n$/);
  });

  it.each([
    ['@group Limits\n@option --bytes\nText.\n', /roff: no text for -n, --depth <n>$/],
    ['', /roff: no text for --bytes <size>; -n, --depth <n>$/],
    [
      '@group Limits\n@option --bytes\n@option --depth\nText.\n',
      /roff: no text for --bytes <size>$/,
    ],
    ['@group Limits\n@option --bytes\n.PP\nNot its.\n', /roff: no text for --bytes <size>$/],
    ['@group Limits\n@option --bites\nText.\n', /roff: there is no option --bites/],
    ['@group Limits\n@option --bytes --bytes\nText.\n', /--bytes, or it has a text already$/],
    ['@group Output\n@option --bytes\nText.\n', /--bytes is of the group Limits, not Output$/],
    ['@thrice\n', /^man\/src\/usbxfer-go.roff: there is no @thrice$/],
  ])('is not made of %j', (source, reason) => {
    expect(() => render(source, BYTES, DEPTH)).toThrow(reason);
  });
});
