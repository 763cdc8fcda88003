import { expect, it } from 'vitest';
import { noticeSlowLink } from '../../../../src/cli/session/link-speed.js';
import type { Backend, Device } from '../../../../src/usb/backend.js';
import { deviceInfo } from '../../../support/device-info.js';
import { bos } from '../../../support/sysfs-tree.js';

/** The speeds in the notice about a device; undefined if there is none. */
async function noticeFor(
  info: { speed: number | undefined; usbVersion: number },
  shown: Uint8Array | undefined,
  sent?: Uint8Array,
): Promise<[number, number] | undefined> {
  const control: Device['control'] = async (_, data) => {
    if (sent === undefined) {
      throw new Error('nothing may be sent');
    }
    return Buffer.from(sent).copy(data);
  };
  const device: Pick<Device, 'info' | 'control'> = { info: deviceInfo(info), control };
  const backend: Pick<Backend, 'descriptors'> = {
    descriptors: async () => ({ descriptors: new Uint8Array(), bos: shown }),
  };
  let notice: [number, number] | undefined;
  await noticeSlowLink(backend, device as Device, {
    slowLink: (...speeds) => {
      notice = speeds;
    },
  });
  return notice;
}

const IN_USB_2_PORT = { speed: 480, usbVersion: 0x0210 };

it('a SuperSpeed device in a USB 2 port is noticed, by the descriptor that the system shows', async () => {
  expect(await noticeFor(IN_USB_2_PORT, bos())).toEqual([480, 5000]);
});

it('or that the device sends', async () => {
  expect(await noticeFor(IN_USB_2_PORT, undefined, bos(true))).toEqual([480, 10000]);
});

it.each([
  ['a USB 2 device', { speed: 480, usbVersion: 0x0200 }, undefined, undefined],
  ['a full-speed device', { speed: 12, usbVersion: 0x0110 }, undefined, undefined],
  ['a SuperSpeed link', { speed: 5000, usbVersion: 0x0320 }, bos(true), undefined],
  ['an unknown link', { speed: undefined, usbVersion: 0x0210 }, bos(), undefined],
  ['no SuperSpeed', IN_USB_2_PORT, undefined, Buffer.from('050f0c000107100206000000', 'hex')],
  ['no answer', IN_USB_2_PORT, undefined, undefined],
])('%s is not', async (_, info, shown, sent) => {
  expect(await noticeFor(info, shown, sent)).toBeUndefined();
});
