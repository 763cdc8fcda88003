import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CliError } from '../../../../src/cli/errors/cli-error.js';
import { OutputTemplate } from '../../../../src/cli/session/output-name.js';
import { deviceInfo } from '../../../support/device-info.js';

const time = new Date('2026-11-21T10:24:15.678Z');

function expand(template: string, device = {}, index = 7): string {
  return new OutputTemplate(template).expand({ index, time, device: deviceInfo(device) });
}

/** What a template is refused with. */
function refusal(template: string): CliError {
  try {
    new OutputTemplate(template);
  } catch (error) {
    if (error instanceof CliError) {
      return error;
    }
    throw error;
  }
  throw new Error('was not refused');
}

describe('a template', () => {
  it.each([
    ['dump.bin', 'dump.bin'],
    ['a/{vid}-{pid}/b.{path}', 'a/1234-5678/b.1-1'],
    ['{serial}_{time}', '0001_20261121T102415Z'],
    ['{index}', '7'],
    ['{index:01}{index:03}', '7007'],
    ['{index:018}', '000000000000000007'],
    ['{{{index}}}', '{7}'],
    ['{{index}}', '{index}'],
    ['}}{{', '}{'],
    ['', ''],
  ])('%s makes %s', (template, name) => {
    expect(expand(template)).toBe(name);
  });

  it('lets a number have more digits than its width', () => {
    expect(expand('{index:03}', {}, 12345)).toBe('12345');
  });

  it('writes ids as lsusb does', () => {
    expect(expand('{vid}:{pid}', { vid: 0xa, pid: 0xbeef })).toBe('000a:beef');
  });

  it.each([
    ['{index}', true],
    ['{index:04}', true],
    ['{time}', false],
    ['{{index}}', false],
  ])('%s is numbered: %s', (template, numbered) => {
    expect(new OutputTemplate(template).isNumbered).toBe(numbered);
  });

  it.each([
    [
      '{foo}',
      'unknown field {foo}; use {index}, {index:04}, {time}, {vid}, {pid}, {serial} or {path}',
    ],
    ['{}', 'unknown field {}'],
    ['{Index}', 'unknown field {Index}'],
    ['{constructor}', 'unknown field {constructor}'],
    ['{time:04}', 'unknown field {time:04}'],
    ['{in\x1bdex}', 'unknown field {in\\x1bdex}'],
    ['a{', 'unmatched {; for a literal brace, write {{'],
    ['a}', 'unmatched }; for a literal brace, write }}'],
    ['{index', 'unmatched {'],
    ['{index}}', 'unmatched }'],
    ['{a{index}}', 'unmatched {'],
    ...['{index:}', '{index:4}', '{index:0}', '{index:00}', '{index:019}', '{index:x}'].map(
      (template) => [template, `invalid width in ${template}; use {index:01} to {index:018}`],
    ),
  ])('%s is refused', (template, message) => {
    const { message: said, code } = refusal(template);
    expect(said).toContain(message);
    expect(code).toBe('invalid-value');
  });

  it('is refused when a name of it can be too long', () => {
    for (const piece of [
      'x'.repeat(52),
      '\u{1f600}'.repeat(13),
      '{serial}',
      '{index:018}'.repeat(3),
    ]) {
      const template = piece.repeat(5);
      expect(refusal(template).message).toContain('the name can exceed 255 bytes');
    }
  });

  it('may be long where its names are not', () => {
    const folders = `${'x'.repeat(255)}/`.repeat(3);
    expect(expand(`${folders}{serial}`)).toBe(`${folders}0001`);
  });
});

describe('what a device says of itself', () => {
  it.each([
    [undefined, 'unknown'],
    ['', 'unknown'],
    ['..', '__'],
    ['../../etc/passwd', '_.__._etc_passwd'],
    ['.hidden', '_hidden'],
    ['-rf', '_rf'],
    ['a..b', 'a_.b'],
    ['v1.2_3-4', 'v1.2_3-4'],
    ['end.', 'end_'],
    ['a b\t\x1b[31m\u202e$(x)`y`\\z', 'a_b___31m___x__y__z'],
    ['\u{1f600}é', '__'],
  ])('becomes of %j %s', (serial, name) => {
    expect(expand('{serial}', { serial })).toBe(name);
  });

  it('is bounded', () => {
    expect(expand('{serial}', { serial: '9'.repeat(300) })).toBe('9'.repeat(64));
  });

  it('is one name in the folder of the template, of plain characters', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({
        unit: fc.constantFrom('.', '/', '\\', '-', '\0', '\n', 'a', '\u202e', '\ud800'),
      }),
    );
    fc.assert(
      fc.property(hostile, hostile, fc.constantFrom('', '.', '..', '-'), (serial, path, before) => {
        const name = expand(`/a/b/${before}{serial}{path}.bin`, { serial, path });
        const full = join(name);
        expect(full).toBe(name); // nothing to normalise: no `.`, no `..`, no `//`
        expect(dirname(full)).toBe('/a/b');
        expect(name.slice('/a/b/'.length + before.length)).toMatch(
          /^[0-9A-Za-z_][0-9A-Za-z._-]*\.bin$/,
        );
        expect(Buffer.byteLength(name.slice('/a/b/'.length))).toBeLessThanOrEqual(255);
      }),
    );
  });

  it('never makes a name that is too long of a template that is taken', () => {
    const piece = fc.constantFrom(
      ...['{index}', '{index:018}', '{time}', '{vid}', '{pid}', '{serial}', '{path}'],
      ...['/', 'x'.repeat(50), 'é', '{{', '}}'],
    );
    const pieces = fc.array(piece, { maxLength: 12 });
    fc.assert(
      fc.property(
        pieces,
        fc.string(),
        fc.maxSafeNat(),
        fc.date({ noInvalidDate: true }),
        (all, serial, index, date) => {
          let template: OutputTemplate;
          try {
            template = new OutputTemplate(all.join(''));
          } catch {
            return;
          }
          const device = deviceInfo({ serial: serial.repeat(20), path: `1-${'1.'.repeat(100)}1` });
          const name = template.expand({ index, time: date, device });
          expect(name.split('/')).toHaveLength(all.filter((each) => each === '/').length + 1);
          for (const component of name.split('/')) {
            expect(Buffer.byteLength(component)).toBeLessThanOrEqual(255);
          }
        },
      ),
    );
  });
});
