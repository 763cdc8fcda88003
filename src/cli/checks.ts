import type { DeviceInfo, TransferMemory } from '../usb/backend.js';
import type { Finding } from '../usb/diagnosis.js';
import { bulkInEndpoints } from '../usb/locate-endpoint.js';
import { fittingTransfers, leastMemory, mostMemory } from '../usb/transfer-memory.js';
import { DEFAULT_POOL } from './default-pool.js';
import { binarySize, endpointName } from './format.js';

/*
 * The checks of `usbxfer doctor` that are the same on every bus.
 */

/**
 * Whether the system lends what `usbxfer read` asks for when nobody says how much. What others have
 * in flight meanwhile cannot be known.
 *
 * @param memory undefined where no limit is known
 */
export function memoryFinding(memory: TransferMemory | undefined): Finding {
  const about = { id: 'memory', device: undefined } as const;
  if (memory === undefined) {
    return { ...about, status: 'ok', message: 'no limit to the memory of transfers is known' };
  }
  const { transfers, transferSize } = DEFAULT_POOL;
  const message =
    `the kernel lends ${binarySize(memory.bytes)} to the transfers of all programs together ` +
    `(usbfs_memory_mb); usbxfer read takes ${binarySize(transfers * transferSize)} of it`;
  if (transfers * leastMemory(transferSize) <= memory.bytes) {
    return { ...about, status: 'ok', message };
  }
  const fitting = fittingTransfers(memory.bytes, transferSize);
  const less = fitting > 0 ? `; or read with --transfers ${fitting}` : '';
  return {
    ...about,
    status: 'problem',
    message,
    fix: `raise it: ${memory.raise(transfers * mostMemory(transferSize))}${less}`,
  };
}

/** Whether there is anything to read from a device. */
export function endpointFinding(device: DeviceInfo): Finding {
  const about = { id: 'endpoint', device: device.path } as const;
  const endpoints = bulkInEndpoints(device, {}).map(({ endpoint }) =>
    endpointName(endpoint.address),
  );
  if (endpoints.length > 0) {
    const names = [...new Set(endpoints)].join(', ');
    return { ...about, status: 'ok', message: `it has bulk IN endpoints: ${names}` };
  }
  return device.activeConfiguration === undefined
    ? {
        ...about,
        status: 'warning',
        message: 'it is not configured: it has no interfaces yet',
        fix: 'plug it in again',
      }
    : { ...about, status: 'warning', message: 'it has no bulk IN endpoint to read from' };
}
