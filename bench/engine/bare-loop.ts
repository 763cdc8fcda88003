import { openEndpoint } from '../../src/engine/device/open.js';
import type { Backend } from '../../src/usb/backend.js';
import type { EndpointLocation } from '../../src/usb/locate.js';
import type { DeviceInfo } from '../../src/usb/model.js';

/**
 * Receives a stream with the least code, which measures the cost of the backend. Every transfer has
 * its own buffer and is resubmitted from its own completion. The bytes are counted, but not written,
 * ordered or limited, and failures are ignored.
 *
 * @returns seconds from the first submission until `bytes` were received
 */
export async function bareLoop(
  backend: Backend,
  device: DeviceInfo,
  location: EndpointLocation,
  { depth, size, bytes }: { depth: number; size: number; bytes: number },
): Promise<number> {
  const { endpoint, close } = await openEndpoint(backend, device, location);
  const seconds = await new Promise<number>((resolve) => {
    const submits: (() => void)[] = [];
    let startedAt = 0;
    let endedAt = 0;
    let received = 0;
    let inFlight = depth;
    for (let i = 0; i < depth; i += 1) {
      const buffer = Buffer.allocUnsafeSlow(size);
      const transfer = endpoint.createTransfer((_status, actualLength) => {
        received += actualLength;
        if (received < bytes) {
          transfer.submit(buffer, size);
          return;
        }
        endedAt ||= performance.now();
        inFlight -= 1;
        if (inFlight === 0) {
          resolve((endedAt - startedAt) / 1000);
        }
      });
      submits.push(() => transfer.submit(buffer, size));
    }
    startedAt = performance.now();
    for (const submit of submits) {
      submit();
    }
  });
  await close();
  return seconds;
}
