import { ReplayBackend, type ReplayOptions } from '../../../../src/backends/replay/backend.js';
import { readRecording } from '../../../../src/backends/replay/recording.js';
import { endpointDescriptor } from '../../../../src/usb/model.js';
import {
  captureOf,
  descriptorRequests,
  type Recorded,
  readerOf,
} from '../../../support/capture.js';
import { deviceInfo, setting } from '../../../support/device-info.js';

/** A device with bulk endpoints 0x81 and 0x02, at bus 1, address 2. */
export const DEVICE = deviceInfo({
  configurations: [
    {
      value: 1,
      settings: [setting(0, 0, endpointDescriptor(0x81, 2, 512), endpointDescriptor(2, 2, 512))],
    },
  ],
});

/** Plays a capture of the device with its descriptors, and these transfers after them. */
export async function replay(
  transfers: readonly Recorded[],
  options: ReplayOptions = {},
): Promise<ReplayBackend> {
  const bytes = captureOf([...descriptorRequests(DEVICE), ...transfers]);
  return new ReplayBackend(await readRecording(readerOf(bytes)), options);
}

/** Recorded transfers of the IN endpoint. */
export function received(...texts: readonly string[]): Recorded[] {
  return texts.map((text) => ({ endpoint: 0x81, data: Buffer.from(text) }));
}
