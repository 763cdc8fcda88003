import { expect, it } from 'vitest';
import type { Device } from '../../../../src/usb/backend.js';
import { requestBos } from '../../../../src/usb/descriptors/bos.js';

const BOS = Buffer.from('050f0f00010a1003000e0001010000', 'hex');

/** A device that answers each request with the beginning of these bytes. */
function sending(bytes: Buffer): [Pick<Device, 'control'>, lengths: number[]] {
  const lengths: number[] = [];
  const control: Device['control'] = async (_, data) => {
    lengths.push(data.length);
    return bytes.copy(data);
  };
  return [{ control }, lengths];
}

it.each([
  ['whole', BOS, BOS, [5, 15]],
  ['as long as it is, whatever length it claims', changed(2, 0xff), changed(2, 0xff), [5, 255]],
  ['in one request that Linux accepts', changed(3, 0xff), changed(3, 0xff), [5, 4096]],
  ['not if it is another descriptor', changed(1, 0x02), undefined, [5]],
  ['not if it is cut short', BOS.subarray(0, 4), undefined, [5]],
  ['its header, if it claims less', changed(2, 0), changed(2, 0).subarray(0, 5), [5, 5]],
])('is requested: %s', async (_, bytes, expected, lengths) => {
  const [device, requested] = sending(bytes);
  expect(await requestBos(device as Device)).toEqual(expected);
  expect(requested).toEqual(lengths);
});

function changed(offset: number, value: number): Buffer {
  const bytes = Buffer.from(BOS);
  bytes[offset] = value;
  return bytes;
}
