import { expect, it } from 'vitest';
import { checkAutosuspend, checkLink } from '../../../../../src/backends/libusb/doctor/link.js';
import { deviceInfo } from '../../../../support/device-info.js';
import { Folder } from '../../../../support/folder.js';

/** A BOS with the SuperSpeed capability alone, up to 5 Gbit/s. */
const SUPERSPEED_BOS = '\x05\x0f\x0f\0\x01\x0a\x10\x03\0\x0e\0\x01\x01\0\0';

/** The folder of the device at 1-1. */
function device(attributes: Record<string, string>): string {
  const folder = new Folder();
  for (const [name, content] of Object.entries(attributes)) {
    folder.file(`1-1/${name}`, content);
  }
  return folder.path;
}

it.each([
  [480, { bcd: 0x0210, bos_descriptors: SUPERSPEED_BOS }, 5000],
  [480, { bcd: 0x0210 }, undefined],
  [480, { bcd: 0x0200 }, undefined],
  [480, { bcd: 0x0300 }, 5000],
  [480, {}, undefined],
  [12, { bcd: 0x0200 }, undefined],
  [12, { bcd: 0x0210, bos_descriptors: SUPERSPEED_BOS }, 5000],
  [5000, { bcd: 0x0320, bos_descriptors: SUPERSPEED_BOS }, undefined],
  [10000, { bcd: 0x0320, bos_descriptors: SUPERSPEED_BOS }, undefined],
  [5000, { bcd: 0x0320 }, undefined],
])('a link of %d Mbit/s with %j supports %s', (speed, attributes, could) => {
  const { bcd: usbVersion = 0x0200, ...files }: { bcd?: number; bos_descriptors?: string } =
    attributes;
  const results = checkLink(deviceInfo({ speed, usbVersion }), { devices: device(files) });
  expect(results).toMatchObject([
    could === undefined
      ? { id: 'link', device: '1-1', status: 'ok', message: `the link runs at ${speed} Mbit/s` }
      : {
          id: 'link',
          status: 'warning',
          message: `the link runs at ${speed} Mbit/s; the device supports ${could} Mbit/s`,
          remedy: { kind: 'use-faster-link' },
        },
  ]);
});

it('a link of unknown speed has no result', () => {
  expect(checkLink(deviceInfo({ speed: undefined }), { devices: '/nowhere' })).toEqual([]);
});

it.each([
  ['auto', '2000', 'warning'],
  ['auto', '0', 'warning'],
  ['auto', '-1000', 'ok'],
  ['on', '2000', 'ok'],
])('autosuspend: %s after %s ms', (control, delay, status) => {
  const root = device({
    'power/control': `${control}\n`,
    'power/autosuspend_delay_ms': `${delay}\n`,
  });
  const [result, ...more] = checkAutosuspend(deviceInfo(), { devices: root });
  expect(more).toEqual([]);
  expect(result).toMatchObject({ id: 'autosuspend', device: '1-1', status });
  if (status === 'warning') {
    expect(result?.message).toContain(`after ${Number(delay) / 1000} s`);
    expect(result?.remedy).toEqual({
      kind: 'keep-awake',
      file: `${root}/1-1/power/control`,
    });
  }
});

it('a kernel without power management has no result', () => {
  expect(checkAutosuspend(deviceInfo(), { devices: '/nowhere' })).toEqual([]);
});
