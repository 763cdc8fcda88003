import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sigmfType } from '../../../../src/cli/record/sigmf-type.js';
import { Folder } from '../../../support/folder.js';
import { usbxfer } from '../../../support/run-command.js';

const folder = new Folder();
const READ = ['read', '-d', '1234:5678', '-q'];

function metadata(name: string) {
  return JSON.parse(readFileSync(join(folder.path, name), 'utf8'));
}

describe('read --sigmf', () => {
  it('describes the data beside it', async () => {
    const data = join(folder.path, 'radio.sigmf-data');
    const { code } = await usbxfer([...READ, '-o', data, '--bytes', '1MiB', '--sigmf', 'ci16_le']);
    expect(code).toBe(0);
    const { global, captures, annotations } = metadata('radio.sigmf-meta');
    const sha512 = createHash('sha512').update(readFileSync(data)).digest('hex');
    expect(global).toMatchObject({ 'core:datatype': 'ci16_le', 'core:sha512': sha512 });
    expect(global['core:dataset']).toBeUndefined();
    expect(captures).toHaveLength(1);
    expect(captures[0]).toMatchObject({ 'core:sample_start': 0 });
    expect(Date.now() - Date.parse(captures[0]['core:datetime'])).toBeLessThan(60_000);
    expect(annotations).toEqual([]);
  });

  it('names data with another extension, and has a capture segment after each gap', async () => {
    const data = join(folder.path, 'gaps.bin');
    const how = ['--bytes', '2MiB', '--keep-going', '--scenario', 'stall@1MiB'];
    const { code } = await usbxfer([...READ, '-o', data, '--sigmf', 'cf32_be', ...how]);
    expect(code).toBe(6);
    const { global, captures } = metadata('gaps.sigmf-meta');
    expect(global['core:dataset']).toBe('gaps.bin');
    expect(
      captures.map((segment: Record<string, unknown>) => segment['core:sample_start']),
    ).toEqual([0, (1024 * 1024) / 8]);
  });

  it('dates a capture segment after a gap from when samples arrive again', async () => {
    const data = join(folder.path, 'replugged.bin');
    const how = ['--bytes', '2MiB', '--reconnect', '--scenario', 'unplug@1MiB=300ms'];
    await usbxfer([...READ, '-o', data, '--sigmf', 'ru8', ...how]);
    const { captures } = metadata('replugged.sigmf-meta');
    const [before, after] = captures.map((segment: Record<string, string>) =>
      Date.parse(segment['core:datetime'] ?? ''),
    );
    expect(captures[1]).toMatchObject({ 'core:sample_start': 1024 * 1024 });
    expect(after - before).toBeGreaterThanOrEqual(299);
  });

  it('overwrites metadata only with --force', async () => {
    const data = join(folder.path, 'again.bin');
    writeFileSync(join(folder.path, 'again.sigmf-meta'), 'before');
    const { code, stderr } = await usbxfer([
      ...READ,
      '-o',
      data,
      '--bytes',
      '1K',
      '--sigmf',
      'cu8',
    ]);
    expect([code, stderr]).toEqual([7, expect.stringMatching(/again\.sigmf-meta: already exists/)]);
    expect(existsSync(data)).toBe(false);
    const forced = [...READ, '-o', data, '--bytes', '1K', '--sigmf', 'cu8', '--force'];
    expect((await usbxfer(forced)).code).toBe(0);
    expect(metadata('again.sigmf-meta').global['core:datatype']).toBe('cu8');
  });
});

describe('a datatype', () => {
  it.each([
    ['cu8', 2],
    ['ri8', 1],
    ['ci16_le', 4],
    ['rf32_be', 4],
    ['cf64_le', 16],
    ['ru32_be', 4],
  ])('%s has samples of %i bytes', (name, bytes) => {
    expect(sigmfType(name)).toEqual({ name, bytes });
  });

  it.each(['', 'cu8_le', 'ci16', 'f32_le', 'cf16_le', 'CI16_LE'])('%j is none', (name) => {
    expect(() => sigmfType(name)).toThrow(/such as cu8/);
  });
});
